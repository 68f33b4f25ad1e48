/** Sharing and saving; their dialogs come when they are asked for. */

import type { ComponentType } from "preact";
import { useState } from "preact/hooks";

import type { Video } from "../api/video";
import { Icon } from "../part/Icon";
import type { YeoulPlayer } from "../player/yeoul-player";
import { signInUrl, useAccount } from "../session/session";
import { words } from "../text/watch/words";
import type { ShareProps } from "./Share";

type SaveProps = { video: Video; onClose: () => void };

export function Actions({ video, player }: { video: Video; player: YeoulPlayer }) {
  const account = useAccount();
  const [Share, setShare] = useState<{ Shown: ComponentType<ShareProps> } | null>(null);
  const [Save, setSave] = useState<{ Shown: ComponentType<SaveProps> } | null>(null);
  return (
    <div class="watch-actions">
      <button type="button" class="button button-quiet button-small" onClick={() => void import("./Share").then((one) => setShare({ Shown: one.Share }))}>
        <Icon name="share" size={18} />
        {words.page.share}
      </button>
      {account ? (
        <button type="button" class="button button-quiet button-small" onClick={() => void import("../list/SaveDialog").then((one) => setSave({ Shown: one.SaveDialog }))}>
          <Icon name="list" size={18} />
          {words.page.save}
        </button>
      ) : (
        <a class="button button-quiet button-small" href={signInUrl()} title={words.page.signInToSave}>
          <Icon name="list" size={18} />
          {words.page.save}
        </a>
      )}
      {Share !== null && <Share.Shown video={video} now_s={player.media.currentTime} onClose={() => setShare(null)} />}
      {Save !== null && <Save.Shown video={video} onClose={() => setSave(null)} />}
    </div>
  );
}
