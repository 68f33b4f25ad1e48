/** The work on a video: stages, tasks, who works on what, and what went wrong. */

import type { TaskView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { text } from "../text/text";

export function Processing({ video, tasks }: { video: ListedVideo; tasks: readonly TaskView[] }) {
  return (
    <p>
      {text.video.chips[video.state as keyof typeof text.video.chips]} {tasks.length}
    </p>
  );
}
