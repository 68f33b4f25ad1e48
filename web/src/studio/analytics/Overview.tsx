import { call } from "../../api/client.ts";
import type { OverviewView, TopView } from "../../api/schema.d.ts";
import { Figures } from "../../chart/Figures.tsx";
import { Empty } from "../../part/state.tsx";
import { TableHead } from "../../part/TableHead.tsx";
import { formatNumber, formatSpan } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { studioUrl } from "../link.ts";
import { DaysChart } from "./DaysChart.tsx";
import { InPeriod } from "./InPeriod.tsx";

/** The analytics of all videos of the account, with the most watched ones. */
export function Overview() {
  return (
    <InPeriod of="overview" ask={(since) => call("GET /analytics", { query: { since } })}>
      {(overview) => <Panels overview={overview} />}
    </InPeriod>
  );
}

function Panels({ overview }: { overview: OverviewView }) {
  if (overview.views === 0 && overview.watch_s === 0)
    return <Empty title={text.analytics.empty} hint={text.analytics.emptyAllHint} />;
  return (
    <>
      <Figures
        figures={[
          { name: text.analytics.views, words: formatNumber(overview.views) },
          { name: text.analytics.watch, words: formatSpan(overview.watch_s) },
          { name: text.analytics.average, words: formatSpan(overview.average_view_s) },
        ]}
      />
      <DaysChart days={overview.by_day} />
      <section class="panel" aria-label={text.analytics.top}>
        <h2 class="panel-title">{text.analytics.top}</h2>
        <table class="top-videos">
          <TableHead columns={[text.analytics.video, text.analytics.views, text.analytics.watch]} />
          <tbody>
            {overview.top.map((top) => (
              <TopRow key={top.video.id} top={top} />
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}

function TopRow({ top }: { top: TopView }) {
  return (
    <tr>
      <th scope="row">
        <a class="top-video" href={studioUrl(top.video.id, "analytics")}>
          <span class="top-picture">
            {top.video.poster !== null && (
              <img src={top.video.poster} alt="" loading="lazy" decoding="async" />
            )}
          </span>
          <span class="clamp top-title">{top.video.title || text.video.untitled}</span>
        </a>
      </th>
      <td>{formatNumber(top.views)}</td>
      <td>{formatSpan(top.watch_s)}</td>
    </tr>
  );
}
