/**
 * The pieces of a file from start to end, coloured by state: missing, sending, landed or encoded.
 */

import { useEffect, useRef } from "preact/hooks";

import { themeColour } from "../../part/theme-colour.ts";
import { text } from "../../text/text.ts";
import type { ItemState } from "../send/upload.ts";

type Shown = ItemState | "encoded";

const HEIGHT = 10;
const LANDED_ALPHA = 0.45;

/** Drawn on a canvas, since a long video has thousands of pieces. */
export function PieceStrip({
  items,
  encoded,
}: {
  items: readonly ItemState[];
  encoded: ReadonlySet<number>;
}) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    if (canvas.current !== null)
      draw(
        canvas.current,
        items.map((state, index) => (encoded.has(index) ? "encoded" : state)),
      );
  });
  const landed = items.filter((state) => state === "landed").length;
  const words = text.upload.pieces({ all: items.length, landed, encoded: encoded.size });
  return (
    <canvas
      class="pieces"
      ref={canvas}
      height={HEIGHT}
      role="img"
      aria-label={words}
      title={words}
    />
  );
}

function draw(canvas: HTMLCanvasElement, items: readonly Shown[]): void {
  const scale = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(canvas.clientWidth * scale), Math.round(HEIGHT * scale)];
  if (canvas.width !== width || canvas.height !== height)
    [canvas.width, canvas.height] = [width, height];
  const pen = canvas.getContext("2d");
  if (pen === null || items.length === 0) return;
  const accent = themeColour(canvas, "--accent");
  const colours: Record<Shown, string> = {
    encoded: accent,
    landed: accent,
    sending: themeColour(canvas, "--warn"),
    missing: themeColour(canvas, "--raised-2"),
  };
  const step = width / items.length;
  const gap = step > 4 * scale ? scale : 0;
  pen.clearRect(0, 0, width, height);
  items.forEach((state, index) => {
    const left = Math.round(index * step);
    pen.globalAlpha = state === "landed" ? LANDED_ALPHA : 1;
    pen.fillStyle = colours[state];
    pen.fillRect(
      left,
      state === "missing" ? height * 0.3 : 0,
      Math.max(1, Math.round((index + 1) * step) - left - gap),
      state === "missing" ? height * 0.4 : height,
    );
  });
}
