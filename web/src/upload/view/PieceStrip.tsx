/** The pieces of a file from its start to its end: which are on their way, have landed, are encoded. */

import { useEffect, useRef } from "preact/hooks";

import { text } from "../../text/text";
import type { ItemState } from "../upload";

type Shown = ItemState | "encoded";

const HEIGHT = 10;
const LANDED_ALPHA = 0.45;

/** Drawn on a canvas: a long film has thousands of pieces. */
export function PieceStrip({ items, encoded }: { items: readonly ItemState[]; encoded: ReadonlySet<number> }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, items.map((state, index) => (encoded.has(index) ? "encoded" : state)));
  });
  const landed = items.filter((state) => state === "landed").length;
  const words = text.upload.pieces({ all: items.length, landed, encoded: encoded.size });
  return <canvas class="pieces" ref={canvas} height={HEIGHT} role="img" aria-label={words} title={words} />;
}

function draw(canvas: HTMLCanvasElement, items: readonly Shown[]): void {
  const scale = window.devicePixelRatio || 1;
  const style = getComputedStyle(canvas);
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(HEIGHT * scale)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  if (pen === null || items.length === 0) return;
  const colour = (name: string): string => style.getPropertyValue(name);
  const colours: Record<Shown, string> = { encoded: colour("--accent"), landed: colour("--accent"), sending: colour("--warn"), missing: colour("--raised-2") };
  const step = width / items.length;
  const gap = step > 4 * scale ? scale : 0;
  pen.clearRect(0, 0, width, height);
  items.forEach((state, index) => {
    const left = Math.round(index * step);
    pen.globalAlpha = state === "landed" ? LANDED_ALPHA : 1;
    pen.fillStyle = colours[state];
    pen.fillRect(left, state === "missing" ? height * 0.3 : 0, Math.max(1, Math.round((index + 1) * step) - left - gap), state === "missing" ? height * 0.4 : height);
  });
}
