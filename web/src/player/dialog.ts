/** The player's dialogs, which come with all they need only when they are opened. */

import type { ComponentType } from "preact";

export interface DialogProps {
  onClose: () => void;
}

/** Shows a dialog over everything; in full screen, too, since it becomes the topmost layer. */
export async function openDialog(load: () => Promise<ComponentType<DialogProps>>): Promise<void> {
  const [{ h, render }, Shown] = await Promise.all([import("preact"), load()]);
  if (document.querySelector("dialog[open]") !== null) return;
  const place = document.createElement("div");
  (document.fullscreenElement ?? document.body).append(place);
  const close = (): void => {
    render(null, place);
    place.remove();
  };
  render(h(Shown, { onClose: close }), place);
}
