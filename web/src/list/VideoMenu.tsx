/** What can be done with a video in a list: keep it for later, put it into a playlist, copy its link. */

import { useState } from "preact/hooks";

import type { ListedVideo } from "../api/shape";
import { Icon } from "../part/Icon";
import { Menu, MenuButton } from "../part/Menu";
import { useAccount } from "../session/session";
import { text } from "../text/text";
import { keepForLater, SaveDialog, tell } from "./SaveDialog";

export function VideoMenu({ video }: { video: ListedVideo }) {
  const account = useAccount();
  const [choosing, setChoosing] = useState(false);
  return (
    <div class="card-menu">
      <Menu label={text.video.actions(video.title)} face={<Icon name="more" />}>
        {account && <MenuButton onPick={() => tell(keepForLater(video), text.video.laterDone)}>{text.video.later}</MenuButton>}
        {account && <MenuButton onPick={() => setChoosing(true)}>{text.video.addTo}</MenuButton>}
        <MenuButton onPick={() => tell(navigator.clipboard.writeText(new URL(`/watch/${video.id}`, location.origin).href), text.video.copied)}>{text.video.copy}</MenuButton>
      </Menu>
      {choosing && <SaveDialog video={video} onClose={() => setChoosing(false)} />}
    </div>
  );
}
