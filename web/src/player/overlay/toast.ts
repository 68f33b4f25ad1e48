const SHOWN_MS = 900;

/** A short message over the picture. */
export class Toast {
  readonly element: HTMLElement;
  #timer: number | undefined;

  constructor(element: HTMLElement) {
    this.element = element;
  }

  show(text: string, shownMs = SHOWN_MS): void {
    this.element.textContent = text;
    this.element.hidden = false;
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => {
      this.element.hidden = true;
    }, shownMs);
  }
}
