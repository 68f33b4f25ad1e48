/** A list of videos from its first page to its last, with what stands in its place when there is nothing to show. */

import type { ComponentChildren } from "preact";

import type { ListedVideo, Page } from "../api/shape";
import { Trouble } from "../part/state";
import { text } from "../text/text";
import { More } from "./More";
import { usePages, type Pages } from "./usePages";
import { VideoCard, type VideoCardProps } from "./VideoCard";

interface GridProps {
  /** Begins anew when it changes. */
  of: string;
  ask: (cursor: string | null, signal: AbortSignal) => Promise<Page<ListedVideo>>;
  empty: ComponentChildren;
  card?: Partial<VideoCardProps>;
}

const SKELETONS = 12;
/** About as many as the first window shows. */
const EAGER = 6;

export function VideoGrid({ of, ask, empty, card = {} }: GridProps) {
  const pages = usePages(of, ask);
  return <ShownGrid pages={pages} empty={empty} card={card} />;
}

export function ShownGrid({ pages, empty, card = {} }: { pages: Pages<ListedVideo>; empty: ComponentChildren; card?: Partial<VideoCardProps> }) {
  const shape = card.shape === "row" ? "rows" : "grid";
  if (pages.first) return <Skeletons shape={shape} />;
  if (pages.items.length === 0 && pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
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

/** As large as what is going to stand there, so that nothing moves when it comes. */
export function Skeletons({ shape = "grid", count = SKELETONS }: { shape?: "grid" | "rows"; count?: number }) {
  return (
    <ul class={shape} aria-busy="true" aria-label={text.state.loading}>
      {Array.from({ length: count }, (_, index) => (
        <li key={index} class={`card card-${shape === "rows" ? "row" : "tile"} skeleton`} aria-hidden="true">
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
