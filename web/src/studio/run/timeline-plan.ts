/** Lays out a run's attempts over time, with the lanes of each worker below one another. Pure. */

import type { Bar, Timeline } from "../../api/schema.d.ts";

export const LANE_HEIGHT = 22;
export const BAR_HEIGHT = LANE_HEIGHT - 4;
export const LABEL_HEIGHT = 20;
export const AXIS_HEIGHT = 22;
const WORKER_GAP = 8;
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const MAX_STEP_S = 7200;
const MIN_TICK_PX = 90;
const MIN_BAR_PX = 2;
const MIN_TOTAL_S = 1e-3;

export interface PlacedBar {
  bar: Bar;
  x: number;
  y: number;
  width: number;
}

export interface TimelinePlan {
  width: number;
  height: number;
  bars: PlacedBar[];
  labels: { words: string; y: number }[];
  ticks: { x: number; at_s: number }[];
}

/** Places bars, worker names and ticks in a drawing of `width` pixels. */
export function planTimeline(timeline: Timeline, width: number): TimelinePlan {
  const totalS = Math.max(timeline.ended_s - timeline.began_s, MIN_TOTAL_S);
  const xOf = (atS: number): number => ((atS - timeline.began_s) / totalS) * (width - 2);
  const { labels, tops, height } = placeWorkers(timeline.bars);
  const bars = timeline.bars.map((bar) => {
    const x = xOf(bar.started_s);
    return {
      bar,
      x,
      y: (tops.get(bar.worker) ?? 0) + bar.lane * LANE_HEIGHT,
      width: Math.max(MIN_BAR_PX, xOf(bar.started_s + bar.run_s) - x),
    };
  });
  const stepS = STEPS_S.find((step) => (step / totalS) * width >= MIN_TICK_PX) ?? MAX_STEP_S;
  const ticks = Array.from({ length: Math.floor(totalS / stepS) + 1 }, (_, index) => ({
    x: xOf(timeline.began_s + index * stepS),
    at_s: index * stepS,
  }));
  return { width, height, bars, labels, ticks };
}

/** Returns the y of each worker's name and of its first lane. Workers are ordered by name. */
function placeWorkers(bars: readonly Bar[]): {
  labels: TimelinePlan["labels"];
  tops: Map<string, number>;
  height: number;
} {
  const lanes = new Map<string, number>();
  for (const bar of bars) lanes.set(bar.worker, Math.max(lanes.get(bar.worker) ?? 0, bar.lane + 1));
  const tops = new Map<string, number>();
  const labels: TimelinePlan["labels"] = [];
  let y = AXIS_HEIGHT;
  for (const [worker, count] of [...lanes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    labels.push({ words: worker, y });
    tops.set(worker, y + LABEL_HEIGHT);
    y += LABEL_HEIGHT + count * LANE_HEIGHT + WORKER_GAP;
  }
  return { labels, tops, height: y };
}

/** Returns the bar at a point. Later bars lie above earlier ones. */
export function findBar(plan: TimelinePlan, x: number, y: number): Bar | undefined {
  const isHit = (bar: PlacedBar): boolean =>
    x >= bar.x - 1 && x <= bar.x + bar.width + 1 && y >= bar.y && y < bar.y + BAR_HEIGHT;
  return plan.bars.findLast(isHit)?.bar;
}
