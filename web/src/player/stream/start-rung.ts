/** Decides with which rung playback starts, for prefetching and for Shaka alike. */

import { preference, savesData } from "../preference.ts";

export interface StartRung {
  /** Width times height, in either orientation. */
  pixels: number;
  bandwidth_bps: number;
}

export interface StartLimits {
  bandwidth_bps: number;
  pixels: number;
}

declare global {
  interface Navigator {
    /** Network Information API, which not all browsers have. */
    readonly connection?: { readonly downlink?: number; readonly saveData?: boolean };
  }
}

/** 480p, with a tolerance for unusual aspect ratios. */
export const SAVER_PIXELS = 854 * 480 * 1.1;
const DEFAULT_BPS = 3_000_000;
/** The part of the bandwidth that a stream may use (Shaka's bandwidthDowngradeTarget). */
const USABLE_SHARE = 0.95;

export function startLimits(): StartLimits {
  const measured = preference().bandwidth_bps || (navigator.connection?.downlink ?? 0) * 1e6;
  return { bandwidth_bps: measured || DEFAULT_BPS, pixels: savesData() ? SAVER_PIXELS : Infinity };
}

/** Returns the largest rung within the limits, or the smallest rung. Pure. */
export function pickStartRung<T extends StartRung>(
  rungs: readonly T[],
  limits: StartLimits,
): T | undefined {
  const ascending = [...rungs].sort((a, b) => a.bandwidth_bps - b.bandwidth_bps);
  const fits = (rung: T): boolean =>
    rung.pixels <= limits.pixels && rung.bandwidth_bps <= limits.bandwidth_bps * USABLE_SHARE;
  return ascending.findLast(fits) ?? ascending[0];
}

/**
 * Returns a bandwidth estimate with which Shaka picks `rung`: between the needs of this rung and
 * the next one. Pure.
 */
export function bandwidthFor(rungs: readonly StartRung[], rung: StartRung): number {
  const larger = rungs
    .map(({ bandwidth_bps }) => bandwidth_bps)
    .filter((bps) => bps > rung.bandwidth_bps);
  const next = Math.min(...larger, rung.bandwidth_bps * 2);
  return Math.sqrt(rung.bandwidth_bps * next) / USABLE_SHARE;
}
