import { useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { Visibility } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import type { Pages } from "../../list/use-pages.ts";
import { Icon } from "../../part/Icon.tsx";
import { IconButton } from "../../part/IconButton.tsx";
import { Menu, MenuButton } from "../../part/Menu.tsx";
import { toast } from "../../shell/toast.ts";
import { text } from "../../text/text.ts";
import { VISIBILITIES, VISIBILITY_ICONS } from "../visibility.ts";
import { forEachVideo } from "./for-each-video.ts";

interface BulkProps {
  videos: ListedVideo[];
  pages: Pages<ListedVideo>;
  onDone: () => void;
  onDelete: (videos: ListedVideo[]) => void;
}

/** The actions for all selected videos. */
export function BulkBar({ videos, pages, onDone, onDelete }: BulkProps) {
  const [busy, setBusy] = useState(false);
  const setVisibility = async (visibility: Visibility): Promise<void> => {
    setBusy(true);
    const changed = await forEachVideo(videos, (video) =>
      call("PATCH /videos/{video_id}", { path: { video_id: video.id }, body: { visibility } }),
    );
    const byId = new Map(changed.map((video) => [video.id, video]));
    pages.change((items) => items.map((video) => byId.get(video.id) ?? video));
    if (changed.length > 0) toast(text.studio.changed(changed.length, text.video[visibility]));
    setBusy(false);
    onDone();
  };
  return (
    <div class="bulk" role="toolbar" aria-label={text.studio.chosen(videos.length)}>
      <IconButton icon="close" label={text.studio.chooseNone} onClick={onDone} />
      <span class="bulk-count" role="status">
        {text.studio.chosen(videos.length)}
      </span>
      <Menu
        label={text.playlist.visibility}
        buttonClass="button button-small"
        face={text.playlist.visibility}
      >
        {VISIBILITIES.map((visibility) => (
          <MenuButton key={visibility} onPick={() => void (busy || setVisibility(visibility))}>
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
