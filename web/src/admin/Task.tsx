/**
 * A task in the tables and the dialog: its name, its error, and the actions that its state allows.
 */

import { call } from "../api/client.ts";
import { text } from "../text/text.ts";

export interface Place {
  id: string;
  stage: string;
  piece: number | null;
  rung: string | null;
}

export type Failure = Record<string, unknown> | null;

/** Reports the outcome of an action with `words`. */
export type Act = (words: string, action: Promise<unknown>) => void;

/** Names a task: "encode · piece 3 · 720p". */
export function nameTask(task: Place): string {
  return [task.stage, task.piece === null ? null : text.admin.piece(task.piece), task.rung]
    .filter((part) => part !== null)
    .join(" · ");
}

/** Returns the fragment that opens a task's dialog. */
export function storyHash(video: string, task: string): string {
  return `#${encodeURIComponent(video)}/${encodeURIComponent(task)}`;
}

/** Links to a task's dialog and to its video. */
export function TaskLink({ task }: { task: Place & { video: string } }) {
  return (
    <span class="task">
      <a class="link" href={storyHash(task.video, task.id)}>
        {nameTask(task)}
      </a>
      <a class="link facts" href={`/watch/${encodeURIComponent(task.video)}`}>
        {task.video}
      </a>
    </span>
  );
}

export function TaskError({ error }: { error: Failure }) {
  return error === null ? null : (
    <span class="error-cell">
      <span class="error-code">{String(error.code)}</span>
      <span class="facts">{String(error.message)}</span>
    </span>
  );
}

/** delayed: the task waits for its next attempt. */
export function TaskButtons({
  task,
  delayed,
  act,
}: {
  task: Place & { state: string };
  delayed: boolean;
  act: Act;
}) {
  const path = { task_id: task.id };
  const move = (priority: "first" | "last") =>
    call("POST /admin/tasks/{task_id}/priority", { path, body: { priority } });
  const isUnstarted = task.state === "ready" || task.state === "waiting";
  const buttons: [boolean, string, () => Promise<unknown>][] = [
    [
      task.state === "failed" || task.state === "cancelled" || delayed,
      text.admin.retry,
      () => call("POST /admin/tasks/{task_id}/retry", { path }),
    ],
    [isUnstarted, text.admin.first, () => move("first")],
    [isUnstarted, text.admin.last, () => move("last")],
    [
      isUnstarted || task.state === "running",
      text.admin.cancel,
      () => call("POST /admin/tasks/{task_id}/cancel", { path }),
    ],
  ];
  return (
    <span class="buttons">
      {buttons.map(([isAllowed, label, action]) => {
        const words = `${label}: ${nameTask(task)}`;
        return (
          isAllowed && (
            <button
              key={label}
              type="button"
              class="button button-small"
              aria-label={words}
              onClick={() => act(words, action())}
            >
              {label}
            </button>
          )
        );
      })}
    </span>
  );
}
