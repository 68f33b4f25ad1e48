/** Follows the video of an upload on the server, and which of its pieces are encoded. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { followEvents } from "../../studio/use-video.ts";
import { isUnderway } from "../../studio/video-state.ts";
import { findEncodedPieces } from "./encoded-pieces.ts";

const EVERY_MS = 2000;

export interface ServedVideo {
  /** Null before the video exists. */
  video: ListedVideo | null;
  /** Pieces that are encoded to all rungs. */
  encoded: ReadonlySet<number>;
  set: (video: ListedVideo) => void;
}

/**
 * closely: follow the video's events instead of polling. Browsers open few connections, and the
 * pieces need them.
 */
export function useServedVideo(videoId: string | null, closely: boolean): ServedVideo {
  const [video, set] = useState<ListedVideo | null>(null);
  const [encoded, setEncoded] = useState<ReadonlySet<number>>(new Set());
  const settled = video !== null && !isUnderway(video);
  useEffect(() => {
    if (videoId === null || settled) return;
    let end = (): void => undefined;
    let left = false;
    const poll = async (): Promise<void> => {
      const current = document.hidden
        ? null
        : await call("GET /videos/{video_id}", { path: { video_id: videoId } }).catch(() => null);
      if (left) return;
      if (current !== null) set(current);
      if (current !== null && closely)
        end = followEvents(
          videoId,
          set,
          (tasks) => setEncoded(findEncodedPieces(tasks)),
          () => undefined,
        );
      else {
        const timer = window.setTimeout(() => void poll(), EVERY_MS);
        end = () => window.clearTimeout(timer);
      }
    };
    void poll();
    return () => {
      left = true;
      end();
    };
  }, [videoId, closely, settled]);
  return { video, encoded, set };
}
