import { useEffect, useRef } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import type { Pages } from "../../list/use-pages.ts";
import { isUnderway } from "../video-state.ts";

const EVERY_MS = 2000;
/** Browsers open few event streams at once, so a list polls, and only its first videos. */
const MAX_POLLED = 12;

/** Polls the listed videos that are still being uploaded or processed. */
export function useLiveVideos(pages: Pages<ListedVideo>): void {
  const latest = useRef(pages);
  latest.current = pages;
  const isActive = pages.items.some(isUnderway);
  useEffect(() => {
    if (!isActive) return;
    let timer = 0;
    let left = false;
    const poll = async (): Promise<void> => {
      const polled = document.hidden
        ? []
        : latest.current.items.filter(isUnderway).slice(0, MAX_POLLED);
      // A video whose request fails is polled again the next time.
      const videos = await Promise.all(
        polled.map((video) =>
          call("GET /videos/{video_id}", { path: { video_id: video.id } }).catch(() => video),
        ),
      );
      if (left) return;
      const byId = new Map(videos.map((video) => [video.id, video]));
      if (videos.length > 0)
        latest.current.change((items) => items.map((video) => byId.get(video.id) ?? video));
      timer = window.setTimeout(() => void poll(), EVERY_MS);
    };
    timer = window.setTimeout(() => void poll(), EVERY_MS);
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [isActive]);
}
