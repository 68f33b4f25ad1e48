/** The same done with many videos. */

import type { ListedVideo } from "../api/shape";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

/** Does something with each video, one after the other, and says what went wrong; the answers of those that went well. */
export async function eachOf<T>(videos: readonly ListedVideo[], act: (video: ListedVideo) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const video of videos) {
    try {
      answers.push(await act(video));
    } catch (error) {
      toast(`${video.title || text.video.untitled}: ${sayProblem(error)}`, "bad");
    }
  }
  return answers;
}
