/** Fetches the manifest and the first segments all at once, before the player asks for one after the other; it finds them in the browser's cache. */

import { readKnown } from "./known";
import { pickStart, startLimits } from "./start";
import { chooseStream, wantedProtocol } from "./stream";

/** fromStart: else only the init segments, since playing begins somewhere else. */
export function fetchAhead(fromStart: boolean): void {
  const known = readKnown();
  const stream = known === null ? null : chooseStream(known.video, wantedProtocol());
  if (known?.start == null || stream === null) return;
  const files = fromStart ? 2 : 1;
  const rung = pickStart(known.start.rungs, startLimits());
  for (const url of [stream.url, ...(rung?.urls.slice(0, files) ?? []), ...known.start.sound.slice(0, files)]) fetchOne(url);
}

function fetchOne(url: string): void {
  void fetch(url, { priority: "high" })
    .then((answer) => answer.arrayBuffer())
    .catch(() => undefined); // the player says so
}
