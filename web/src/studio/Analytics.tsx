/** How one video is watched. */

import { call } from "../api/client";
import type { AnalyticsView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Bars } from "../chart/Bars";
import { Figures } from "../chart/Figures";
import { Empty } from "../part/state";
import { formatNumber, formatPercent, formatShare, formatSpan } from "../text/format";
import { text } from "../text/text";
import { DaysChart } from "./DaysChart";
import { InPeriod } from "./InPeriod";
import { Retention } from "./Retention";

export function Analytics({ video }: { video: ListedVideo }) {
  return (
    <InPeriod of={video.id} ask={(since) => call("GET /videos/{video_id}/analytics", { path: { video_id: video.id }, query: { since } })}>
      {(seen) => <Found video={video} seen={seen} />}
    </InPeriod>
  );
}

function Found({ video, seen }: { video: ListedVideo; seen: AnalyticsView }) {
  if (seen.views === 0 && seen.watch_s === 0) return <Empty title={text.analytics.empty} hint={text.analytics.emptyHint} />;
  return (
    <>
      <Figures
        figures={[
          { name: text.analytics.views, words: formatNumber(seen.views) },
          { name: text.analytics.watch, words: formatSpan(seen.watch_s) },
          { name: text.analytics.average, words: formatSpan(seen.average_view_s), ...averageNote(seen, video.duration_s) },
          { name: text.analytics.finished, words: formatNumber(seen.finished) },
        ]}
      />
      <DaysChart days={seen.by_day} />
      {seen.retention.length > 0 && <Retention video={video} buckets={seen.retention} />}
      <div class="panels">
        <section class="panel" aria-label={text.analytics.devices}>
          <h2 class="panel-title">{text.analytics.devices}</h2>
          <Bars title={text.analytics.devices} bars={seen.devices.map((one) => ({ name: deviceName(one.name), value: one.watch_s, words: shareOf(one.watch_s, seen.watch_s) }))} />
        </section>
        <section class="panel" aria-label={text.analytics.qualities}>
          <h2 class="panel-title">{text.analytics.qualities}</h2>
          <Bars title={text.analytics.qualities} bars={seen.qualities.map((one) => ({ name: one.name === "other" ? text.analytics.devicesBy.other : one.name, value: one.watch_s, words: shareOf(one.watch_s, seen.watch_s) }))} />
        </section>
        <section class="panel" aria-label={text.analytics.smoothness}>
          <h2 class="panel-title">{text.analytics.smoothness}</h2>
          <dl class="amounts">
            <Amount name={text.analytics.startup} words={seen.startup_ms === null ? "–" : formatSpan(seen.startup_ms / 1000)} />
            <Amount name={text.analytics.stalls} words={text.analytics.stalled(seen.stalls.count, formatSpan(seen.stalls.s))} />
            <Amount name={text.analytics.stallShare} words={formatShare(seen.stalls.share_of_watch)} />
            <Amount name={text.analytics.switches} words={formatNumber(seen.switches)} />
            <Amount name={text.analytics.errors} words={formatNumber(seen.errors)} />
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

function averageNote(seen: AnalyticsView, lengthS: number | null): { note?: string } {
  return lengthS === null || lengthS <= 0 ? {} : { note: text.analytics.ofLength(formatPercent(seen.average_view_s / lengthS)) };
}

function deviceName(name: string): string {
  const known: Record<string, string> = text.analytics.devicesBy;
  return known[name] ?? name;
}

function shareOf(part: number, whole: number): string {
  return `${formatPercent(whole > 0 ? part / whole : 0)} · ${formatSpan(part)}`;
}
