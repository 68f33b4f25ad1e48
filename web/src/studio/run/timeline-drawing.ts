/** Draws the timeline of a run on a canvas. */

import { themeColour } from "../../part/theme-colour.ts";
import { isLightTheme } from "../../preference/theme.ts";
import {
  AXIS_HEIGHT,
  BAR_HEIGHT,
  LABEL_HEIGHT,
  type PlacedBar,
  type TimelinePlan,
} from "./timeline-plan.ts";

const HUES = [172, 215, 262, 322, 20, 46, 96, 140];
/** Browsers do not draw wider canvases. */
const MAX_CANVAS_PX = 16_000;

/** Returns the colour of a stage, by its index among the stages. */
export function colourOf(index: number, isLight: boolean): string {
  return `hsl(${HUES[index % HUES.length]} ${isLight ? "48% 42%" : "50% 58%"})`;
}

export function drawTimeline(
  canvas: HTMLCanvasElement,
  plan: TimelinePlan,
  stages: readonly string[],
  formatTick: (atS: number) => string,
): void {
  const scale = Math.min(window.devicePixelRatio, MAX_CANVAS_PX / plan.width);
  canvas.width = plan.width * scale;
  canvas.height = plan.height * scale;
  const pen = canvas.getContext("2d");
  if (pen === null) return;
  const isLight = isLightTheme();
  const [line, muted] = [themeColour(canvas, "--line"), themeColour(canvas, "--muted")];
  pen.scale(scale, scale);
  pen.font = `12px ${getComputedStyle(canvas).fontFamily}`;
  pen.textBaseline = "middle";
  for (const tick of plan.ticks) {
    pen.fillStyle = line;
    pen.fillRect(tick.x, AXIS_HEIGHT - 4, 1, plan.height);
    pen.fillStyle = muted;
    pen.fillText(formatTick(tick.at_s), tick.x + 4, AXIS_HEIGHT / 2);
  }
  for (const label of plan.labels) pen.fillText(label.words, 0, label.y + LABEL_HEIGHT / 2);
  const colours = {
    bad: themeColour(canvas, "--bad"),
    text: themeColour(canvas, "--text"),
    ground: themeColour(canvas, "--ground"),
  };
  for (const placed of plan.bars)
    drawBar(pen, placed, colourOf(stages.indexOf(placed.bar.stage), isLight), colours);
}

/**
 * Failed attempts are red with a cross, running ones are pale, and those on the critical path have
 * an outline.
 */
function drawBar(
  pen: CanvasRenderingContext2D,
  { bar, x, y, width }: PlacedBar,
  fill: string,
  colours: { bad: string; text: string; ground: string },
): void {
  const isFailed = bar.outcome !== null && bar.outcome !== "done";
  pen.globalAlpha = bar.outcome === null ? 0.55 : 1;
  pen.fillStyle = isFailed ? colours.bad : fill;
  pen.beginPath();
  pen.roundRect(x, y, width, BAR_HEIGHT, Math.min(4, width / 2));
  pen.fill();
  pen.globalAlpha = 1;
  if (bar.critical) {
    pen.strokeStyle = colours.text;
    pen.lineWidth = 1.5;
    pen.stroke();
  }
  if (isFailed && width > 10) {
    pen.strokeStyle = colours.ground;
    drawCross(pen, x + width / 2, y + BAR_HEIGHT / 2);
  }
}

function drawCross(pen: CanvasRenderingContext2D, x: number, y: number): void {
  pen.lineWidth = 2;
  pen.beginPath();
  pen.moveTo(x - 4, y - 4);
  pen.lineTo(x + 4, y + 4);
  pen.moveTo(x + 4, y - 4);
  pen.lineTo(x - 4, y + 4);
  pen.stroke();
}
