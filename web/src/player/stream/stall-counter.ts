/**
 * Shorter stalls are not noticed: a decoder may report "waiting" for 1-40 ms at a frame of variable
 * duration, with data in the buffer.
 */
export const MIN_STALL_MS = 100;

/** Counts stalls that a viewer notices. Seeking, loading and the end of the video are no stalls. */
export class StallCounter {
  count = 0;
  #isExpected = true;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(media: HTMLMediaElement) {
    media.addEventListener("playing", () => {
      this.#isExpected = false;
      clearTimeout(this.#timer);
    });
    for (const type of ["seeking", "emptied", "ended", "pause"])
      media.addEventListener(type, () => this.expect());
    media.addEventListener("waiting", () => {
      if (this.#isExpected || media.seeking || media.ended) return;
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => (this.count += 1), MIN_STALL_MS);
    });
  }

  /** Ignores waiting until playback continues. */
  expect(): void {
    this.#isExpected = true;
    clearTimeout(this.#timer);
  }
}
