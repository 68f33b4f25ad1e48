import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { forEachVideo } from "./for-each-video.ts";

let trashDays: Promise<number> | null = null;

/** Returns for how many days a deleted video can be restored; 0 if the server has no trash. */
export function fetchTrashDays(): Promise<number> {
  trashDays ??= call("GET /trash", { query: { limit: 1 } }).then((page) => page.days);
  return trashDays;
}

/**
 * Deletes videos and offers to undo it. Returns those that were deleted. onRestore: called with
 * those that were restored.
 */
export async function deleteVideos(
  videos: readonly ListedVideo[],
  onRestore: (videos: ListedVideo[]) => void,
): Promise<ListedVideo[]> {
  const days = await fetchTrashDays().catch(() => 0);
  if (days === 0 && !window.confirm(text.trash.atOnce)) return [];
  const deleted = await forEachVideo(videos, (video) =>
    call("DELETE /videos/{video_id}", { path: { video_id: video.id } }).then(() => video),
  );
  const undo = { label: text.trash.undo, act: () => void restoreVideos(deleted).then(onRestore) };
  if (deleted.length > 0)
    toast(text.trash.deleted(deleted.length, days), "good", days > 0 ? undo : undefined);
  return deleted;
}

/** Restores videos from the trash. Returns those that were restored, as they are now. */
export async function restoreVideos(videos: readonly ListedVideo[]): Promise<ListedVideo[]> {
  const restored = await forEachVideo(videos, (video) =>
    call("POST /videos/{video_id}/restore", { path: { video_id: video.id } }),
  );
  if (restored.length > 0) toast(text.trash.restored(restored.length));
  return restored;
}
