/** An upload's video as the server has it: null before there is one, then asked for again until nothing more happens to it. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client";
import type { ListedVideo } from "../../api/shape";
import { isUnderway } from "../../studio/StateMark";

/** A browser holds few connections open at once, and the pieces want them: so this asks, and does not listen. */
const EVERY_MS = 2000;

export function useServed(videoId: string | null): [ListedVideo | null, (video: ListedVideo) => void] {
  const [video, setVideo] = useState<ListedVideo | null>(null);
  useEffect(() => {
    if (videoId === null) return;
    let timer = 0;
    let left = false;
    const look = async (): Promise<void> => {
      const found = document.hidden ? null : await call("GET /videos/{video_id}", { path: { video_id: videoId } }).catch(() => null);
      if (left) return;
      if (found !== null) setVideo(found);
      if (found === null || isUnderway(found)) timer = window.setTimeout(() => void look(), EVERY_MS);
    };
    void look();
    return () => {
      left = true;
      window.clearTimeout(timer);
    };
  }, [videoId]);
  return [video, setVideo];
}
