/** The pieces of a file from its start to its end: which have landed, and which are on their way. */

import { useEffect, useRef } from "preact/hooks";

import { text } from "../../text/text";
import type { ItemState } from "../upload";

const HEIGHT = 10;

/** Drawn on a canvas: a long film has thousands of pieces. */
export function PieceStrip({ items }: { items: readonly ItemState[] }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null) draw(canvas.current, items);
  });
  const landed = items.filter((state) => state === "landed").length;
  return <canvas class="pieces" ref={canvas} height={HEIGHT} role="img" aria-label={text.upload.pieces(landed, items.length)} />;
}

function draw(canvas: HTMLCanvasElement, items: readonly ItemState[]): void {
  const scale = window.devicePixelRatio || 1;
  const style = getComputedStyle(canvas);
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(HEIGHT * scale)];
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  if (pen === null || items.length === 0) return;
  const colours: Record<ItemState, string> = { landed: style.getPropertyValue("--accent"), sending: style.getPropertyValue("--warn"), missing: style.getPropertyValue("--raised-2") };
  const step = width / items.length;
  const gap = step > 4 * scale ? scale : 0;
  pen.clearRect(0, 0, width, height);
  items.forEach((state, index) => {
    const left = Math.round(index * step);
    pen.fillStyle = colours[state];
    pen.fillRect(left, state === "missing" ? height * 0.3 : 0, Math.max(1, Math.round((index + 1) * step) - left - gap), state === "missing" ? height * 0.4 : height);
  });
}
