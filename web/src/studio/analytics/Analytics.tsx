import { call } from "../../api/client.ts";
import type { AnalyticsView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Bars } from "../../chart/Bars.tsx";
import { Figures } from "../../chart/Figures.tsx";
import { Empty } from "../../part/state.tsx";
import { formatNumber, formatPercent, formatShare, formatSpan } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { DaysChart } from "./DaysChart.tsx";
import { InPeriod } from "./InPeriod.tsx";
import { Retention } from "./Retention.tsx";

/** The analytics of one video. */
export function Analytics({ video }: { video: ListedVideo }) {
  return (
    <InPeriod
      of={video.id}
      ask={(since) =>
        call("GET /videos/{video_id}/analytics", { path: { video_id: video.id }, query: { since } })
      }
    >
      {(analytics) => <Panels video={video} analytics={analytics} />}
    </InPeriod>
  );
}

function Panels({ video, analytics }: { video: ListedVideo; analytics: AnalyticsView }) {
  if (analytics.views === 0 && analytics.watch_s === 0)
    return <Empty title={text.analytics.empty} hint={text.analytics.emptyHint} />;
  return (
    <>
      <Figures
        figures={[
          { name: text.analytics.views, words: formatNumber(analytics.views) },
          { name: text.analytics.watch, words: formatSpan(analytics.watch_s) },
          {
            name: text.analytics.average,
            words: formatSpan(analytics.average_view_s),
            ...averageNote(analytics, video.duration_s),
          },
          { name: text.analytics.finished, words: formatNumber(analytics.finished) },
        ]}
      />
      <DaysChart days={analytics.by_day} />
      {analytics.retention.length > 0 && <Retention video={video} buckets={analytics.retention} />}
      <div class="panels">
        <section class="panel" aria-label={text.analytics.devices}>
          <h2 class="panel-title">{text.analytics.devices}</h2>
          <Bars
            title={text.analytics.devices}
            bars={analytics.devices.map(({ name, watch_s }) => ({
              name: deviceName(name),
              value: watch_s,
              words: shareOf(watch_s, analytics.watch_s),
            }))}
          />
        </section>
        <section class="panel" aria-label={text.analytics.qualities}>
          <h2 class="panel-title">{text.analytics.qualities}</h2>
          <Bars
            title={text.analytics.qualities}
            bars={analytics.qualities.map(({ name, watch_s }) => ({
              name: name === "other" ? text.analytics.devicesBy.other : name,
              value: watch_s,
              words: shareOf(watch_s, analytics.watch_s),
            }))}
          />
        </section>
        <section class="panel" aria-label={text.analytics.smoothness}>
          <h2 class="panel-title">{text.analytics.smoothness}</h2>
          <dl class="amounts">
            <Amount
              name={text.analytics.startup}
              words={analytics.startup_ms === null ? "–" : formatSpan(analytics.startup_ms / 1000)}
            />
            <Amount
              name={text.analytics.stalls}
              words={text.analytics.stalled(analytics.stalls.count, formatSpan(analytics.stalls.s))}
            />
            <Amount
              name={text.analytics.stallShare}
              words={formatShare(analytics.stalls.share_of_watch)}
            />
            <Amount name={text.analytics.switches} words={formatNumber(analytics.switches)} />
            <Amount name={text.analytics.errors} words={formatNumber(analytics.errors)} />
          </dl>
        </section>
      </div>
    </>
  );
}

function Amount({ name, words }: { name: string; words: string }) {
  return (
    <div class="amount">
      <dt>{name}</dt>
      <dd>{words}</dd>
    </div>
  );
}

function averageNote(analytics: AnalyticsView, lengthS: number | null): { note?: string } {
  return lengthS === null || lengthS <= 0
    ? {}
    : { note: text.analytics.ofLength(formatPercent(analytics.average_view_s / lengthS)) };
}

function deviceName(name: string): string {
  const known: Record<string, string> = text.analytics.devicesBy;
  return known[name] ?? name;
}

function shareOf(part: number, whole: number): string {
  return `${formatPercent(whole > 0 ? part / whole : 0)} · ${formatSpan(part)}`;
}
