/** Counts the times when playback stopped for long enough to be noticed; seeking, loading and the end are not counted. */

// A decoder that runs dry at a picture of variable duration says "waiting" for some 1-40 ms, with data at hand.
const NOTICED_MS = 100;

export class StallCounter {
  count = 0;
  #expected = true;
  #timer: number | undefined;

  constructor(media: HTMLMediaElement) {
    media.addEventListener("playing", () => {
      this.#expected = false;
      window.clearTimeout(this.#timer);
    });
    for (const type of ["seeking", "emptied", "ended", "pause"]) media.addEventListener(type, () => this.expect());
    media.addEventListener("waiting", () => {
      if (this.#expected || media.seeking || media.ended) return;
      window.clearTimeout(this.#timer);
      this.#timer = window.setTimeout(() => (this.count += 1), NOTICED_MS);
    });
  }

  /** Whatever waits until the next picture plays was asked for. */
  expect(): void {
    this.#expected = true;
    window.clearTimeout(this.#timer);
  }
}
