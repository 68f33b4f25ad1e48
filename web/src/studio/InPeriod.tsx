/** Figures of a time that their reader chooses. What is there stays until what was asked for instead has come. */

import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";

import { useOne } from "../list/useOne";
import { Segments } from "../part/Segments";
import { Trouble } from "../part/state";
import { text } from "../text/text";

const DAYS = [7, 28, 90, 365] as const;
type Days = (typeof DAYS)[number];

interface InPeriodProps<T> {
  /** What figures they are; others are asked for anew. */
  of: string;
  /** since: the first day, as "2026-11-23". */
  ask: (since: string) => Promise<T>;
  children: (seen: T) => ComponentChildren;
}

export function InPeriod<T>({ of, ask, children }: InPeriodProps<T>) {
  const [days, setDays] = useState<Days>(28);
  const found = useOne(`${of} ${days}`, () => ask(firstDay(days)));
  const last = useRef<T | null>(null);
  last.current = found.value ?? last.current;
  if (found.error !== null) return <Trouble error={found.error} onRetry={found.load} />;
  return (
    <div class="analytics" aria-busy={found.value === null}>
      <div class="analytics-head">
        <p class="analytics-note">{text.analytics.note}</p>
        <Segments label={text.analytics.period} choices={DAYS.map((many) => [many, text.analytics.days(many)] as const)} value={days} onChange={setDays} />
      </div>
      {last.current !== null && children(last.current)}
    </div>
  );
}

/** The first of so many days of which today is the last. Days are those of UTC, as the server counts. */
function firstDay(days: Days): string {
  return new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}
