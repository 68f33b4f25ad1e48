import type { ListedVideo } from "../api/shape.ts";

/** True if the video changes without an action of its owner. */
export function isUnderway(video: Pick<ListedVideo, "state">): boolean {
  return ["created", "uploading", "processing", "playable"].includes(video.state);
}
