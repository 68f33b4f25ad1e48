import { getElement } from "../../part/get-element.ts";
import { words } from "../../text/watch/words.ts";

const SECOND_MS = 1000;

/** A line over the picture that says what went wrong and when playback is retried. */
export class RetryNotice {
  readonly #root: HTMLElement;
  #timer: number | undefined;

  constructor(player: HTMLElement) {
    this.#root = getElement(".trouble", player);
  }

  show(message: string, retryS: number): void {
    this.#root.hidden = false;
    getElement("[role=status]", this.#root).textContent = message;
    this.#countDown(Math.ceil(retryS));
  }

  hide(): void {
    window.clearTimeout(this.#timer);
    this.#root.hidden = true;
  }

  #countDown(left: number): void {
    window.clearTimeout(this.#timer);
    getElement(".trouble-again", this.#root).textContent =
      left > 1 ? words.fault.againIn(left) : words.fault.again;
    if (left > 1) this.#timer = window.setTimeout(() => this.#countDown(left - 1), SECOND_MS);
  }
}
