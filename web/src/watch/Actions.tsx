import type { ComponentType } from "preact";
import { useState } from "preact/hooks";

import type { Video } from "../api/video.ts";
import { Icon } from "../part/Icon.tsx";
import type { YeoulPlayer } from "../player/yeoul-player.ts";
import { signInUrl, useAccount } from "../session/session.ts";
import { words } from "../text/watch/words.ts";
import type { ShareProps } from "./Share.tsx";

type SaveProps = { video: Video; onClose: () => void };

/** The share and save buttons. Their dialogs are loaded on demand. */
export function Actions({ video, player }: { video: Video; player: YeoulPlayer }) {
  const account = useAccount();
  const [Share, setShare] = useState<{ Shown: ComponentType<ShareProps> } | null>(null);
  const [Save, setSave] = useState<{ Shown: ComponentType<SaveProps> } | null>(null);
  return (
    <div class="watch-actions">
      <button
        type="button"
        class="button button-quiet button-small"
        onClick={() =>
          void import("./Share.tsx").then((module) => setShare({ Shown: module.Share }))
        }
      >
        <Icon name="share" size={18} />
        {words.page.share}
      </button>
      {account ? (
        <button
          type="button"
          class="button button-quiet button-small"
          onClick={() =>
            void import("../list/SaveDialog.tsx").then((module) =>
              setSave({ Shown: module.SaveDialog }),
            )
          }
        >
          <Icon name="list" size={18} />
          {words.page.save}
        </button>
      ) : (
        <a
          class="button button-quiet button-small"
          href={signInUrl()}
          title={words.page.signInToSave}
        >
          <Icon name="list" size={18} />
          {words.page.save}
        </a>
      )}
      {Share !== null && (
        <Share.Shown
          video={video}
          now_s={player.media.currentTime}
          onClose={() => setShare(null)}
        />
      )}
      {Save !== null && <Save.Shown video={video} onClose={() => setSave(null)} />}
    </div>
  );
}
