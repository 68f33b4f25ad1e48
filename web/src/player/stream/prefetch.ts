import { readPageData } from "../page-data.ts";
import { pickStartRung, startLimits } from "./start-rung.ts";
import { chooseStream, requestedProtocol } from "./stream.ts";

/**
 * Fetches the manifest and the first files of the stream at the same time, so that the player finds
 * them in the browser's cache. fromStart: otherwise only init segments are fetched, since playback
 * starts somewhere else.
 */
export function prefetch(fromStart: boolean): void {
  const data = readPageData();
  const stream = data === null ? null : chooseStream(data.video, requestedProtocol());
  if (data?.start == null || stream === null) return;
  const files = fromStart ? 2 : 1;
  const rung = pickStartRung(data.start.rungs, startLimits());
  for (const url of [
    stream.url,
    ...(rung?.urls.slice(0, files) ?? []),
    ...data.start.sound.slice(0, files),
  ])
    prefetchFile(url);
}

function prefetchFile(url: string): void {
  void fetch(url, { priority: "high" })
    .then((response) => response.arrayBuffer())
    .catch(() => undefined); // the player reports it
}
