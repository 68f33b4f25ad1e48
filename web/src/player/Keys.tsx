/** The list of keys. */

import { Dialog } from "../part/Dialog";
import { words } from "../text/watch/words";
import type { DialogProps } from "./dialog";

export function Keys({ onClose }: DialogProps) {
  return (
    <Dialog title={words.keys.title} onClose={onClose}>
      <dl class="keys">
        {words.keys.rows.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
