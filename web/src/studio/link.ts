import type { ListedVideo } from "../api/shape.ts";
import { copyWithToast } from "../shell/outcome.ts";
import { text } from "../text/text.ts";

/** Returns the public address of a video. */
export function linkOf(video: ListedVideo): string {
  return new URL(video.watch, location.origin).href;
}

export function copyLink(video: ListedVideo): void {
  copyWithToast(linkOf(video), text.video.copied);
}

/** Returns the address of a video's page in the studio. */
export function studioUrl(videoId: string, tab?: string): string {
  return `/studio/video/${encodeURIComponent(videoId)}${tab === undefined ? "" : `?tab=${tab}`}`;
}
