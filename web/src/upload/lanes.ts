/** How many objects are sent at once: one until the first has landed, then more as long as that brings more; pure. */

const START = 4;
const MOST = 8;
const GAIN = 1.1; // what one more lane has to bring

export class Lanes {
  private wanted = 1;
  private landed = 0;
  private best = 0;

  /** most: how many the browser and the other uploads leave room for. */
  constructor(private readonly most: () => number) {}

  get allowed(): number {
    return Math.max(1, Math.min(this.wanted, this.most()));
  }

  /** An object has landed, at so many bytes per second over all lanes. */
  succeeded(bytesPerS: number): void {
    this.landed += 1;
    if (this.landed === 1) this.wanted = START;
    else if (this.landed % this.allowed === 0 && bytesPerS > this.best * GAIN) {
      this.best = bytesPerS;
      this.wanted = Math.min(MOST, this.allowed + 1);
    }
  }

  /** The line or the store gave way. */
  failed(): void {
    this.wanted = Math.max(1, Math.floor(this.allowed / 2));
    this.best = 0;
  }
}
