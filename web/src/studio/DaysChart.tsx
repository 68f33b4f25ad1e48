/** Views or watch time, day by day. */

import { useState } from "preact/hooks";

import type { DayView } from "../api/schema";
import { LineChart } from "../chart/LineChart";
import { Segments } from "../part/Segments";
import { formatNumber, formatShortDay, formatSpan, spanUnit } from "../text/format";
import { text } from "../text/text";

export function DaysChart({ days }: { days: readonly DayView[] }) {
  const [what, setWhat] = useState<"views" | "watch">("views");
  const views = what === "views";
  const points = days.map((day) => ({ name: formatShortDay(day.day), value: views ? day.views : day.watch_s }));
  const unit = views ? 1 : spanUnit(Math.max(0, ...points.map((point) => point.value)));
  const title = views ? text.analytics.viewsByDay : text.analytics.watchByDay;
  return (
    <section class="panel" aria-label={text.analytics.byDay}>
      <header class="panel-head">
        <h2 class="panel-title">{title}</h2>
        <Segments
          label={text.analytics.shown}
          choices={[
            ["views", text.analytics.views],
            ["watch", text.analytics.watch],
          ]}
          value={what}
          onChange={setWhat}
        />
      </header>
      <LineChart
        title={title}
        points={points}
        heads={[text.analytics.day, views ? text.analytics.views : text.analytics.watch]}
        say={(value) => (views ? formatNumber(value) : formatSpan(value))}
        sayMark={(value) => (views ? formatNumber(value) : formatSpan(value, unit))}
        unit={unit}
        tableTitle={text.analytics.asTable}
      />
    </section>
  );
}
