/** The page's queue as its parts draw it: anew at each change, and each second while something moves. */

import { useEffect, useState } from "preact/hooks";

import { Queue } from "../queue";
import type { Upload } from "../upload";

const TICK_MS = 1000;

export const queue = new Queue();

export function useUploads(): readonly Upload[] {
  const [, draw] = useState(0);
  useEffect(() => {
    let asked = 0;
    const ask = (): void => {
      // Bytes are told of many times between two pictures.
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        draw((turn) => turn + 1);
      });
    };
    const tick = window.setInterval(() => queue.busy && ask(), TICK_MS);
    for (const event of ["add", "change"]) queue.addEventListener(event, ask);
    return () => {
      window.clearInterval(tick);
      cancelAnimationFrame(asked);
      for (const event of ["add", "change"]) queue.removeEventListener(event, ask);
    };
  }, []);
  return queue.uploads;
}
