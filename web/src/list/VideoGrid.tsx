import type { ComponentChildren } from "preact";

import type { ListedVideo, Page } from "../api/shape.ts";
import { Trouble } from "../part/state.tsx";
import { text } from "../text/text.ts";
import { More } from "./More.tsx";
import { type Pages, usePages } from "./use-pages.ts";
import { VideoCard, type VideoCardProps } from "./VideoCard.tsx";

interface GridProps {
  /** Names the list. It is loaded again when this changes. */
  of: string;
  ask: (cursor: string | null, signal: AbortSignal) => Promise<Page<ListedVideo>>;
  empty: ComponentChildren;
  card?: Partial<VideoCardProps>;
}

const SKELETONS = 12;
/** About the number of videos in the first viewport. */
const EAGER = 6;

/** A list of videos, loaded page by page. */
export function VideoGrid({ of, ask, empty, card = {} }: GridProps) {
  const pages = usePages(of, ask);
  return <ShownGrid pages={pages} empty={empty} card={card} />;
}

/** A list of videos whose pages the caller loads. empty: shown if there are none. */
export function ShownGrid({
  pages,
  empty,
  card = {},
}: {
  pages: Pages<ListedVideo>;
  empty: ComponentChildren;
  card?: Partial<VideoCardProps>;
}) {
  const shape = card.shape === "row" ? "rows" : "grid";
  if (pages.first) return <Skeletons shape={shape} />;
  if (pages.items.length === 0 && pages.error !== null)
    return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy) return <>{empty}</>;
  return (
    <>
      <ul class={shape} aria-busy={pages.busy}>
        {pages.items.map((video, index) => (
          <li key={video.id}>
            <VideoCard video={video} eager={index < EAGER} {...card} />
          </li>
        ))}
      </ul>
      <More pages={pages} />
    </>
  );
}

/** Placeholders of the size of the videos, so that the layout does not shift when they arrive. */
export function Skeletons({
  shape = "grid",
  count = SKELETONS,
}: {
  shape?: "grid" | "rows";
  count?: number;
}) {
  return (
    <ul class={shape} aria-busy="true" aria-label={text.state.loading}>
      {Array.from({ length: count }, (_, index) => (
        <li
          key={index}
          class={`card card-${shape === "rows" ? "row" : "tile"} skeleton`}
          aria-hidden="true"
        >
          <div class="card-picture" />
          <div class="card-words">
            {shape === "grid" && <span class="avatar avatar-small" />}
            <div class="card-text">
              <span class="bone bone-long" />
              <span class="bone" />
            </div>
          </div>
        </li>
      ))}
    </ul>
  );
}
