/** What the tables and the story say of a task in the same words, and the buttons that fit its state. */

import { cancelTask, prioritise, retryTask, type Failure } from "../api/admin";
import { makeText } from "./table";

export interface Place {
  id: string;
  stage: string;
  piece: number | null;
  rung: string | null;
}

/** Does what a button says, tells of it, and shows what came of it. */
export type Act = (said: string, done: () => Promise<void>) => void;

/** "encode · piece 3 · 720p" */
export function nameTask(task: Place): string {
  return [task.stage, task.piece === null ? null : `piece ${task.piece}`, task.rung].filter((part) => part !== null).join(" · ");
}

/** The address of a task's story on this page. */
export function storyHash(video: string, task: string): string {
  return `#${encodeURIComponent(video)}/${encodeURIComponent(task)}`;
}

/** A task's name, which opens its story, above its video, which opens its page. */
export function makeTaskCell(task: Place & { video: string }): HTMLElement {
  const cell = document.createElement("span");
  cell.className = "task";
  cell.append(
    makeLink(nameTask(task), storyHash(task.video, task.id), `${task.id} story`),
    makeLink(task.video, `/watch/${encodeURIComponent(task.video)}`, `${task.id} video`, "facts"),
  );
  return cell;
}

export function makeLink(text: string, href: string, key: string, className = ""): HTMLAnchorElement {
  const link = document.createElement("a");
  link.className = `link ${className}`;
  link.href = href;
  link.textContent = text;
  link.dataset["key"] = key;
  return link;
}

/** An error: its code, and what it says. */
export function makeErrorCell(error: Failure | null): HTMLElement {
  const cell = document.createElement("span");
  cell.className = "error-cell";
  if (error !== null) cell.append(makeText("span", "error-code", error.code), makeText("span", "facts", error.message));
  return cell;
}

/** The buttons for a task; delayed: it waits for its next attempt. */
export function makeButtons(task: Place & { state: string }, delayed: boolean, act: Act): HTMLElement {
  const group = document.createElement("span");
  group.className = "buttons";
  const add = (label: string, done: () => Promise<void>): void => {
    const button = makeText("button", "button", label) as HTMLButtonElement;
    button.type = "button";
    button.dataset["key"] = `${task.id} ${label}`;
    button.setAttribute("aria-label", `${label}: ${nameTask(task)}`);
    button.addEventListener("click", () => act(`${label}: ${nameTask(task)}`, done));
    group.append(button);
  };
  const unstarted = task.state === "ready" || task.state === "waiting";
  if (task.state === "failed" || task.state === "cancelled" || delayed) add("Retry", () => retryTask(task.id));
  if (unstarted) add("First", () => prioritise(task.id, "first"));
  if (unstarted) add("Last", () => prioritise(task.id, "last"));
  if (unstarted || task.state === "running") add("Cancel", () => cancelTask(task.id));
  return group;
}
