/** Counts the times when playback stopped for want of data, which seeking and loading do not count as. */

export class StallCounter {
  count = 0;
  #expected = true;

  constructor(media: HTMLMediaElement) {
    media.addEventListener("playing", () => (this.#expected = false));
    for (const type of ["seeking", "emptied", "ended"]) media.addEventListener(type, () => this.expect());
    media.addEventListener("waiting", () => {
      if (!this.#expected && !media.seeking && !media.ended) this.count += 1;
    });
  }

  /** Whatever waits until the next frame plays was asked for. */
  expect(): void {
    this.#expected = true;
  }
}
