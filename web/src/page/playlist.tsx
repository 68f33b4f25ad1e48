/** The page of a playlist. Its owner can edit and reorder it. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { Playlist, PlaylistEntry } from "../api/shape.ts";
import { More } from "../list/More.tsx";
import { type Pages, usePages } from "../list/use-pages.ts";
import { useResource } from "../list/use-resource.ts";
import { VideoCard } from "../list/VideoCard.tsx";
import { Skeletons } from "../list/VideoGrid.tsx";
import { Confirm, Dialog } from "../part/Dialog.tsx";
import { Icon } from "../part/Icon.tsx";
import { IconButton } from "../part/IconButton.tsx";
import { Empty, Trouble } from "../part/state.tsx";
import { PlaylistForm } from "../playlist/PlaylistForm.tsx";
import { playlistTitle } from "../playlist/playlist-title.ts";
import { useAccount } from "../session/session.ts";
import { toastProblem } from "../shell/outcome.ts";
import { setTitle, showPage } from "../shell/page.tsx";
import { toast } from "../shell/toast.ts";
import { text } from "../text/text.ts";

const playlist_id = decodeURIComponent(location.pathname.split("/")[2] ?? "");
const path = { playlist_id };

function PlaylistPage() {
  const playlist = useResource(playlist_id, () => call("GET /playlists/{playlist_id}", { path }));
  const pages = usePages(playlist_id, (cursor, signal) =>
    call("GET /playlists/{playlist_id}/entries", { path, query: { cursor }, signal }),
  );
  const account = useAccount();
  if (playlist.error !== null)
    return (
      <Trouble error={playlist.error} missing={text.playlist.missing} onRetry={playlist.load} />
    );
  const shown = playlist.value;
  // Both appear together: the description would otherwise shift the entries.
  if (shown === null || pages.first) return <Skeletons shape="rows" count={6} />;
  const own = account !== null && account !== undefined && shown.owner.handle === account.handle;
  const first = pages.items.find((entry) => entry.video !== null)?.video;
  setTitle(playlistTitle(shown));
  return (
    <>
      <header class="playlist-head">
        <h1 class="page-title">{playlistTitle(shown)}</h1>
        <p class="card-facts">
          {[text.playlist.entries(shown.entries), text.video[shown.visibility]].join(" · ")}
        </p>
        {shown.description !== "" && <p class="channel-bio">{shown.description}</p>}
        <div class="playlist-actions">
          {first != null && (
            <a
              class="button button-main"
              href={`/watch/${encodeURIComponent(first.id)}?list=${encodeURIComponent(playlist_id)}`}
            >
              <Icon name="play" size={18} />
              {text.playlist.play}
            </a>
          )}
          {own && shown.kind === "list" && (
            <OwnerActions playlist={shown} onChange={playlist.set} />
          )}
        </div>
      </header>
      <Entries pages={pages} own={own} />
    </>
  );
}

function OwnerActions({
  playlist,
  onChange,
}: {
  playlist: Playlist;
  onChange: (playlist: Playlist) => void;
}) {
  const [open, setOpen] = useState<"edit" | "delete" | null>(null);
  const close = (): void => setOpen(null);
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen("edit")}>
        {text.playlist.edit}
      </button>
      <button type="button" class="button" onClick={() => setOpen("delete")}>
        {text.playlist.delete}
      </button>
      {open === "edit" && (
        <Dialog title={text.playlist.edit} onClose={close}>
          <PlaylistForm
            playlist={playlist}
            onSave={async (values) => {
              onChange(await call("PATCH /playlists/{playlist_id}", { path, body: values }));
              close();
            }}
          />
        </Dialog>
      )}
      {open === "delete" && (
        <Confirm
          title={text.playlist.deleteTitle}
          hint={text.playlist.deleteHint}
          action={text.playlist.delete}
          onClose={close}
          onYes={async () => {
            await call("DELETE /playlists/{playlist_id}", { path });
            location.assign("/");
          }}
        />
      )}
    </>
  );
}

function Entries({ pages, own }: { pages: Pages<PlaylistEntry>; own: boolean }) {
  if (pages.items.length === 0 && pages.error !== null)
    return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy)
    return <Empty title={text.playlist.empty} hint={text.playlist.emptyHint} />;

  const report = (change: Promise<unknown>, words: string): void => {
    change.then(
      () => toast(words),
      (error: unknown) => {
        toastProblem(error);
        pages.load();
      },
    );
  };
  const move = (from: number, to: number): void => {
    const order = [...pages.items];
    const [moved] = order.splice(from, 1);
    if (moved === undefined) return;
    order.splice(to, 0, moved);
    pages.change(() => order);
    const after = order[to - 1]?.id ?? null;
    report(
      call("PATCH /playlists/{playlist_id}/entries/{entry_id}", {
        path: { ...path, entry_id: moved.id },
        body: { after },
      }),
      text.playlist.moved(nameOf(moved), to + 1),
    );
  };
  const remove = (entry: PlaylistEntry): void => {
    pages.change((items) => items.filter(({ id }) => id !== entry.id));
    report(
      call("DELETE /playlists/{playlist_id}/entries/{entry_id}", {
        path: { ...path, entry_id: entry.id },
      }),
      text.video.removed,
    );
  };
  return (
    <>
      <ol class="rows">
        {pages.items.map((entry, index) => (
          <li key={entry.id}>
            <EntryCard
              entry={entry}
              {...(own
                ? {
                    extra: (
                      <div class="card-buttons">
                        <IconButton
                          icon="up"
                          label={text.playlist.up(nameOf(entry))}
                          disabled={index === 0}
                          onClick={() => move(index, index - 1)}
                        />
                        <IconButton
                          icon="down"
                          label={text.playlist.down(nameOf(entry))}
                          disabled={index === pages.items.length - 1}
                          onClick={() => move(index, index + 1)}
                        />
                        <IconButton
                          icon="close"
                          label={text.playlist.remove(nameOf(entry))}
                          onClick={() => remove(entry)}
                        />
                      </div>
                    ),
                  }
                : {})}
            />
          </li>
        ))}
      </ol>
      <More pages={pages} />
    </>
  );
}

function nameOf(entry: PlaylistEntry): string {
  return entry.video?.title ?? text.playlist.hidden;
}

/** An entry. A video that is not visible to the viewer keeps its place. */
function EntryCard({ entry, extra }: { entry: PlaylistEntry; extra?: ComponentChildren }) {
  if (entry.video !== null)
    return (
      <VideoCard
        video={entry.video}
        shape="row"
        query={`?list=${encodeURIComponent(playlist_id)}`}
        {...(extra === undefined ? {} : { extra })}
      />
    );
  return (
    <article class="card card-row">
      <div class="card-picture" />
      <div class="card-words">
        <div class="card-text">
          <h2 class="card-title">{text.playlist.hidden}</h2>
        </div>
        {extra}
      </div>
    </article>
  );
}

showPage("", <PlaylistPage />, { width: "middle" });
