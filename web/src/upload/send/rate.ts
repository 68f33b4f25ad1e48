const WINDOW_MS = 8000;
/** Shorter spans would give wild rates after the first bytes. */
const MIN_SPAN_MS = 500;

/** Measures the throughput over the last seconds. */
export class Rate {
  private samples: { atMs: number; bytes: number }[] = [];

  add(bytes: number, nowMs: number): void {
    this.samples.push({ atMs: nowMs, bytes });
    this.samples = this.recent(nowMs);
  }

  clear(): void {
    this.samples = [];
  }

  bytesPerS(nowMs: number): number {
    const samples = this.recent(nowMs);
    const first = samples[0];
    if (first === undefined) return 0;
    const spanMs = Math.max(MIN_SPAN_MS, nowMs - first.atMs);
    return Math.max(0, (1000 * samples.reduce((sum, { bytes }) => sum + bytes, 0)) / spanMs);
  }

  /** Returns the seconds until `leftBytes` are sent, or null if nothing moves. */
  etaS(leftBytes: number, nowMs: number): number | null {
    const rate = this.bytesPerS(nowMs);
    return rate > 0 ? leftBytes / rate : null;
  }

  private recent(nowMs: number): { atMs: number; bytes: number }[] {
    return this.samples.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
  }
}
