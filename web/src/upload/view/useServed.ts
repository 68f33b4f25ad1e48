/** An upload as the server has it: its video, null before there is one, and the pieces that are encoded. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client";
import type { TaskView } from "../../api/schema";
import type { ListedVideo } from "../../api/shape";
import { isUnderway } from "../../studio/StateMark";
import { listen } from "../../studio/useVideo";

const EVERY_MS = 2000;

export interface Served {
  video: ListedVideo | null;
  /** Pieces whose pictures are encoded to all rungs that are wanted of them. */
  encoded: ReadonlySet<number>;
  set: (video: ListedVideo) => void;
}

/** closely: by the video's events; others ask now and then, since a browser holds few connections open and the pieces want them. */
export function useServed(videoId: string | null, closely: boolean): Served {
  const [video, set] = useState<ListedVideo | null>(null);
  const [encoded, setEncoded] = useState<ReadonlySet<number>>(new Set());
  const settled = video !== null && !isUnderway(video);
  useEffect(() => {
    if (videoId === null || settled) return;
    let end = (): void => undefined;
    let left = false;
    const look = async (): Promise<void> => {
      const found = document.hidden ? null : await call("GET /videos/{video_id}", { path: { video_id: videoId } }).catch(() => null);
      if (left) return;
      if (found !== null) set(found);
      if (found !== null && closely) end = listen(videoId, set, (tasks) => setEncoded(findEncoded(tasks)), () => undefined);
      else {
        const timer = window.setTimeout(() => void look(), EVERY_MS);
        end = () => window.clearTimeout(timer);
      }
    };
    void look();
    return () => {
      left = true;
      end();
    };
  }, [videoId, closely, settled]);
  return { video, encoded, set };
}

function findEncoded(tasks: readonly TaskView[]): Set<number> {
  const made = new Map<number, boolean>();
  for (const task of tasks) {
    if (task.piece !== null && task.op === "encode") made.set(task.piece, (made.get(task.piece) ?? true) && task.state === "done");
  }
  return new Set([...made].filter(([, whole]) => whole).map(([piece]) => piece));
}
