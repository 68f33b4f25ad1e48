/** Where a video was left: on the server for who is signed in, else in the browser. */

import { call } from "../api/client";

const KEY = "yeoul_positions";
const KEPT = 200;
/** Nobody wants to go on in the first or last moments. */
const EDGE_S = 5;
const EVERY_MS = 10_000;

function isSignedIn(): boolean {
  return document.documentElement.dataset["session"] !== undefined;
}

function readAll(): [string, number][] {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "[]") as [string, number][];
  } catch {
    return [];
  }
}

/** What this browser knows; 0 where it knows nothing. */
export function keptPosition(id: string): number {
  return isSignedIn() ? 0 : (readAll().find(([one]) => one === id)?.[1] ?? 0);
}

export async function findPosition(id: string): Promise<number> {
  if (!isSignedIn()) return keptPosition(id);
  const answer = await call("GET /videos/{video_id}/position", { path: { video_id: id } }).catch(() => null);
  return answer?.position_s ?? 0;
}

/** Where to begin, from where it was left. */
export function startFrom(position_s: number, duration_s: number | null): number {
  return position_s < EDGE_S || (duration_s !== null && position_s > duration_s - EDGE_S) ? 0 : position_s;
}

function keep(id: string, position_s: number): void {
  if (isSignedIn()) {
    // A page that is left must not cut it off.
    const body = JSON.stringify({ position_s });
    const headers = { "content-type": "application/json" };
    void fetch(`/api/v1/videos/${encodeURIComponent(id)}/position`, { method: "PUT", body, headers, keepalive: true }).catch(() => undefined);
    return;
  }
  try {
    const others = readAll().filter(([one]) => one !== id);
    localStorage.setItem(KEY, JSON.stringify([[id, position_s], ...others].slice(0, KEPT)));
  } catch {
    // Nothing is kept where the browser keeps nothing.
  }
}

/** Keeps the position while it plays, and when it stops or is left. */
export function keepPosition(id: string, media: HTMLMediaElement): void {
  let lastMs = performance.now();
  const now = (): void => {
    if (media.currentTime === 0 || media.readyState === 0) return;
    lastMs = performance.now();
    keep(id, media.ended ? 0 : Math.round(media.currentTime * 10) / 10);
  };
  media.addEventListener("timeupdate", () => performance.now() - lastMs > EVERY_MS && now());
  for (const type of ["pause", "ended"]) media.addEventListener(type, now);
  window.addEventListener("pagehide", () => !media.paused && now());
}
