/** Draws a run's attempts over time on a canvas, each worker's lanes below one another, and finds what is under the pointer. */

import type { Bar, Timeline } from "../api/schema";

const LANE = 22;
const LABEL = 20;
const AXIS = 22;
const HUES = [172, 215, 262, 322, 20, 46, 96, 140];
const STEPS_S = [0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200];
const TICK_PX = 90;
const THINNEST = 2;
/** Canvases beyond this are not drawn by browsers. */
const WIDEST = 16_000;

interface Box {
  bar: Bar;
  x: number;
  y: number;
  width: number;
}

export interface Plan {
  width: number;
  height: number;
  boxes: Box[];
  labels: { words: string; y: number }[];
  ticks: { x: number; at_s: number }[];
}

/** Where everything stands in so many pixels. */
export function planTimeline(timeline: Timeline, width: number): Plan {
  const total_s = Math.max(timeline.ended_s - timeline.began_s, 1e-3);
  const place = (at_s: number): number => ((at_s - timeline.began_s) / total_s) * (width - 2);
  const lanes = new Map<string, number>();
  for (const bar of timeline.bars) lanes.set(bar.worker, Math.max(lanes.get(bar.worker) ?? 0, bar.lane + 1));
  const tops = new Map<string, number>();
  const labels: Plan["labels"] = [];
  let y = AXIS;
  for (const worker of [...lanes.keys()].sort()) {
    labels.push({ words: worker, y });
    tops.set(worker, y + LABEL);
    y += LABEL + (lanes.get(worker) ?? 1) * LANE + 8;
  }
  const boxes = timeline.bars.map((bar) => {
    const x = place(bar.started_s);
    return { bar, x, y: (tops.get(bar.worker) ?? 0) + bar.lane * LANE, width: Math.max(THINNEST, place(bar.started_s + bar.run_s) - x) };
  });
  const step_s = STEPS_S.find((one) => (one / total_s) * width >= TICK_PX) ?? 7200;
  const ticks = Array.from({ length: Math.floor(total_s / step_s) + 1 }, (_, index) => ({ x: place(timeline.began_s + index * step_s), at_s: index * step_s }));
  return { width, height: y, boxes, labels, ticks };
}

/** The colour of a stage, by its place among the stages. */
export function colourOf(index: number, light: boolean): string {
  return `hsl(${HUES[index % HUES.length]} ${light ? "48% 42%" : "50% 58%"})`;
}

export function drawTimeline(canvas: HTMLCanvasElement, plan: Plan, stages: readonly string[], sayTick: (at_s: number) => string): void {
  const scale = Math.min(window.devicePixelRatio, WIDEST / plan.width);
  canvas.width = plan.width * scale;
  canvas.height = plan.height * scale;
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  const style = getComputedStyle(canvas);
  const colour = (name: string): string => style.getPropertyValue(name);
  const light = style.colorScheme === "light";
  pen.scale(scale, scale);
  pen.font = `12px ${style.fontFamily}`;
  pen.textBaseline = "middle";
  for (const tick of plan.ticks) {
    pen.fillStyle = colour("--line");
    pen.fillRect(tick.x, AXIS - 4, 1, plan.height);
    pen.fillStyle = colour("--muted");
    pen.fillText(sayTick(tick.at_s), tick.x + 4, AXIS / 2);
  }
  for (const label of plan.labels) pen.fillText(label.words, 0, label.y + LABEL / 2);
  for (const box of plan.boxes) drawBar(pen, box, colourOf(stages.indexOf(box.bar.stage), light), colour);
}

function drawBar(pen: CanvasRenderingContext2D, { bar, x, y, width }: Box, fill: string, colour: (name: string) => string): void {
  const height = LANE - 4;
  const bad = bar.outcome !== null && bar.outcome !== "done";
  pen.globalAlpha = bar.outcome === null ? 0.55 : 1;
  pen.fillStyle = bad ? colour("--bad") : fill;
  pen.beginPath();
  pen.roundRect(x, y, width, height, Math.min(4, width / 2));
  pen.fill();
  pen.globalAlpha = 1;
  if (bar.critical) {
    pen.strokeStyle = colour("--text");
    pen.lineWidth = 1.5;
    pen.stroke();
  }
  if (bad && width > 10) {
    pen.strokeStyle = colour("--ground");
    pen.lineWidth = 2;
    pen.beginPath();
    pen.moveTo(x + width / 2 - 4, y + height / 2 - 4);
    pen.lineTo(x + width / 2 + 4, y + height / 2 + 4);
    pen.moveTo(x + width / 2 + 4, y + height / 2 - 4);
    pen.lineTo(x + width / 2 - 4, y + height / 2 + 4);
    pen.stroke();
  }
}

/** The bar at a place of the drawing; later ones lie above. */
export function findBar(plan: Plan, x: number, y: number): Bar | undefined {
  return plan.boxes.findLast((box) => x >= box.x - 1 && x <= box.x + box.width + 1 && y >= box.y && y < box.y + LANE - 4)?.bar;
}
