/** What is worth another attempt, and how long to wait for it: growing pauses with jitter, cut short when the network is back. */

import { ApiError } from "../api/video";

const FIRST_MS = 200;
const LONGEST_MS = 5000;
const REFUSALS = 4; // an address that is refused again and again has not merely expired
const REFUSED = new Set(["storage.bad_signature", "storage.missing", "storage.checksum_mismatch", "upload.piece_missing", "http.403"]);

/** Whether an attempt failed for reasons that pass. attempt: counted from 0. */
export function isWorthRetry(error: unknown, attempt: number): boolean {
  if (!(error instanceof ApiError)) return false;
  if (error.status === 0 || error.status >= 500 || error.status === 408 || error.status === 429) return true;
  if (error.code === "storage.receiving") return true; // another tab or a lost line still sends it
  return REFUSED.has(error.code) && attempt < REFUSALS;
}

/** Milliseconds before the attempt after this one. */
export function pauseMs(attempt: number): number {
  return Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}

/** Waits, and while the browser knows that it is offline, until it is not. Ends early when stopped. */
export async function waitToRetry(ms: number, stop: AbortSignal): Promise<void> {
  if (!navigator.onLine) await event(window, "online", Infinity, stop);
  else await event(window, "online", ms, stop);
}

function event(target: EventTarget, name: string, ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = (): void => {
      clearTimeout(timer);
      target.removeEventListener(name, end);
      stop.removeEventListener("abort", end);
      done();
    };
    const timer = Number.isFinite(ms) ? setTimeout(end, ms) : undefined;
    target.addEventListener(name, end);
    stop.addEventListener("abort", end);
  });
}
