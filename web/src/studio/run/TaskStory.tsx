import { useEffect, useState } from "preact/hooks";

import { call } from "../../api/client.ts";
import type { AttemptView, TaskStory as Story, TaskView } from "../../api/schema.d.ts";
import { Icon } from "../../part/Icon.tsx";
import { TableHead } from "../../part/TableHead.tsx";
import { toastProblem } from "../../shell/outcome.ts";
import { formatBytes, formatNumber, formatSeconds } from "../../text/format.ts";
import { text } from "../../text/text.ts";
import { ErrorStory, type Failure } from "./ErrorStory.tsx";
import { RetryButton } from "./RetryButton.tsx";
import { moodOf } from "./stage-run.ts";
import { MOOD_ICONS, nameTask } from "./stage-words.ts";

/** One task in words: its worker, attempts and error. */
export function TaskStory({ videoId, task }: { videoId: string; task: TaskView }) {
  const [story, setStory] = useState<Story | null>(null);
  const path = { video_id: videoId, task_id: task.id };
  useEffect(() => {
    let left = false;
    call("GET /videos/{video_id}/dag/tasks/{task_id}", { path }).then(
      (answer) => !left && setStory(answer),
      (error: unknown) => !left && toastProblem(error),
    );
    return () => {
      left = true;
    };
  }, [task.id, task.state, task.attempt]);
  const mood = moodOf(task);
  const isRetriable =
    task.state === "failed" ||
    task.state === "cancelled" ||
    (mood === "waiting" && task.failures > 0);
  const attempts = story?.task.id === task.id ? story.attempts : [];
  return (
    <section class="task-story" aria-label={nameTask(task)}>
      <header class="task-head">
        <h3 class="task-name">{nameTask(task)}</h3>
        <span class={`mood-word mood-${mood}`}>
          <Icon name={MOOD_ICONS[mood]} size={16} />
          {text.run.moods[mood]}
        </span>
        {isRetriable && (
          <RetryButton
            label={text.run.retryTask}
            onRetry={() => call("POST /videos/{video_id}/dag/tasks/{task_id}/retry", { path })}
          />
        )}
      </header>
      <p class="task-words">{describeTask(task, attempts)}</p>
      {mood === "running" && (
        <progress max={1} value={task.progress} aria-label={text.studio.progress} />
      )}
      {task.error !== null && task.state !== "done" && (
        <ErrorStory error={task.error as unknown as Failure} />
      )}
      {attempts.length > 0 && <Attempts attempts={attempts} />}
    </section>
  );
}

/** Says which worker runs the task and since when, or how it ended. */
function describeTask(task: TaskView, attempts: readonly AttemptView[]): string {
  const last = attempts.at(-1);
  const mood = moodOf(task);
  if (mood === "waiting")
    return task.failures > 0
      ? text.run.waitsAgain(task.failures)
      : task.ready_at === null
        ? text.run.waitsForOthers
        : text.run.waitsForRoom;
  if (last === undefined) return text.run.moods[mood];
  const words = {
    worker: last.worker,
    waited: formatSeconds(waitOf(last)),
    ran: formatSeconds(last.wall_s || spanOf(last)),
    attempts: attempts.length,
  };
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

const COLUMNS = [
  "number",
  "worker",
  "outcome",
  "waited",
  "ran",
  "cpu",
  "memory",
  "read",
  "written",
] as const;

function Attempts({ attempts }: { attempts: readonly AttemptView[] }) {
  return (
    <div class="scroll" role="region" aria-label={text.run.attempts} tabIndex={0}>
      <table class="attempts">
        <caption class="hidden-words">{text.run.attempts}</caption>
        <TableHead columns={COLUMNS.map((column) => text.run.columns[column])} />
        <tbody>
          {attempts.map((attempt) => (
            <tr key={attempt.number}>
              <td>{formatNumber(attempt.number)}</td>
              <td>{attempt.worker}</td>
              <td>
                {attempt.reused
                  ? text.run.outcomes.reused
                  : text.run.outcomes[
                      (attempt.outcome ?? "running") as keyof typeof text.run.outcomes
                    ]}
              </td>
              <td>{formatSeconds(waitOf(attempt))}</td>
              <td>{formatSeconds(spanOf(attempt))}</td>
              <td>{formatSeconds(attempt.cpu_s)}</td>
              <td>{attempt.max_rss_bytes > 0 ? formatBytes(attempt.max_rss_bytes) : "–"}</td>
              <td>{attempt.read_bytes > 0 ? formatBytes(attempt.read_bytes) : "–"}</td>
              <td>{attempt.written_bytes > 0 ? formatBytes(attempt.written_bytes) : "–"}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
