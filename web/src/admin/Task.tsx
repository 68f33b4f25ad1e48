/** What the tables and the story say of a task in the same words, and the buttons that fit its state. */

import { call } from "../api/client";
import { text } from "../text/text";

export interface Place {
  id: string;
  stage: string;
  piece: number | null;
  rung: string | null;
}

export type Failure = Record<string, unknown> | null;

/** Does what a button says, tells of it, and shows what came of it. */
export type Act = (said: string, doing: Promise<unknown>) => void;

/** "encode · piece 3 · 720p" */
export function nameTask(task: Place): string {
  return [task.stage, task.piece === null ? null : text.admin.piece(task.piece), task.rung].filter((part) => part !== null).join(" · ");
}

/** The address of a task's story on this page. */
export function storyHash(video: string, task: string): string {
  return `#${encodeURIComponent(video)}/${encodeURIComponent(task)}`;
}

/** A task's name, which opens its story, above its video, which opens its page. */
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
      <span class="error-code">{String(error["code"])}</span>
      <span class="facts">{String(error["message"])}</span>
    </span>
  );
}

/** delayed: it waits for its next attempt. */
export function TaskButtons({ task, delayed, act }: { task: Place & { state: string }; delayed: boolean; act: Act }) {
  const path = { task_id: task.id };
  const move = (priority: "first" | "last") => call("POST /admin/tasks/{task_id}/priority", { path, body: { priority } });
  const unstarted = task.state === "ready" || task.state === "waiting";
  const buttons: [boolean, string, () => Promise<unknown>][] = [
    [task.state === "failed" || task.state === "cancelled" || delayed, text.admin.retry, () => call("POST /admin/tasks/{task_id}/retry", { path })],
    [unstarted, text.admin.first, () => move("first")],
    [unstarted, text.admin.last, () => move("last")],
    [unstarted || task.state === "running", text.admin.cancel, () => call("POST /admin/tasks/{task_id}/cancel", { path })],
  ];
  return (
    <span class="buttons">
      {buttons.map(([fits, label, doing]) => {
        const said = `${label}: ${nameTask(task)}`;
        return (
          fits && (
            <button key={label} type="button" class="button button-small" aria-label={said} onClick={() => act(said, doing())}>
              {label}
            </button>
          )
        );
      })}
    </span>
  );
}
