/** What the API says of a video (GET /api/v1/videos/{id}), and how it is asked. */

import type { PlaybackView, VideoView } from "./schema";

export type VideoState = "created" | "uploading" | "processing" | "playable" | "ready" | "failed" | "deleted";
export type Video = VideoView & { state: VideoState };
export type Playback = PlaybackView;

/** An answer of the API that is not 2xx; status 0 means that no answer came. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

const ROOT = "/api/v1";

/** Reads one video. Raises ApiError. */
export function getVideo(id: string): Promise<Video> {
  return getJson<Video>(`${ROOT}/videos/${encodeURIComponent(id)}`);
}

/** Address of a video's server-sent events. */
export function eventsUrl(id: string): string {
  return `${ROOT}/videos/${encodeURIComponent(id)}/events`;
}

/** Whether nothing will change any more. */
export function isSettled(video: Video): boolean {
  return video.state === "ready" || video.state === "failed" || video.state === "deleted";
}

/** Reads JSON. Raises ApiError. */
export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { accept: "application/json" } }).catch((cause: unknown) => {
    throw new ApiError(0, "network", cause instanceof Error ? cause.message : "no answer");
  });
  if (!response.ok) throw await problem(response);
  return (await response.json()) as T;
}

/** RFC 9457 problem details, or the bare status where the answer is something else. */
export async function problem(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as { code?: string; detail?: unknown; title?: string };
  const message = typeof body.detail === "string" ? body.detail : (body.title ?? response.statusText);
  return new ApiError(response.status, body.code ?? `http.${response.status}`, message);
}
