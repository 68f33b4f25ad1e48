/** A few words over the picture, for a moment. */

const SHOWN_MS = 900;

export class Toast {
  #timer: number | undefined;

  constructor(readonly element: HTMLElement) {}

  show(text: string, shownMs = SHOWN_MS): void {
    this.element.textContent = text;
    this.element.hidden = false;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.element.hidden = true), shownMs);
  }
}
