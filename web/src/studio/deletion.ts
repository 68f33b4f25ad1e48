/** Deleting videos: into the trash, from where they can be taken back, or for good where the server keeps none. */

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { toast } from "../shell/toast";
import { text } from "../text/text";
import { eachOf } from "./eachOf";

let asked: Promise<number> | null = null;

/** How many days a deleted video can be restored. */
export function askTrashDays(): Promise<number> {
  asked ??= call("GET /trash", { query: { limit: 1 } }).then((page) => page.days);
  return asked;
}

/** Deletes videos and offers to take it back; those that are gone. onBack gets those that were restored. */
export async function deleteVideos(videos: readonly ListedVideo[], onBack: (videos: ListedVideo[]) => void): Promise<ListedVideo[]> {
  const days = await askTrashDays().catch(() => 0);
  if (days === 0 && !window.confirm(text.trash.atOnce)) return [];
  const gone = await eachOf(videos, (video) => call("DELETE /videos/{video_id}", { path: { video_id: video.id } }).then(() => video));
  const undo = { label: text.trash.undo, act: () => void restoreVideos(gone).then(onBack) };
  if (gone.length > 0) toast(text.trash.deleted(gone.length, days), "good", days > 0 ? undo : undefined);
  return gone;
}

/** Takes videos out of the trash; those that are back, as they are now. */
export async function restoreVideos(videos: readonly ListedVideo[]): Promise<ListedVideo[]> {
  const back = await eachOf(videos, (video) => call("POST /videos/{video_id}/restore", { path: { video_id: video.id } }));
  if (back.length > 0) toast(text.trash.restored(back.length));
  return back;
}
