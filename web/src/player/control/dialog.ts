/** Opens dialogs of the player, which are loaded on demand together with Preact. */

import type { ComponentType } from "preact";

export interface DialogProps {
  onClose: () => void;
}

/** Shows a dialog, also in full screen. */
export async function openDialog(load: () => Promise<ComponentType<DialogProps>>): Promise<void> {
  const [{ h, render }, Shown] = await Promise.all([import("preact"), load()]);
  if (document.querySelector("dialog[open]") !== null) return;
  const container = document.createElement("div");
  (document.fullscreenElement ?? document.body).append(container);
  const close = (): void => {
    render(null, container);
    container.remove();
  };
  render(h(Shown, { onClose: close }), container);
}
