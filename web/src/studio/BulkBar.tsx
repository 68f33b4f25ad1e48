/** What can be done with all chosen videos at once. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { Visibility } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import type { Pages } from "../list/usePages";
import { Icon } from "../part/Icon";
import { Menu, MenuButton } from "../part/Menu";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { VISIBILITY_ICONS } from "./VideoRow";

interface BulkProps {
  videos: ListedVideo[];
  pages: Pages<ListedVideo>;
  onEnd: () => void;
}

export function BulkBar({ videos, pages, onEnd }: BulkProps) {
  const [busy, setBusy] = useState(false);
  const show = async (visibility: Visibility): Promise<void> => {
    setBusy(true);
    const changed = await eachOf(videos, (video) => call("PATCH /videos/{video_id}", { path: { video_id: video.id }, body: { visibility } }));
    const news = new Map(changed.map((video) => [video.id, video]));
    pages.change((items) => items.map((video) => news.get(video.id) ?? video));
    if (changed.length > 0) toast(text.studio.changed(changed.length, text.video[visibility]));
    setBusy(false);
    onEnd();
  };
  return (
    <div class="bulk" role="toolbar" aria-label={text.studio.chosen(videos.length)}>
      <button type="button" class="icon-button" aria-label={text.studio.chooseNone} onClick={onEnd}>
        <Icon name="close" />
      </button>
      <span class="bulk-count" role="status">
        {text.studio.chosen(videos.length)}
      </span>
      <Menu label={text.playlist.visibility} buttonClass="button button-small" face={text.playlist.visibility}>
        {(["public", "unlisted", "private"] as const).map((visibility) => (
          <MenuButton key={visibility} onPick={() => void (busy || show(visibility))}>
            <span class="menu-face">
              <Icon name={VISIBILITY_ICONS[visibility]} size={18} />
              {text.video[visibility]}
            </span>
          </MenuButton>
        ))}
      </Menu>
    </div>
  );
}

/** Does something with each video, one after the other, and says what went wrong; the answers of those that went well. */
export async function eachOf<T>(videos: readonly ListedVideo[], act: (video: ListedVideo) => Promise<T>): Promise<T[]> {
  const answers: T[] = [];
  for (const video of videos) {
    try {
      answers.push(await act(video));
    } catch (error) {
      toast(`${video.title || text.video.untitled}: ${sayProblem(error)}`, "bad");
    }
  }
  return answers;
}
