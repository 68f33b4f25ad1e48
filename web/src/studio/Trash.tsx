/** Videos that were deleted of late: restored, or deleted for good. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { TrashedView } from "../api/schema";
import { More } from "../list/More";
import { usePages } from "../list/usePages";
import { Confirm } from "../part/Dialog";
import { Icon } from "../part/Icon";
import { Empty, Trouble } from "../part/state";
import { toast } from "../shell/toast";
import { formatAge, formatDay } from "../text/format";
import { text } from "../text/text";
import { restoreVideos } from "./deletion";

export function Trash() {
  const pages = usePages("trash", (cursor, signal) => call("GET /trash", { query: { cursor }, signal }));
  const [asking, setAsking] = useState<TrashedView | null>(null);
  const drop = (one: TrashedView): void => pages.change((items) => items.filter((other) => other.video.id !== one.video.id));
  const restore = async (one: TrashedView): Promise<void> => {
    if ((await restoreVideos([one.video])).length > 0) drop(one);
  };
  if (pages.items.length === 0 && pages.error !== null) return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy) return <Empty title={text.trash.empty} hint={text.trash.emptyHint} />;
  return (
    <>
      <ul class="trash" aria-label={text.trash.title} aria-busy={pages.busy}>
        {pages.items.map((one) => (
          <TrashRow key={one.video.id} one={one} onRestore={() => void restore(one)} onDelete={() => setAsking(one)} />
        ))}
      </ul>
      <More pages={pages} />
      {asking !== null && (
        <Confirm
          title={text.trash.foreverTitle(nameOf(asking))}
          hint={text.trash.foreverHint}
          action={text.trash.forever}
          onClose={() => setAsking(null)}
          onYes={async () => {
            await call("DELETE /videos/{video_id}", { path: { video_id: asking.video.id }, query: { forever: "true" } });
            drop(asking);
            toast(text.trash.gone);
          }}
        />
      )}
    </>
  );
}

function nameOf(one: TrashedView): string {
  return one.video.title || text.video.untitled;
}

function TrashRow({ one, onRestore, onDelete }: { one: TrashedView; onRestore: () => void; onDelete: () => void }) {
  return (
    <li class="trash-row">
      <Icon name="trash" />
      <div class="trash-words">
        <p class="own-title">{nameOf(one)}</p>
        <p class="field-hint">{text.trash.until(formatAge(one.trashed_at), formatDay(one.freed_at))}</p>
      </div>
      <div class="trash-actions">
        <button type="button" class="button button-small" aria-label={text.trash.restoreOne(nameOf(one))} onClick={onRestore}>
          {text.trash.restore}
        </button>
        <button type="button" class="button button-small button-quiet" aria-label={text.trash.foreverOne(nameOf(one))} onClick={onDelete}>
          {text.trash.forever}
        </button>
      </div>
    </li>
  );
}
