/** Watch positions: on the server for signed-in viewers, otherwise in the browser. */

import { call } from "../api/client.ts";

const KEY = "yeoul_positions";
const MAX_STORED = 200;
/** A position in the first or last seconds starts the video from the beginning. */
const EDGE_S = 5;
const SAVE_INTERVAL_MS = 10_000;

function isSignedIn(): boolean {
  return document.documentElement.dataset.session !== undefined;
}

function readStored(): [id: string, position_s: number][] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(stored) ? (stored as [string, number][]) : [];
  } catch {
    return [];
  }
}

/** Returns the position in this browser; 0 if there is none, and for signed-in viewers. */
export function storedPosition(videoId: string): number {
  return isSignedIn() ? 0 : (readStored().find(([id]) => id === videoId)?.[1] ?? 0);
}

export async function fetchPosition(videoId: string): Promise<number> {
  if (!isSignedIn()) return storedPosition(videoId);
  const answer = await call("GET /videos/{video_id}/position", {
    path: { video_id: videoId },
  }).catch(() => null);
  return answer?.position_s ?? 0;
}

/**
 * Returns where playback starts: at the watch position, unless that is close to the start or the
 * end. Pure.
 */
export function startFrom(position_s: number, duration_s: number | null): number {
  return position_s < EDGE_S || (duration_s !== null && position_s > duration_s - EDGE_S)
    ? 0
    : position_s;
}

function savePosition(videoId: string, position_s: number): void {
  if (isSignedIn()) {
    // keepalive: the request continues when the page is closed.
    const body = JSON.stringify({ position_s });
    const headers = { "content-type": "application/json" };
    void fetch(`/api/v1/videos/${encodeURIComponent(videoId)}/position`, {
      method: "PUT",
      body,
      headers,
      keepalive: true,
    }).catch(() => undefined);
    return;
  }
  try {
    const others = readStored().filter(([id]) => id !== videoId);
    localStorage.setItem(
      KEY,
      JSON.stringify([[videoId, position_s], ...others].slice(0, MAX_STORED)),
    );
  } catch {
    // Without storage there is no watch position.
  }
}

/** Saves the position during playback, when it stops, and when the page is closed. */
export function savePositions(videoId: string, media: HTMLMediaElement): void {
  let lastMs = performance.now();
  const save = (): void => {
    if (media.currentTime === 0 || media.readyState === 0) return;
    lastMs = performance.now();
    savePosition(videoId, media.ended ? 0 : Math.round(media.currentTime * 10) / 10);
  };
  media.addEventListener(
    "timeupdate",
    () => performance.now() - lastMs > SAVE_INTERVAL_MS && save(),
  );
  for (const type of ["pause", "ended"]) media.addEventListener(type, save);
  window.addEventListener("pagehide", () => !media.paused && save());
}
