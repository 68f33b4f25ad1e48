import { useState } from "preact/hooks";

import type { ListedVideo } from "../api/shape.ts";
import { Icon } from "../part/Icon.tsx";
import { Menu, MenuButton } from "../part/Menu.tsx";
import { useAccount } from "../session/session.ts";
import { copyWithToast, toastOutcome } from "../shell/outcome.ts";
import { text } from "../text/text.ts";
import { SaveDialog, saveToWatchLater } from "./SaveDialog.tsx";

/** The menu of a video in a list: save it, or copy its link. */
export function VideoMenu({ video }: { video: ListedVideo }) {
  const account = useAccount();
  const [saving, setSaving] = useState(false);
  return (
    <div class="card-menu">
      <Menu label={text.video.actions(video.title)} face={<Icon name="more" />}>
        {account && (
          <MenuButton onPick={() => toastOutcome(saveToWatchLater(video), text.video.laterDone)}>
            {text.video.later}
          </MenuButton>
        )}
        {account && <MenuButton onPick={() => setSaving(true)}>{text.video.addTo}</MenuButton>}
        <MenuButton
          onPick={() =>
            copyWithToast(new URL(`/watch/${video.id}`, location.origin).href, text.video.copied)
          }
        >
          {text.video.copy}
        </MenuButton>
      </Menu>
      {saving && <SaveDialog video={video} onClose={() => setSaving(false)} />}
    </div>
  );
}
