/** What can be done with all chosen videos at once. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { Visibility } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import type { Pages } from "../list/usePages";
import { Icon } from "../part/Icon";
import { Menu, MenuButton } from "../part/Menu";
import { toast } from "../shell/toast";
import { text } from "../text/text";
import { eachOf } from "./eachOf";
import { VISIBILITY_ICONS } from "./VideoRow";

interface BulkProps {
  videos: ListedVideo[];
  pages: Pages<ListedVideo>;
  onEnd: () => void;
  onDelete: (videos: ListedVideo[]) => void;
}

export function BulkBar({ videos, pages, onEnd, onDelete }: BulkProps) {
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
      <button type="button" class="button button-small" onClick={() => onDelete(videos)}>
        {text.studio.delete}
      </button>
    </div>
  );
}
