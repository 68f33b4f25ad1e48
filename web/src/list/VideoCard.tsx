import type { ComponentChildren } from "preact";
import type { Visibility } from "../api/schema.d.ts";
import type { ListedVideo } from "../api/shape.ts";
import { formatAge, formatPercent } from "../text/format.ts";
import { text } from "../text/text.ts";
import { AvatarLink } from "./AvatarLink.tsx";
import { DurationBadge } from "./DurationBadge.tsx";
import { VideoMenu } from "./VideoMenu.tsx";

export interface VideoCardProps {
  video: ListedVideo;
  /** The watch position. */
  position_s?: number | undefined;
  /** row: the poster is beside the words. */
  shape?: "tile" | "row";
  /** Leaves out the channel, for lists of one channel. */
  byChannel?: boolean;
  /** A query that is appended to the video's address, such as its playlist. */
  query?: string;
  /** Loads the poster at once, for videos in the first viewport. */
  eager?: boolean;
  heading?: "h2" | "h3";
  extra?: ComponentChildren;
}

/** A video in a list: poster, length, state, watch position, title and channel. */
export function VideoCard({
  video,
  position_s,
  shape = "tile",
  byChannel = false,
  query = "",
  eager = false,
  heading: Heading = "h2",
  extra,
}: VideoCardProps) {
  const handle = video.channel?.handle ?? video.owner.handle;
  const name = video.channel?.display_name || handle;
  const title = video.title || text.video.untitled;
  const href = `/watch/${encodeURIComponent(video.id)}${query}`;
  const facts = [
    ...(video.views === undefined ? [] : [text.video.views(video.views)]),
    formatAge(video.created_at),
    ...(video.visibility === "public" ? [] : [text.video[video.visibility as Visibility]]),
  ];
  return (
    <article class={`card card-${shape}`}>
      <CardPicture video={video} position_s={position_s} eager={eager} />
      <div class="card-words">
        {!byChannel && shape === "tile" && (
          <AvatarLink
            class="card-avatar"
            handle={handle}
            name={name}
            picture={video.channel?.avatar}
          />
        )}
        <div class="card-text">
          <Heading class="card-title">
            <a class="clamp card-link" href={href} title={title}>
              {title}
            </a>
          </Heading>
          {!byChannel && (
            <p class="card-facts">
              <a class="card-channel" href={`/c/${encodeURIComponent(handle)}`}>
                {name}
              </a>
            </p>
          )}
          <p class="card-facts">{facts.join(" · ")}</p>
          {shape === "row" && video.description !== "" && (
            <p class="clamp card-description">{video.description}</p>
          )}
        </div>
        {extra === undefined ? <VideoMenu video={video} /> : extra}
      </div>
    </article>
  );
}

function CardPicture({
  video,
  position_s,
  eager,
}: {
  video: ListedVideo;
  position_s: number | undefined;
  eager: boolean;
}) {
  const chip = text.video.chips[video.state as keyof typeof text.video.chips];
  const watched =
    position_s !== undefined && video.duration_s !== null && video.duration_s > 0
      ? Math.min(1, position_s / video.duration_s)
      : null;
  return (
    <div class="card-picture">
      {video.poster !== null && (
        <img
          src={video.poster}
          alt=""
          width="320"
          height="180"
          loading={eager ? "eager" : "lazy"}
          decoding="async"
        />
      )}
      {chip !== "" && <span class={`chip chip-${video.state}`}>{chip}</span>}
      <DurationBadge seconds={video.duration_s} />
      {watched !== null && (
        <progress
          class="card-watched"
          max={1}
          value={watched}
          aria-label={text.video.watched(formatPercent(watched))}
        />
      )}
    </div>
  );
}
