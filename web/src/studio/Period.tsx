/** The time that figures are of. */

import { Segments } from "../part/Segments";
import { text } from "../text/text";

export const DAYS = [7, 28, 90, 365] as const;
export type Days = (typeof DAYS)[number];

export function Period({ days, onChange }: { days: Days; onChange: (days: Days) => void }) {
  return <Segments label={text.analytics.period} choices={DAYS.map((many) => [many, text.analytics.days(many)] as const)} value={days} onChange={onChange} />;
}

/** The first of so many days of which today is the last. Days are those of UTC, as the server counts. */
export function firstDay(days: Days): string {
  return new Date(Date.now() - (days - 1) * 86_400_000).toISOString().slice(0, 10);
}
