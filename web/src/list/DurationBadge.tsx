import { formatDuration } from "../text/format.ts";
import { text } from "../text/text.ts";

/** The length of a video over its poster. Nothing while it is unknown. */
export function DurationBadge({ seconds }: { seconds: number | null }) {
  if (seconds === null) return null;
  return (
    <span class="card-duration">
      <span class="hidden-words">{text.video.length("")}</span>
      {formatDuration(seconds)}
    </span>
  );
}
