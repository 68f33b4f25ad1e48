import { useState } from "preact/hooks";

import type { DayView } from "../../api/schema.d.ts";
import { LineChart } from "../../chart/LineChart.tsx";
import { Segments } from "../../part/Segments.tsx";
import { formatNumber, formatShortDay, formatSpan, spanUnit } from "../../text/format.ts";
import { text } from "../../text/text.ts";

/** Views or watch time by day. */
export function DaysChart({ days }: { days: readonly DayView[] }) {
  const [figure, setFigure] = useState<"views" | "watch">("views");
  const isViews = figure === "views";
  const points = days.map((day) => ({
    name: formatShortDay(day.day),
    value: isViews ? day.views : day.watch_s,
  }));
  const unit = isViews ? 1 : spanUnit(Math.max(0, ...points.map((point) => point.value)));
  const title = isViews ? text.analytics.viewsByDay : text.analytics.watchByDay;
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
          value={figure}
          onChange={setFigure}
        />
      </header>
      <LineChart
        title={title}
        points={points}
        heads={[text.analytics.day, isViews ? text.analytics.views : text.analytics.watch]}
        format={(value) => (isViews ? formatNumber(value) : formatSpan(value))}
        formatMark={(value) => (isViews ? formatNumber(value) : formatSpan(value, unit))}
        unit={unit}
        tableTitle={text.analytics.asTable}
      />
    </section>
  );
}
