import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { ListedVideo, Playlist } from "../api/shape.ts";
import { Dialog } from "../part/Dialog.tsx";
import { Icon } from "../part/Icon.tsx";
import { playlistTitle } from "../playlist/playlist-title.ts";
import { toastOutcome, toastProblem } from "../shell/outcome.ts";
import { text } from "../text/text.ts";

async function fetchPlaylists(): Promise<Playlist[]> {
  return (await call("GET /playlists", { query: { limit: 100 } })).items;
}

function addTo(playlist_id: string, video: ListedVideo): Promise<unknown> {
  return call("POST /playlists/{playlist_id}/entries", {
    path: { playlist_id },
    body: { video_id: video.id },
  });
}

export function saveToWatchLater(video: ListedVideo): Promise<unknown> {
  return addTo("later", video);
}

/** A dialog that adds a video to one of the account's playlists. */
export function SaveDialog({ video, onClose }: { video: ListedVideo; onClose: () => void }) {
  const [lists, setLists] = useState<Playlist[] | null>(null);
  useEffect(() => {
    fetchPlaylists().then(setLists, (error: unknown) => {
      toastProblem(error);
      onClose();
    });
  }, []);
  const pick = (playlist: Playlist): void => {
    onClose();
    toastOutcome(addTo(playlist.id, video), text.video.added(playlistTitle(playlist)));
  };
  if (lists === null) return null;
  return (
    <Dialog title={text.video.addTo} onClose={onClose}>
      <ul class="choices">
        {lists.map((playlist) => (
          <li key={playlist.id}>
            <button type="button" class="choice" onClick={() => pick(playlist)}>
              <Icon name="list" />
              {playlistTitle(playlist)}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
