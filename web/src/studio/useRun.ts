/** The newest run's stages; read again when there is another run, or more is known of this one. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { StagesView, TaskView } from "../api/schema";
import type { ListedVideo } from "../api/shape";

export interface Run {
  stages: StagesView | null;
  error: unknown;
  load: () => void;
}

export function useRun(video: ListedVideo, tasks: readonly TaskView[]): Run {
  const [found, setFound] = useState<{ stages: StagesView | null; error: unknown }>({ stages: null, error: null });
  const [turn, setTurn] = useState(0);
  // Its first stage tells what takes part; until then all stages of the definition are shown.
  const known = new Set(found.stages?.graph.nodes.map((node) => node.name));
  const news = tasks.find((task) => !known.has(task.stage))?.stage ?? "";
  const inspected = tasks.some((task) => (task.stage === "inspect" || task.stage === "split") && task.state === "done");
  const run = tasks[0]?.id.split(".")[0] ?? "";
  // A run that was over goes on when something of it is tried again.
  const open = tasks.some((task) => !["done", "failed", "cancelled"].includes(task.state));
  useEffect(() => {
    let left = false;
    call("GET /videos/{video_id}/dag/stages", { path: { video_id: video.id } }).then(
      (stages) => !left && setFound({ stages, error: null }),
      (error: unknown) => !left && setFound((now) => ({ ...now, error })),
    );
    return () => {
      left = true;
    };
  }, [video.id, video.state, run, news, inspected, open, tasks.length === 0, turn]);
  return { ...found, load: () => setTurn(turn + 1) };
}
