/** The address by which others find a video. */

import type { ListedVideo } from "../api/shape";
import { toast } from "../shell/toast";
import { text } from "../text/text";

export function linkOf(video: ListedVideo): string {
  return new URL(video.watch, location.origin).href;
}

export function copyLink(video: ListedVideo): void {
  navigator.clipboard.writeText(linkOf(video)).then(
    () => toast(text.video.copied),
    () => toast(text.form.failed, "bad"),
  );
}
