const START = 4;
const MAX_LANES = 8;
const MIN_GAIN = 1.1; // of the throughput, by one more lane

/**
 * Decides how many objects are sent at once: one until the first has landed, then more while that
 * raises the throughput. Pure.
 */
export class Lanes {
  private readonly limit: () => number;
  private wanted = 1;
  private landed = 0;
  private bestBytesPerS = 0;

  /** limit: how many lanes the browser and the other uploads allow now. */
  constructor(limit: () => number) {
    this.limit = limit;
  }

  get allowed(): number {
    return Math.max(1, Math.min(this.wanted, this.limit()));
  }

  /** Records that an object has landed, and the throughput of all lanes. */
  succeeded(bytesPerS: number): void {
    this.landed += 1;
    if (this.landed === 1) this.wanted = START;
    else if (this.landed % this.allowed === 0 && bytesPerS > this.bestBytesPerS * MIN_GAIN) {
      this.bestBytesPerS = bytesPerS;
      this.wanted = Math.min(MAX_LANES, this.allowed + 1);
    }
  }

  /** Halves the lanes after a failure of the connection or the store. */
  failed(): void {
    this.wanted = Math.max(1, Math.floor(this.allowed / 2));
    this.bestBytesPerS = 0;
  }
}
