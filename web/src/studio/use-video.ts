import { useCallback, useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { TaskView } from "../api/schema.d.ts";
import type { ListedVideo } from "../api/shape.ts";
import { eventsUrl } from "../api/video.ts";

/** Tasks arrive in bursts; they are drawn this often. */
const DRAW_MS = 200;
/** EventSource reconnects by itself, but not after an answer that is no event stream. */
const RECONNECT_MS = 3000;

export interface FollowedVideo {
  video: ListedVideo | null;
  tasks: readonly TaskView[];
  error: unknown;
  load: () => void;
  /** Sets the video to the answer of an edit. */
  set: (video: ListedVideo) => void;
}

/** Fetches a video and the tasks of its newest run, and follows their events. */
export function useVideo(id: string): FollowedVideo {
  const [video, setVideo] = useState<ListedVideo | null>(null);
  const [tasks, setTasks] = useState<readonly TaskView[]>([]);
  const [error, setError] = useState<unknown>(null);
  const [turn, setTurn] = useState(0);
  const load = useCallback(() => setTurn((now) => now + 1), []);
  useEffect(() => {
    let end = (): void => undefined;
    let left = false;
    setError(null);
    call("GET /videos/{video_id}", { path: { video_id: id } }).then(
      (answer) => {
        if (left) return;
        setVideo(answer);
        end = followEvents(id, setVideo, setTasks, load);
      },
      (problem: unknown) => !left && setError(problem),
    );
    return () => {
      left = true;
      end();
    };
  }, [id, turn]);
  return { video, tasks, error, load, set: setVideo };
}

/**
 * Listens to a video's events. Returns a function that ends it. onGone: the video is no longer
 * visible to the user.
 */
export function followEvents(
  id: string,
  onVideo: (video: ListedVideo) => void,
  onTasks: (tasks: readonly TaskView[]) => void,
  onGone: () => void,
): () => void {
  const tasks = new Map<string, TaskView>();
  let run = "";
  let source: EventSource;
  let drawing = 0;
  let reconnecting = 0;
  const addTask = (task: TaskView): void => {
    const ownRun = runOf(task.id);
    if (ownRun < run) return;
    if (ownRun > run) tasks.clear();
    run = ownRun;
    tasks.set(task.id, task);
    drawing ||= window.setTimeout(() => {
      drawing = 0;
      onTasks([...tasks.values()]);
    }, DRAW_MS);
  };
  const open = (): void => {
    source = new EventSource(eventsUrl(id));
    source.addEventListener("video", (event) =>
      onVideo(JSON.parse(event.data as string) as ListedVideo),
    );
    source.addEventListener("task", (event) =>
      addTask(JSON.parse(event.data as string) as TaskView),
    );
    source.addEventListener("gone", onGone);
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED)
        reconnecting = window.setTimeout(open, RECONNECT_MS);
    });
  };
  open();
  return () => {
    source.close();
    window.clearTimeout(drawing);
    window.clearTimeout(reconnecting);
  };
}

/** Returns the run of a task. Run ids increase with time, and a task id starts with its run's. */
function runOf(taskId: string): string {
  return taskId.slice(0, taskId.indexOf("."));
}
