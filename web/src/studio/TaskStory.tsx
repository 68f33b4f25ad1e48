/** The story of one task: who works on it, each attempt, and what went wrong, in words. */

import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client";
import type { AttemptView, TaskStory as Story, TaskView } from "../api/schema";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { formatBytes, formatNumber, formatSeconds } from "../text/format";
import { sayProblem } from "../text/problem";
import { text } from "../text/text";
import { ErrorStory, type Failure } from "./ErrorStory";
import { moodOf } from "./run";
import { MOOD_ICONS, nameTask } from "./stageWords";

export function TaskStory({ videoId, task }: { videoId: string; task: TaskView }) {
  const [story, setStory] = useState<Story | null>(null);
  const path = { video_id: videoId, task_id: task.id };
  useEffect(() => {
    let left = false;
    call("GET /videos/{video_id}/dag/tasks/{task_id}", { path }).then(
      (found) => !left && setStory(found),
      (error: unknown) => !left && toast(sayProblem(error), "bad"),
    );
    return () => {
      left = true;
    };
  }, [task.id, task.state, task.attempt]);
  const mood = moodOf(task);
  const retriable = task.state === "failed" || task.state === "cancelled" || (mood === "waiting" && task.failures > 0);
  const attempts = story?.task.id === task.id ? story.attempts : [];
  return (
    <section class="task-story" aria-label={nameTask(task)}>
      <header class="task-head">
        <h3 class="task-name">{nameTask(task)}</h3>
        <span class={`mood-word mood-${mood}`}>
          <Icon name={MOOD_ICONS[mood]} size={16} />
          {text.run.moods[mood]}
        </span>
        {retriable && <Retry path={path} />}
      </header>
      <p class="task-words">{tell(task, attempts)}</p>
      {mood === "running" && <progress max={1} value={task.progress} aria-label={text.studio.progress} />}
      {task.error !== null && task.state !== "done" && <ErrorStory error={task.error as unknown as Failure} />}
      {attempts.length > 0 && <Attempts attempts={attempts} />}
    </section>
  );
}

function Retry({ path }: { path: { video_id: string; task_id: string } }) {
  const [busy, setBusy] = useState(false);
  const retry = async (): Promise<void> => {
    setBusy(true);
    try {
      await call("POST /videos/{video_id}/dag/tasks/{task_id}/retry", { path });
      toast(text.run.retried);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  return (
    <button type="button" class="button button-small" disabled={busy} onClick={() => void retry()}>
      <Icon name="retry" size={18} />
      {text.run.retryTask}
    </button>
  );
}

/** Who works on it since when, or how it ended. */
function tell(task: TaskView, attempts: readonly AttemptView[]): string {
  const last = attempts.at(-1);
  const mood = moodOf(task);
  if (mood === "waiting") return task.failures > 0 ? text.run.waitsAgain(task.failures) : task.ready_at === null ? text.run.waitsForOthers : text.run.waitsForRoom;
  if (last === undefined) return text.run.moods[mood];
  const words = { worker: last.worker, waited: formatSeconds(waitOf(last)), ran: formatSeconds(last.wall_s || spanOf(last)), attempts: attempts.length };
  if (mood === "running") return text.run.runs(words);
  if (last.reused) return text.run.reused;
  return mood === "done" ? text.run.wasDone(words) : text.run.hasFailed(words);
}

function waitOf(attempt: AttemptView): number {
  return between(attempt.ready_at, attempt.started_at);
}

function spanOf(attempt: AttemptView): number {
  return between(attempt.started_at, attempt.ended_at ?? new Date().toISOString());
}

function between(from: string | null, to: string | null): number {
  return from === null || to === null ? 0 : Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}

const COLUMNS = ["number", "worker", "outcome", "waited", "ran", "cpu", "memory", "read", "written"] as const;

function Attempts({ attempts }: { attempts: readonly AttemptView[] }) {
  return (
    <div class="scroll" role="region" aria-label={text.run.attempts} tabIndex={0}>
      <table class="attempts">
        <caption class="hidden-words">{text.run.attempts}</caption>
        <thead>
          <tr>
            {COLUMNS.map((column) => (
              <th key={column} scope="col">
                {text.run.columns[column]}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {attempts.map((one) => (
            <tr key={one.number}>
              <td>{formatNumber(one.number)}</td>
              <td>{one.worker}</td>
              <td>{one.reused ? text.run.outcomes.reused : text.run.outcomes[(one.outcome ?? "running") as keyof typeof text.run.outcomes]}</td>
              <td>{formatSeconds(waitOf(one))}</td>
              <td>{formatSeconds(spanOf(one))}</td>
              <td>{formatSeconds(one.cpu_s)}</td>
              <td>{one.max_rss_bytes > 0 ? formatBytes(one.max_rss_bytes) : "–"}</td>
              <td>{one.read_bytes > 0 ? formatBytes(one.read_bytes) : "–"}</td>
              <td>{one.written_bytes > 0 ? formatBytes(one.written_bytes) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
