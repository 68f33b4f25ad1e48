/** Beside the player: the playlist that is being played, and what is like the video. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import { useOne } from "../list/useOne";
import { usePages } from "../list/usePages";
import { VideoCard } from "../list/VideoCard";
import { ShownGrid } from "../list/VideoGrid";
import { playsNext, prefer } from "../player/preference";
import type { YeoulPlayer } from "../player/yeoul-player";
import { text } from "../text/text";
import { words } from "../text/watch/words";

const LONGEST_LIST = 100;

function offer(player: YeoulPlayer, video: ListedVideo, query = ""): void {
  const { id, title, poster, duration_s, channel } = video;
  player.next = { href: `/watch/${encodeURIComponent(id)}${query}`, title: title || text.video.untitled, channel: channel.display_name, poster, duration_s };
}

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
  const held = useOne(list, () => call("GET /playlists/{playlist_id}", { path }));
  const entries = useOne(list, () => call("GET /playlists/{playlist_id}/entries", { path, query: { limit: LONGEST_LIST } }));
  const videos = (entries.value?.items ?? []).flatMap((entry) => (entry.video === null ? [] : [entry.video]));
  const at = videos.findIndex((video) => video.id === id);
  const query = `?list=${encodeURIComponent(list)}`;
  const next = at < 0 ? undefined : videos[at + 1];
  useEffect(() => {
    if (next !== undefined) offer(player, next, query);
  }, [next?.id]);
  if (held.value === null || videos.length === 0) return null;
  const title = held.value.kind === "later" ? text.playlist.later : held.value.title;
  return (
    <section class="side-list" aria-label={title}>
      <header>
        <h2 class="side-title">
          <a href={`/playlist/${encodeURIComponent(list)}`}>{title}</a>
        </h2>
        {at >= 0 && <p class="facts">{words.page.playlist(at + 1, videos.length)}</p>}
      </header>
      <ol class="rows">
        {videos.map((video) => (
          <li key={video.id} aria-current={video.id === id ? "true" : undefined}>
            <VideoCard video={video} shape="row" heading="h3" query={query} extra={<></>} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function Related({ id, player, isNext }: { id: string; player: YeoulPlayer; isNext: boolean }) {
  const pages = usePages(id, (cursor, signal) => call("GET /videos/{video_id}/related", { path: { video_id: id }, query: { cursor, limit: 12 }, signal }));
  const first = pages.items[0];
  useEffect(() => {
    if (isNext && first !== undefined) offer(player, first);
  }, [first?.id]);
  if (pages.error !== null && pages.items.length === 0) return null;
  return (
    <section aria-label={words.page.related}>
      <header class="side-head">
        <h2 class="side-title">{words.page.related}</h2>
        <Autoplay />
      </header>
      <ShownGrid pages={pages} card={{ shape: "row", heading: "h3" }} empty={<p class="facts">{words.page.noRelated}</p>} />
    </section>
  );
}

function Autoplay() {
  const [on, setOn] = useState(playsNext);
  const turn = (): void => {
    prefer({ autoplayNext: !on });
    setOn(!on);
  };
  return (
    <button type="button" class="switch" role="switch" aria-checked={on} onClick={turn}>
      {words.next.autoplay}
    </button>
  );
}
