import { Dialog } from "../../part/Dialog.tsx";
import { KeyList } from "../../part/KeyList.tsx";
import { words } from "../../text/watch/words.ts";
import type { DialogProps } from "./dialog.ts";

/** A dialog that lists the keyboard shortcuts. */
export function Keys({ onClose }: DialogProps) {
  return (
    <Dialog title={words.keys.title} onClose={onClose}>
      <KeyList class="keys" rows={words.keys.rows} />
    </Dialog>
  );
}
