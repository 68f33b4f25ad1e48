/** The progress of uploads in words. Pure. */

import { formatBytes, formatDuration, formatPercent } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import type { Progress } from "../send/upload.ts";

/** Returns how much of an upload is sent, from 0 to 1. */
export function shareOf({ state, sentBytes, totalBytes }: Progress): number {
  if (state === "done") return 1;
  return totalBytes > 0 ? sentBytes / totalBytes : 0;
}

/** Describes one upload: its state, and while it is sent its share, rate and remaining time. */
export function describeProgress(progress: Progress): string {
  const { state, bytesPerS, etaS, resumed } = progress;
  const isSending = state === "sending";
  const words: string[] = [isSending && resumed ? text.upload.goingOn : text.upload.states[state]];
  if (isSending || state === "paused" || state === "offline") {
    words.push(formatPercent(shareOf(progress)));
  }
  if (isSending && bytesPerS > 0) words.push(text.upload.rate(formatBytes(bytesPerS)));
  if (etaS !== null) words.push(text.upload.left(formatDuration(etaS)));
  return words.join(" · ");
}

/**
 * Describes the total rate and remaining time of the uploads that run, including those that wait.
 * Returns "" if nothing moves.
 */
export function describeTotal(running: readonly Progress[]): string {
  let [bytesPerS, leftBytes] = [0, 0];
  for (const progress of running) {
    if (progress.state === "sending") bytesPerS += progress.bytesPerS;
    leftBytes += progress.totalBytes - progress.sentBytes;
  }
  if (bytesPerS === 0) return "";
  const left = text.upload.left(formatDuration(leftBytes / bytesPerS));
  return [text.upload.rate(formatBytes(bytesPerS)), left].join(" · ");
}
