import type { ListedVideo } from "../../api/shape.ts";
import { toast } from "../../shell/toast.ts";
import { describeProblem } from "../../text/problem.ts";
import { text } from "../../text/text.ts";

/**
 * Calls `act` for one video after the other and shows a toast for each failure. Returns the results
 * of the calls that succeeded.
 */
export async function forEachVideo<T>(
  videos: readonly ListedVideo[],
  act: (video: ListedVideo) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  for (const video of videos) {
    try {
      results.push(await act(video));
    } catch (error) {
      toast(`${video.title || text.video.untitled}: ${describeProblem(error)}`, "bad");
    }
  }
  return results;
}
