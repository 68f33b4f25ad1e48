import { useEffect, useState } from "preact/hooks";

import type { BucketView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { LineChart } from "../../chart/LineChart.tsx";
import { fetchThumbnails, type Thumbnail, thumbnailAt } from "../../chart/storyboard.ts";
import { formatDuration, formatPercent } from "../../text/format.ts";
import { text } from "../../text/text.ts";

const THUMBNAIL_WIDTH = 144;

/** The share of views that reached each point of the video, with a thumbnail of that point. */
export function Retention({
  video,
  buckets,
}: {
  video: ListedVideo;
  buckets: readonly BucketView[];
}) {
  const [thumbnails, setThumbnails] = useState<Thumbnail[]>([]);
  const storyboard = video.playback?.storyboard ?? null;
  const lengthS = video.duration_s ?? 0;
  const timeOf = (at: number): number => (at / buckets.length) * lengthS;
  useEffect(() => {
    if (storyboard !== null) void fetchThumbnails(storyboard).then(setThumbnails);
  }, [storyboard]);
  const half = buckets.findIndex((bucket) => bucket.share < 0.5);
  return (
    <section class="panel" aria-label={text.analytics.retention}>
      <header class="panel-head">
        <h2 class="panel-title">{text.analytics.retention}</h2>
      </header>
      <p class="panel-note">
        {half < 0
          ? text.analytics.halfStays
          : text.analytics.halfGone(formatDuration(timeOf(half)))}
      </p>
      <LineChart
        title={text.analytics.retention}
        points={buckets.map((bucket, at) => ({
          name: formatDuration(timeOf(at)),
          value: bucket.share,
        }))}
        heads={[text.analytics.place, text.analytics.stillThere]}
        format={formatPercent}
        top={1}
        unit={0.25}
        preview={(at) => <ThumbnailPicture thumbnail={thumbnailAt(thumbnails, timeOf(at))} />}
        tableTitle={text.analytics.asTable}
      />
    </section>
  );
}

function ThumbnailPicture({ thumbnail }: { thumbnail: Thumbnail | undefined }) {
  if (thumbnail === undefined) return null;
  const { url, x, y, width, height } = thumbnail;
  const scale = THUMBNAIL_WIDTH / width;
  return (
    <span class="tile" style={{ width: `${THUMBNAIL_WIDTH}px`, height: `${height * scale}px` }}>
      <img src={url} alt="" style={{ transform: `scale(${scale}) translate(${-x}px, ${-y}px)` }} />
    </span>
  );
}
