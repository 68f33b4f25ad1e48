import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { ListedVideo } from "../api/shape.ts";
import { usePages } from "../list/use-pages.ts";
import { useResource } from "../list/use-resource.ts";
import { VideoCard } from "../list/VideoCard.tsx";
import { ShownGrid } from "../list/VideoGrid.tsx";
import { playsNext, setPreference } from "../player/preference.ts";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { playlistTitle } from "../playlist/playlist-title.ts";
import { text } from "../text/text.ts";
import { words } from "../text/watch/words.ts";

const MAX_ENTRIES = 100;

/** Sets the video that plays next. */
function setNext(player: YeoulPlayer, video: ListedVideo, query = ""): void {
  const { id, title, poster, duration_s, channel } = video;
  player.next = {
    href: `/watch/${encodeURIComponent(id)}${query}`,
    title: title || text.video.untitled,
    channel: channel.display_name,
    poster,
    duration_s,
  };
}

/** The column beside the player: the current playlist and related videos. */
export function Side({ id, player }: { id: string; player: YeoulPlayer }) {
  const list = new URLSearchParams(location.search).get("list");
  return (
    <>
      {list !== null && <PlayingList list={list} id={id} player={player} />}
      <Related id={id} player={player} isNext={list === null} />
    </>
  );
}

function PlayingList({ list, id, player }: { list: string; id: string; player: YeoulPlayer }) {
  const path = { playlist_id: list };
  const playlist = useResource(list, () => call("GET /playlists/{playlist_id}", { path }));
  const entries = useResource(list, () =>
    call("GET /playlists/{playlist_id}/entries", { path, query: { limit: MAX_ENTRIES } }),
  );
  const videos = (entries.value?.items ?? []).flatMap((entry) =>
    entry.video === null ? [] : [entry.video],
  );
  const index = videos.findIndex((video) => video.id === id);
  const query = `?list=${encodeURIComponent(list)}`;
  const next = index < 0 ? undefined : videos[index + 1];
  useEffect(() => {
    if (next !== undefined) setNext(player, next, query);
  }, [next?.id]);
  if (playlist.value === null || videos.length === 0) return null;
  const title = playlistTitle(playlist.value);
  return (
    <section class="side-list" aria-label={title}>
      <header>
        <h2 class="side-title">
          <a href={`/playlist/${encodeURIComponent(list)}`}>{title}</a>
        </h2>
        {index >= 0 && <p class="facts">{words.page.playlist(index + 1, videos.length)}</p>}
      </header>
      <ol class="rows">
        {videos.map((video) => (
          <li key={video.id} aria-current={video.id === id ? "true" : undefined}>
            <VideoCard video={video} shape="row" heading="h3" query={query} extra={null} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Related({ id, player, isNext }: { id: string; player: YeoulPlayer; isNext: boolean }) {
  const pages = usePages(id, (cursor, signal) =>
    call("GET /videos/{video_id}/related", {
      path: { video_id: id },
      query: { cursor, limit: 12 },
      signal,
    }),
  );
  const first = pages.items[0];
  useEffect(() => {
    if (isNext && first !== undefined) setNext(player, first);
  }, [first?.id]);
  if (pages.error !== null && pages.items.length === 0) return null;
  return (
    <section aria-label={words.page.related}>
      <header class="side-head">
        <h2 class="side-title">{words.page.related}</h2>
        <Autoplay />
      </header>
      <ShownGrid
        pages={pages}
        card={{ shape: "row", heading: "h3" }}
        empty={<p class="facts">{words.page.noRelated}</p>}
      />
    </section>
  );
}

function Autoplay() {
  const [isOn, setIsOn] = useState(playsNext);
  const toggle = (): void => {
    setPreference({ autoplayNext: !isOn });
    setIsOn(!isOn);
  };
  return (
    <button type="button" class="switch" role="switch" aria-checked={isOn} onClick={toggle}>
      {words.next.autoplay}
    </button>
  );
}
