/** A video and the tasks of its newest run as they are now: read once, then kept up to date by the video's events. */

import { useCallback, useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { TaskView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { eventsUrl } from "../api/video";

/** Tasks come in bursts; so often they are drawn anew. */
const DRAW_MS = 200;
/** EventSource connects again by itself, but not after an answer that is no stream. */
const AGAIN_MS = 3000;

export interface Followed {
  video: ListedVideo | null;
  tasks: readonly TaskView[];
  error: unknown;
  load: () => void;
  /** Takes what an edit has answered. */
  set: (video: ListedVideo) => void;
}

export function useVideo(id: string): Followed {
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
      (found) => {
        if (left) return;
        setVideo(found);
        end = listen(id, setVideo, setTasks, load);
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

/** Listens to a video's events; the returned function ends it. onGone: the video can no longer be seen. */
export function listen(id: string, onVideo: (video: ListedVideo) => void, onTasks: (tasks: readonly TaskView[]) => void, onGone: () => void): () => void {
  const known = new Map<string, TaskView>();
  let run = "";
  let source: EventSource;
  let drawing = 0;
  let again = 0;
  const take = (task: TaskView): void => {
    const its = runOf(task.id);
    if (its < run) return;
    if (its > run) known.clear();
    run = its;
    known.set(task.id, task);
    drawing ||= window.setTimeout(() => {
      drawing = 0;
      onTasks([...known.values()]);
    }, DRAW_MS);
  };
  const open = (): void => {
    source = new EventSource(eventsUrl(id));
    source.addEventListener("video", (event) => onVideo(JSON.parse(event.data as string) as ListedVideo));
    source.addEventListener("task", (event) => take(JSON.parse(event.data as string) as TaskView));
    source.addEventListener("gone", onGone);
    source.addEventListener("error", () => {
      if (source.readyState === EventSource.CLOSED) again = window.setTimeout(open, AGAIN_MS);
    });
  };
  open();
  return () => {
    source.close();
    window.clearTimeout(drawing);
    window.clearTimeout(again);
  };
}

/** The run of a task: ids of runs grow with time, and a task's begins with it. */
function runOf(taskId: string): string {
  return taskId.slice(0, taskId.indexOf("."));
}
