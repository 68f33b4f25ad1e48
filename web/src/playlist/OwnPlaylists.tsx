import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Playlist } from "../api/shape.ts";
import { More } from "../list/More.tsx";
import { usePages } from "../list/use-pages.ts";
import { Skeletons } from "../list/VideoGrid.tsx";
import { Dialog } from "../part/Dialog.tsx";
import { Icon } from "../part/Icon.tsx";
import { Empty, Trouble } from "../part/state.tsx";
import { text } from "../text/text.ts";
import { PlaylistForm } from "./PlaylistForm.tsx";
import { playlistTitle } from "./playlist-title.ts";

/** Lists the account's playlists and creates new ones. */
export function OwnPlaylists() {
  const pages = usePages("own", (cursor, signal) =>
    call("GET /playlists", { query: { cursor }, signal }),
  );
  const [creating, setCreating] = useState(false);
  if (pages.first) return <Skeletons count={4} />;
  if (pages.items.length === 0 && pages.error !== null)
    return <Trouble error={pages.error} onRetry={pages.load} />;
  return (
    <>
      <p class="page-head">
        <button type="button" class="button button-small" onClick={() => setCreating(true)}>
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
      {creating && (
        <Dialog title={text.playlist.create} onClose={() => setCreating(false)}>
          <PlaylistForm
            onSave={async (values) =>
              location.assign(
                `/playlist/${(await call("POST /playlists", { body: values, idempotencyKey: crypto.randomUUID() })).id}`,
              )
            }
          />
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
            <a class="clamp card-link" href={`/playlist/${encodeURIComponent(playlist.id)}`}>
              {playlistTitle(playlist)}
            </a>
          </h2>
          <p class="card-facts">{text.video[playlist.visibility]}</p>
        </div>
      </div>
    </article>
  );
}
