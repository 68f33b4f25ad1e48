/**
 * The upload queue of the page. Components that use it are drawn again at each change, and each
 * second while an upload runs.
 */

import { useEffect, useState } from "preact/hooks";

import { Queue } from "../send/queue.ts";
import type { Upload } from "../send/upload.ts";

const TICK_MS = 1000;

export const queue = new Queue();

export function useUploads(): readonly Upload[] {
  const [, draw] = useState(0);
  useEffect(() => {
    let frame = 0;
    const drawSoon = (): void => {
      // Progress arrives many times between two frames.
      frame ||= requestAnimationFrame(() => {
        frame = 0;
        draw((turn) => turn + 1);
      });
    };
    const tick = window.setInterval(() => queue.isBusy && drawSoon(), TICK_MS);
    for (const event of ["add", "change"]) queue.addEventListener(event, drawSoon);
    return () => {
      window.clearInterval(tick);
      cancelAnimationFrame(frame);
      for (const event of ["add", "change"]) queue.removeEventListener(event, drawSoon);
    };
  }, []);
  return queue.uploads;
}
