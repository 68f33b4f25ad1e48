/** What can be done with a video in a list: keep it for later, put it into a playlist, copy its link. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { ListedVideo, Playlist } from "../api/shape";
import { Dialog } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { Menu, MenuButton } from "../part/Menu";
import { useAccount } from "../session/session";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";

/** Says what came of it, whatever did. */
function tell(done: Promise<unknown>, said: string): void {
  done.then(
    () => toast(said),
    (error: unknown) => toast(sayProblem(error), "bad"),
  );
}

async function readPlaylists(): Promise<Playlist[]> {
  return (await call("GET /playlists", { query: { limit: 100 } })).items;
}

function add(playlist: Playlist, video: ListedVideo): Promise<unknown> {
  return call("POST /playlists/{playlist_id}/entries", { path: { playlist_id: playlist.id }, body: { video_id: video.id } });
}

async function keepForLater(video: ListedVideo): Promise<void> {
  const later = (await readPlaylists()).find((playlist) => playlist.kind === "later");
  if (later !== undefined) await add(later, video);
}

export function VideoMenu({ video }: { video: ListedVideo }) {
  const account = useAccount();
  const [lists, setLists] = useState<Playlist[] | null>(null);
  const choose = (): void => {
    readPlaylists().then(setLists, (error: unknown) => toast(sayProblem(error), "bad"));
  };
  const pick = (playlist: Playlist): void => {
    setLists(null);
    tell(add(playlist, video), text.video.added(playlist.kind === "later" ? text.video.later : playlist.title));
  };
  return (
    <div class="card-menu">
      <Menu label={text.video.actions(video.title)} face={<Icon name="more" />}>
        {account && <MenuButton onPick={() => tell(keepForLater(video), text.video.laterDone)}>{text.video.later}</MenuButton>}
        {account && <MenuButton onPick={choose}>{text.video.addTo}</MenuButton>}
        <MenuButton onPick={() => tell(navigator.clipboard.writeText(new URL(`/watch/${video.id}`, location.origin).href), text.video.copied)}>{text.video.copy}</MenuButton>
      </Menu>
      {lists !== null && (
        <Dialog title={text.video.addTo} onClose={() => setLists(null)}>
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
      )}
    </div>
  );
}
