import type { ListedVideo } from "../../api/shape.ts";
import { formatDuration, formatMoment, formatNumber } from "../../text/format.ts";
import { text } from "../../text/text.ts";

type Fact = [name: string, value: string];

function factsOf(video: ListedVideo): Fact[] {
  const { source } = video;
  const words = text.studio.facts;
  const rungs = video.renditions.filter(({ kind }) => kind === "video").map(({ name }) => name);
  const rate =
    source === null ? "" : text.studio.frameRate(Math.round(source.frame_rate * 100) / 100);
  return [
    [words.length, video.duration_s === null ? "" : formatDuration(video.duration_s)],
    [
      words.picture,
      source === null
        ? ""
        : source.has_video
          ? `${formatNumber(source.width)} × ${formatNumber(source.height)}, ${rate}`
          : text.studio.noPicture,
    ],
    [words.codec, source?.codec ?? ""],
    [words.sound, source === null ? "" : source.has_audio ? text.studio.yes : text.studio.no],
    [words.renditions, rungs.join(", ")],
    [words.dropped, Object.keys(video.dropped).join(", ")],
    [
      words.notices,
      video.notices.map(({ code, count }) => text.studio.notices[code](count ?? 0)).join("; "),
    ],
    [words.pipeline, video.pipeline],
    [words.views, formatNumber(video.views)],
    [words.created, formatMoment(video.created_at)],
    [words.ready, video.ready_at === null ? "" : formatMoment(video.ready_at)],
    [words.id, video.id],
  ];
}

/** Facts about the source of a video and its renditions. */
export function Facts({ video }: { video: ListedVideo }) {
  return (
    <dl class="fact-list">
      {factsOf(video)
        .filter(([, value]) => value !== "")
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
