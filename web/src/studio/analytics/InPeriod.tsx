import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

import { useResource } from "../../list/use-resource.ts";
import { Segments } from "../../part/Segments.tsx";
import { Trouble } from "../../part/state.tsx";
import { text } from "../../text/text.ts";

const DAYS = [7, 28, 90, 365] as const;
type Days = (typeof DAYS)[number];

interface InPeriodProps<T> {
  /** Names the figures. They are fetched again when it changes. */
  of: string;
  /** since: the first day, such as "2026-11-23". */
  ask: (since: string) => Promise<T>;
  children: (value: T) => ComponentChildren;
}

/**
 * Figures of a period that the user chooses. The last figures stay visible while others are
 * fetched.
 */
export function InPeriod<T>({ of, ask, children }: InPeriodProps<T>) {
  const [days, setDays] = useState<Days>(28);
  const figures = useResource(`${of} ${days}`, () => ask(firstDay(days)));
  const last = useRef<T | null>(null);
  last.current = figures.value ?? last.current;
  if (figures.error !== null) return <Trouble error={figures.error} onRetry={figures.load} />;
  return (
    <div class="analytics" aria-busy={figures.value === null}>
      <div class="analytics-head">
        <p class="analytics-note">{text.analytics.note}</p>
        <Segments
          label={text.analytics.period}
          choices={DAYS.map((count) => [count, text.analytics.days(count)] as const)}
          value={days}
          onChange={setDays}
        />
      </div>
      {last.current !== null && children(last.current)}
    </div>
  );
}

/** Returns the first of `days` days that end today, in UTC as the server counts. */
function firstDay(days: Days): string {
  return new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}
