/** A video as the API returns it. */

import { call } from "./client.ts";
import type { PlaybackView, VideoView } from "./schema.d.ts";

export type VideoState =
  | "created"
  | "uploading"
  | "processing"
  | "playable"
  | "ready"
  | "failed"
  | "deleted";
export type Video = VideoView & { state: VideoState };
export type Playback = PlaybackView;

/** Fetches one video. Raises Problem. */
export async function getVideo(id: string): Promise<Video> {
  return (await call("GET /videos/{video_id}", { path: { video_id: id } })) as Video;
}

/** Returns the address of a video's server-sent events. */
export function eventsUrl(id: string): string {
  return `/api/v1/videos/${encodeURIComponent(id)}/events`;
}

/** True if the video will not change any more without an action of its owner. */
export function isSettled(video: Video): boolean {
  return video.state === "ready" || video.state === "failed" || video.state === "deleted";
}
