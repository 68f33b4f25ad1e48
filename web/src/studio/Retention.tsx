/** How many of the views came how far, with the picture that was to be seen there. */

import { useEffect, useState } from "preact/hooks";

import type { BucketView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { LineChart } from "../chart/LineChart";
import { readTiles, tileAt, type Tile } from "../chart/storyboard";
import { formatDuration, formatPercent } from "../text/format";
import { text } from "../text/text";

const PICTURE_WIDTH = 144;

export function Retention({ video, buckets }: { video: ListedVideo; buckets: readonly BucketView[] }) {
  const [tiles, setTiles] = useState<Tile[]>([]);
  const storyboard = video.playback?.storyboard ?? null;
  const lengthS = video.duration_s ?? 0;
  const timeOf = (at: number): number => (at / buckets.length) * lengthS;
  useEffect(() => {
    if (storyboard !== null) void readTiles(storyboard).then(setTiles);
  }, [storyboard]);
  const half = buckets.findIndex((bucket) => bucket.share < 0.5);
  return (
    <section class="panel" aria-label={text.analytics.retention}>
      <header class="panel-head">
        <h2 class="panel-title">{text.analytics.retention}</h2>
      </header>
      <p class="panel-note">{half < 0 ? text.analytics.halfStays : text.analytics.halfGone(formatDuration(timeOf(half)))}</p>
      <LineChart
        title={text.analytics.retention}
        points={buckets.map((bucket, at) => ({ name: formatDuration(timeOf(at)), value: bucket.share }))}
        heads={[text.analytics.place, text.analytics.stillThere]}
        say={formatPercent}
        top={1}
        unit={0.25}
        preview={(at) => <Picture tile={tileAt(tiles, timeOf(at))} />}
        tableTitle={text.analytics.asTable}
      />
    </section>
  );
}

function Picture({ tile }: { tile: Tile | undefined }) {
  if (tile === undefined) return null;
  const scale = PICTURE_WIDTH / tile.width;
  return (
    <span class="tile" style={{ width: `${PICTURE_WIDTH}px`, height: `${tile.height * scale}px` }}>
      <img src={tile.url} alt="" style={{ transform: `scale(${scale}) translate(${-tile.x}px, ${-tile.y}px)` }} />
    </span>
  );
}
