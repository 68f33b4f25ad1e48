import { useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { TrashedView } from "../../api/schema.d.ts";
import { More } from "../../list/More.tsx";
import { usePages } from "../../list/use-pages.ts";
import { Confirm } from "../../part/Dialog.tsx";
import { Icon } from "../../part/Icon.tsx";
import { Empty, Trouble } from "../../part/state.tsx";
import { toast } from "../../shell/toast.ts";
import { formatAge, formatDay } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { restoreVideos } from "./deletion.ts";

/** Lists deleted videos, which can be restored or deleted permanently. */
export function Trash() {
  const pages = usePages("trash", (cursor, signal) =>
    call("GET /trash", { query: { cursor }, signal }),
  );
  const [deleting, setDeleting] = useState<TrashedView | null>(null);
  const removeRow = (entry: TrashedView): void =>
    pages.change((items) => items.filter((other) => other.video.id !== entry.video.id));
  const restore = async (entry: TrashedView): Promise<void> => {
    if ((await restoreVideos([entry.video])).length > 0) removeRow(entry);
  };
  if (pages.items.length === 0 && pages.error !== null)
    return <Trouble error={pages.error} onRetry={pages.load} />;
  if (pages.items.length === 0 && !pages.busy)
    return <Empty title={text.trash.empty} hint={text.trash.emptyHint} />;
  return (
    <>
      <ul class="trash" aria-label={text.trash.title} aria-busy={pages.busy}>
        {pages.items.map((entry) => (
          <TrashRow
            key={entry.video.id}
            entry={entry}
            onRestore={() => void restore(entry)}
            onDelete={() => setDeleting(entry)}
          />
        ))}
      </ul>
      <More pages={pages} />
      {deleting !== null && (
        <Confirm
          title={text.trash.foreverTitle(nameOf(deleting))}
          hint={text.trash.foreverHint}
          action={text.trash.forever}
          onClose={() => setDeleting(null)}
          onYes={async () => {
            await call("DELETE /videos/{video_id}", {
              path: { video_id: deleting.video.id },
              query: { forever: "true" },
            });
            removeRow(deleting);
            toast(text.trash.gone);
          }}
        />
      )}
    </>
  );
}

function nameOf(entry: TrashedView): string {
  return entry.video.title || text.video.untitled;
}

function TrashRow({
  entry,
  onRestore,
  onDelete,
}: {
  entry: TrashedView;
  onRestore: () => void;
  onDelete: () => void;
}) {
  return (
    <li class="trash-row">
      <Icon name="trash" />
      <div class="trash-words">
        <p class="clamp own-title">{nameOf(entry)}</p>
        <p class="field-hint">
          {text.trash.until(formatAge(entry.trashed_at), formatDay(entry.freed_at))}
        </p>
      </div>
      <div class="trash-actions">
        <button
          type="button"
          class="button button-small"
          aria-label={text.trash.restoreOne(nameOf(entry))}
          onClick={onRestore}
        >
          {text.trash.restore}
        </button>
        <button
          type="button"
          class="button button-small button-quiet"
          aria-label={text.trash.foreverOne(nameOf(entry))}
          onClick={onDelete}
        >
          {text.trash.forever}
        </button>
      </div>
    </li>
  );
}
