/** Bytes per second over the last seconds, and how long the rest takes at that rate. */

const WINDOW_MS = 8000;

export class Rate {
  private moments: { atMs: number; bytes: number }[] = [];

  add(bytes: number, nowMs: number): void {
    this.moments.push({ atMs: nowMs, bytes });
    this.moments = this.moments.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
  }

  clear(): void {
    this.moments = [];
  }

  bytesPerS(nowMs: number): number {
    const recent = this.moments.filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    const first = recent[0];
    if (first === undefined) return 0;
    const spanMs = Math.max(500, nowMs - first.atMs);
    return Math.max(0, (1000 * recent.reduce((sum, { bytes }) => sum + bytes, 0)) / spanMs);
  }

  /** Seconds until `leftBytes` are sent; null where nothing moves. What the encoders still have to do is not in it. */
  etaS(leftBytes: number, nowMs: number): number | null {
    const rate = this.bytesPerS(nowMs);
    return rate > 0 ? leftBytes / rate : null;
  }
}
