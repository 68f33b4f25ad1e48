/** With which rung playing begins: the same answer for what is fetched ahead and for Shaka. */

import { preference, savesData } from "./preference";

/** pixels: width times height, whichever way the picture stands. */
export interface StartRung {
  pixels: number;
  bandwidth_bps: number;
}

export interface StartLimits {
  bandwidth_bps: number;
  pixels: number;
}

declare global {
  interface Navigator {
    /** Network Information API; not in all browsers. */
    readonly connection?: { readonly downlink?: number; readonly saveData?: boolean };
  }
}

/** 480p, and a little more for odd shapes. */
export const SAVER_PIXELS = 854 * 480 * 1.1;
const UNKNOWN_BPS = 3_000_000;
/** Share of the bandwidth that a stream may take (Shaka's bandwidthDowngradeTarget). */
const TAKEN = 0.95;

export function startLimits(): StartLimits {
  const measured = preference().bandwidth_bps || (navigator.connection?.downlink ?? 0) * 1e6;
  return { bandwidth_bps: measured || UNKNOWN_BPS, pixels: savesData() ? SAVER_PIXELS : Infinity };
}

/** The largest rung within the limits, else the smallest of all. */
export function pickStart<T extends StartRung>(rungs: readonly T[], limits: StartLimits): T | undefined {
  const rising = [...rungs].sort((a, b) => a.bandwidth_bps - b.bandwidth_bps);
  return rising.findLast((rung) => rung.pixels <= limits.pixels && rung.bandwidth_bps <= limits.bandwidth_bps * TAKEN) ?? rising[0];
}

/** A bandwidth by which Shaka picks that rung: between what it needs and what the next one needs. */
export function bandwidthFor(rungs: readonly StartRung[], picked: StartRung): number {
  const next = Math.min(...rungs.map((rung) => rung.bandwidth_bps).filter((bps) => bps > picked.bandwidth_bps), picked.bandwidth_bps * 2);
  return Math.sqrt(picked.bandwidth_bps * next) / TAKEN;
}
