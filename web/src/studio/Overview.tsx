/** How all of one's videos are watched, and which the most. */

import { call } from "../api/client";
import type { OverviewView, TopView } from "../api/schema";
import { Figures } from "../chart/Figures";
import { Empty } from "../part/state";
import { formatNumber, formatSpan } from "../text/format";
import { text } from "../text/text";
import { DaysChart } from "./DaysChart";
import { InPeriod } from "./InPeriod";

export function Overview() {
  return (
    <InPeriod of="overview" ask={(since) => call("GET /analytics", { query: { since } })}>
      {(seen) => <Found seen={seen} />}
    </InPeriod>
  );
}

function Found({ seen }: { seen: OverviewView }) {
  if (seen.views === 0 && seen.watch_s === 0) return <Empty title={text.analytics.empty} hint={text.analytics.emptyAllHint} />;
  return (
    <>
      <Figures
        figures={[
          { name: text.analytics.views, words: formatNumber(seen.views) },
          { name: text.analytics.watch, words: formatSpan(seen.watch_s) },
          { name: text.analytics.average, words: formatSpan(seen.average_view_s) },
        ]}
      />
      <DaysChart days={seen.by_day} />
      <section class="panel" aria-label={text.analytics.top}>
        <h2 class="panel-title">{text.analytics.top}</h2>
        <table class="top-videos">
          <thead>
            <tr>
              <th scope="col">{text.analytics.video}</th>
              <th scope="col">{text.analytics.views}</th>
              <th scope="col">{text.analytics.watch}</th>
            </tr>
          </thead>
          <tbody>
            {seen.top.map((one) => (
              <Top key={one.video.id} one={one} />
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function Top({ one }: { one: TopView }) {
  return (
    <tr>
      <th scope="row">
        <a class="top-video" href={`/studio/video/${encodeURIComponent(one.video.id)}?tab=analytics`}>
          <span class="top-picture">{one.video.poster !== null && <img src={one.video.poster} alt="" loading="lazy" decoding="async" />}</span>
          <span class="top-title">{one.video.title || text.video.untitled}</span>
        </a>
      </th>
      <td>{formatNumber(one.views)}</td>
      <td>{formatSpan(one.watch_s)}</td>
    </tr>
  );
}
