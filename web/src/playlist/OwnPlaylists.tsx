/** The reader's own playlists, and the way to make one. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { Playlist } from "../api/shape";
import { More } from "../list/More";
import { usePages } from "../list/usePages";
import { Skeletons } from "../list/VideoGrid";
import { Dialog } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { text } from "../text/text";
import { PlaylistForm } from "./PlaylistForm";

export function titleOf(playlist: Playlist): string {
  return playlist.kind === "later" ? text.playlist.later : playlist.title;
}

export function OwnPlaylists() {
  const pages = usePages("own", (cursor, signal) => call("GET /playlists", { query: { cursor }, signal }));
  const [making, setMaking] = useState(false);
  if (pages.first) return <Skeletons count={4} />;
  if (pages.items.length === 0 && pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  return (
    <>
      <p class="page-head">
        <button type="button" class="button button-small" onClick={() => setMaking(true)}>
          {text.playlist.create}
        </button>
      </p>
      {pages.items.length === 0 ? (
        <Empty title={text.playlist.none} hint={text.playlist.noneHint} />
      ) : (
        <ul class="grid">
          {pages.items.map((playlist) => (
            <li key={playlist.id}>
              <PlaylistCard playlist={playlist} />
            </li>
          ))}
        </ul>
      )}
      <More pages={pages} />
      {making && (
        <Dialog title={text.playlist.create} onClose={() => setMaking(false)}>
          <PlaylistForm onSave={async (values) => location.assign(`/playlist/${(await call("POST /playlists", { body: values, idempotencyKey: crypto.randomUUID() })).id}`)} />
        </Dialog>
      )}
    </>
  );
}

function PlaylistCard({ playlist }: { playlist: Playlist }) {
  return (
    <article class="card">
      <div class="card-picture card-stack">
        <span class="card-duration">
          <Icon name="list" size={16} /> {text.playlist.entries(playlist.entries)}
        </span>
      </div>
      <div class="card-words">
        <div class="card-text">
          <h2 class="card-title">
            <a class="card-link" href={`/playlist/${encodeURIComponent(playlist.id)}`}>
              {titleOf(playlist)}
            </a>
          </h2>
          <p class="card-facts">{text.video[playlist.visibility]}</p>
        </div>
      </div>
    </article>
  );
}
