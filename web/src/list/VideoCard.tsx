/** A video in a list: picture, length, state, how far it was watched, title, channel. */

import type { ComponentChildren } from "preact";

import type { ListedVideo } from "../api/shape";
import type { Visibility } from "../api/schema";
import { formatAge, formatDuration, formatPercent } from "../text/format";
import { text } from "../text/text";
import { Avatar } from "./Avatar";
import { VideoMenu } from "./VideoMenu";

export interface VideoCardProps {
  video: ListedVideo;
  /** Where it was left, in seconds. */
  position_s?: number | undefined;
  /** row: the picture beside the words. */
  shape?: "tile" | "row";
  /** On the channel's own page its name need not be repeated. */
  byChannel?: boolean;
  /** A part of the address behind the video's, such as the playlist it stands in. */
  query?: string;
  /** Whether it is at once in sight: its picture is not to wait. */
  eager?: boolean;
  heading?: "h2" | "h3";
  extra?: ComponentChildren;
}

export function VideoCard({ video, position_s, shape = "tile", byChannel = false, query = "", eager = false, heading: Heading = "h2", extra }: VideoCardProps) {
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
          <a class="card-avatar" href={`/c/${encodeURIComponent(handle)}`} tabIndex={-1} aria-hidden="true">
            <Avatar handle={handle} name={name} picture={video.channel?.avatar} />
          </a>
        )}
        <div class="card-text">
          <Heading class="card-title">
            <a class="card-link" href={href} title={title}>
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
          {shape === "row" && video.description !== "" && <p class="card-description">{video.description}</p>}
        </div>
        {extra ?? <VideoMenu video={video} />}
      </div>
    </article>
  );
}

function CardPicture({ video, position_s, eager }: { video: ListedVideo; position_s: number | undefined; eager: boolean }) {
  const chip = text.video.chips[video.state as keyof typeof text.video.chips];
  const watched = position_s !== undefined && video.duration_s !== null && video.duration_s > 0 ? Math.min(1, position_s / video.duration_s) : null;
  return (
    <div class="card-picture">
      {video.poster !== null && <img src={video.poster} alt="" width="320" height="180" loading={eager ? "eager" : "lazy"} decoding="async" />}
      {chip !== "" && <span class={`chip chip-${video.state}`}>{chip}</span>}
      {video.duration_s !== null && (
        <span class="card-duration">
          <span class="hidden-words">{text.video.length("")}</span>
          {formatDuration(video.duration_s)}
        </span>
      )}
      {watched !== null && <progress class="card-watched" max={1} value={watched} aria-label={text.video.watched(formatPercent(watched))} />}
    </div>
  );
}
