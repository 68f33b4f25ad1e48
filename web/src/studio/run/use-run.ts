import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { StagesView, TaskView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";

export interface Run {
  stages: StagesView | null;
  error: unknown;
  load: () => void;
}

/**
 * Fetches the stages of the newest run, again when a new run starts or more of this one is known.
 */
export function useRun(video: ListedVideo, tasks: readonly TaskView[]): Run {
  const [state, setState] = useState<{ stages: StagesView | null; error: unknown }>({
    stages: null,
    error: null,
  });
  const [turn, setTurn] = useState(0);
  // The first stage decides which stages take part; until then all stages of the definition are
  // shown.
  const known = new Set(state.stages?.graph.nodes.map((node) => node.name));
  const unknown = tasks.find((task) => !known.has(task.stage))?.stage ?? "";
  const inspected = tasks.some(
    (task) => (task.stage === "inspect" || task.stage === "split") && task.state === "done",
  );
  const run = tasks[0]?.id.split(".")[0] ?? "";
  // A finished run is open again after a retry.
  const open = tasks.some((task) => !["done", "failed", "cancelled"].includes(task.state));
  useEffect(() => {
    let left = false;
    call("GET /videos/{video_id}/dag/stages", { path: { video_id: video.id } }).then(
      (stages) => !left && setState({ stages, error: null }),
      (error: unknown) => !left && setState((now) => ({ ...now, error })),
    );
    return () => {
      left = true;
    };
  }, [video.id, video.state, run, unknown, inspected, open, tasks.length === 0, turn]);
  return { ...state, load: () => setTurn(turn + 1) };
}
