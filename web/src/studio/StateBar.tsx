/** How far tasks are, as one bar: done, failed, running. Words for it stand beside. */

import type { Mood, Sum } from "./run";

const PARTS: Mood[] = ["done", "failed", "cancelled", "running"];

export function StateBar({ sum }: { sum: Sum }) {
  return (
    <span class="state-bar" aria-hidden="true">
      {PARTS.filter((mood) => sum[mood] > 0).map((mood) => (
        <span key={mood} class={`state-part mood-${mood}`} style={{ flexGrow: String(sum[mood]) }} />
      ))}
      {sum.waiting > 0 && <span style={{ flexGrow: String(sum.waiting) }} />}
    </span>
  );
}
