/** Decides which failures of an upload are retried, and when. */

import { Problem } from "../../api/client.ts";

const FIRST_MS = 200;
const MAX_PAUSE_MS = 5000;
/** A URL that is refused this often has not merely expired. */
const MAX_REFUSALS = 4;
const REFUSED = new Set([
  "storage.bad_signature",
  "storage.missing",
  "storage.checksum_mismatch",
  "upload.piece_missing",
  "http.403",
]);

/** True if the failure may pass. attempt: counted from 0. */
export function isRetriable(error: unknown, attempt: number): boolean {
  if (!(error instanceof Problem)) return false;
  if (error.status === 0 || error.status >= 500 || error.status === 408 || error.status === 429)
    return true;
  // Another tab, or a connection that was lost, still sends the object.
  if (error.code === "storage.receiving") return true;
  return REFUSED.has(error.code) && attempt < MAX_REFUSALS;
}

/** Returns the pause after a failed attempt: exponential with jitter. */
export function pauseMs(attempt: number): number {
  return Math.min(MAX_PAUSE_MS, FIRST_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}

/**
 * Waits before the next attempt; while the browser is offline, until it is online. Returns early if
 * `stop` is aborted.
 */
export function waitToRetry(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = navigator.onLine ? setTimeout(end, ms) : undefined;
    function end(): void {
      clearTimeout(timer);
      window.removeEventListener("online", end);
      stop.removeEventListener("abort", end);
      resolve();
    }
    window.addEventListener("online", end);
    stop.addEventListener("abort", end);
  });
}
