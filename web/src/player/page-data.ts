/**
 * The data that the server writes into the page of a public or unlisted video
 * (src/yeoul/api/watch/page_head.py).
 */

import type { Video } from "../api/video.ts";
import type { StartRung } from "./stream/start-rung.ts";

export interface PageData {
  video: Video;
  /**
   * URLs of the first two files of each rung and of the audio. Null while nothing can be played.
   */
  start: { rungs: (StartRung & { urls: string[] })[]; sound: string[] } | null;
}

export function readPageData(): PageData | null {
  const element = document.querySelector("#known");
  return element === null ? null : (JSON.parse(element.textContent) as PageData);
}

/** Returns the video id of the page's address: /watch/ID or /embed/ID. */
export function pageVideoId(): string {
  return decodeURIComponent(location.pathname.split("/")[2] ?? "");
}
