/** The line over the picture while the player helps itself: what happened, and when it tries again. */

import { find } from "../find";
import { words } from "../text/watch/words";

const SECOND_MS = 1000;

export class Trouble {
  readonly #root: HTMLElement;
  #timer: number | undefined;

  constructor(player: HTMLElement) {
    this.#root = find(".trouble", player);
  }

  show(message: string, retryS: number): void {
    this.#root.hidden = false;
    find("[role=status]", this.#root).textContent = message;
    this.#count(Math.ceil(retryS));
  }

  hide(): void {
    window.clearTimeout(this.#timer);
    this.#root.hidden = true;
  }

  #count(left: number): void {
    window.clearTimeout(this.#timer);
    find(".trouble-again", this.#root).textContent = left > 1 ? words.fault.againIn(left) : words.fault.again;
    if (left > 1) this.#timer = window.setTimeout(() => this.#count(left - 1), SECOND_MS);
  }
}
