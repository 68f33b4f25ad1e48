/** Runs before the player has come: fetches the manifest and the first segments, so that the player finds them in the browser's cache. */

import { idOfPage, readKnown } from "./known";
import { keptPosition } from "./resume";
import { pickStart, startLimits } from "./start";
import { chooseStream, wantedProtocol } from "./stream";

function fetchAhead(url: string): void {
  void fetch(url, { priority: "high" })
    .then((answer) => answer.arrayBuffer())
    .catch(() => undefined); // the player says so
}

const known = readKnown();
const stream = known === null ? null : chooseStream(known.video, wantedProtocol());
const waits = location.pathname.startsWith("/embed/") && new URLSearchParams(location.search).get("autoplay") !== "1";
if (known?.start != null && stream !== null && !waits) {
  const fromStart = keptPosition(idOfPage()) === 0 && !new URLSearchParams(location.search).has("t");
  fetchAhead(stream.url);
  const rung = pickStart(known.start.rungs, startLimits());
  // Who goes on somewhere else needs the init segments only.
  for (const url of [...(rung?.urls.slice(0, fromStart ? 2 : 1) ?? []), ...known.start.sound.slice(0, fromStart ? 2 : 1)]) fetchAhead(url);
}
