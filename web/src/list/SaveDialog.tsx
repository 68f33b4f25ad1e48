/** Putting a video into one of one's own playlists. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { ListedVideo, Playlist } from "../api/shape";
import { Dialog } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

/** Says what came of it, whatever did. */
export function tell(done: Promise<unknown>, said: string): void {
  done.then(
    () => toast(said),
    (error: unknown) => toast(sayProblem(error), "bad"),
  );
}

async function readPlaylists(): Promise<Playlist[]> {
  return (await call("GET /playlists", { query: { limit: 100 } })).items;
}

function add(playlist_id: string, video: ListedVideo): Promise<unknown> {
  return call("POST /playlists/{playlist_id}/entries", { path: { playlist_id }, body: { video_id: video.id } });
}

export function keepForLater(video: ListedVideo): Promise<unknown> {
  return add("later", video);
}

export function SaveDialog({ video, onClose }: { video: ListedVideo; onClose: () => void }) {
  const [lists, setLists] = useState<Playlist[] | null>(null);
  useEffect(() => {
    readPlaylists().then(setLists, (error: unknown) => {
      toast(sayProblem(error), "bad");
      onClose();
    });
  }, []);
  const pick = (playlist: Playlist): void => {
    onClose();
    tell(add(playlist.id, video), text.video.added(playlist.kind === "later" ? text.video.later : playlist.title));
  };
  if (lists === null) return null;
  return (
    <Dialog title={text.video.addTo} onClose={onClose}>
      <ul class="choices">
        {lists.map((playlist) => (
          <li key={playlist.id}>
            <button type="button" class="choice" onClick={() => pick(playlist)}>
              <Icon name="list" />
              {playlist.kind === "later" ? text.video.later : playlist.title}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}
