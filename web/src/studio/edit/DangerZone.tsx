import { useEffect, useState } from "preact/hooks";

import { text } from "../../text/text.ts";
import { fetchTrashDays } from "../videos/deletion.ts";

/** The section that deletes a video. */
export function DangerZone({ onDelete }: { onDelete: () => void }) {
  const [days, setDays] = useState<number | null>(null);
  useEffect(() => {
    fetchTrashDays().then(setDays, () => undefined);
  }, []);
  return (
    <section class="danger" aria-label={text.trash.deleteTitle}>
      <div>
        <h2 class="part-title">{text.trash.deleteTitle}</h2>
        <p class="field-hint">
          {days === null ? "\u00a0" : days > 0 ? text.trash.kept(days) : text.trash.notKept}
        </p>
      </div>
      <button type="button" class="button button-bad" onClick={onDelete}>
        {text.studio.delete}
      </button>
    </section>
  );
}
