import type { Mood, Sum } from "./stage-run.ts";

const PARTS: Mood[] = ["done", "failed", "cancelled", "running"];

/** The states of tasks as one bar. Hidden from screen readers: the text beside it says the same. */
export function StateBar({ sum }: { sum: Sum }) {
  return (
    <span class="state-bar" aria-hidden="true">
      {PARTS.filter((mood) => sum[mood] > 0).map((mood) => (
        <span
          key={mood}
          class={`state-part mood-${mood}`}
          style={{ flexGrow: String(sum[mood]) }}
        />
      ))}
      {sum.waiting > 0 && <span style={{ flexGrow: String(sum.waiting) }} />}
    </span>
  );
}
