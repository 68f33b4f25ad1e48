/** Keeps listed videos up to date while they are worked on: those that will change by themselves are asked for again. */

import { useEffect, useRef } from "preact/hooks";

import { call } from "../api/client";
import type { ListedVideo } from "../api/shape";
import type { Pages } from "../list/usePages";
import { isUnderway } from "./StateMark";

const EVERY_MS = 2000;
/** A browser holds few streams of events open at once, so a list asks; of many it follows the first. */
const AT_MOST = 12;

export function useLive(pages: Pages<ListedVideo>): void {
  const shown = useRef(pages);
  shown.current = pages;
  const some = pages.items.some(isUnderway);
  useEffect(() => {
    if (!some) return;
    let timer = 0;
    let left = false;
    const look = async (): Promise<void> => {
      const wanted = document.hidden ? [] : shown.current.items.filter(isUnderway).slice(0, AT_MOST);
      // What does not answer now is asked for the next time.
      const found = await Promise.all(wanted.map((video) => call("GET /videos/{video_id}", { path: { video_id: video.id } }).catch(() => video)));
      if (left) return;
      const news = new Map(found.map((video) => [video.id, video]));
      if (found.length > 0) shown.current.change((items) => items.map((video) => news.get(video.id) ?? video));
      timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    timer = window.setTimeout(() => void look(), EVERY_MS);
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [some]);
}
