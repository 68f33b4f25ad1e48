/** What the server wrote into the page of a video that everybody may see (src/yeoul/api/watch/page_head.py). */

import type { Video } from "../api/video";
import type { StartRung } from "./start";

export interface Known {
  video: Video;
  /** The first two files of each rung and of the sound; null while nothing can be played. */
  start: { rungs: (StartRung & { urls: string[] })[]; sound: string[] } | null;
}

export function readKnown(): Known | null {
  const element = document.querySelector("#known");
  return element === null ? null : (JSON.parse(element.textContent) as Known);
}

/** The video's id in a page's address: /watch/ID, /embed/ID. */
export function idOfPage(): string {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}
