/** The story of one task, in a dialog that the address opens: what it is, all its attempts, and drawings of its run. */

import { dagUrl, getStory, type Attempt, type Story } from "../api/admin";
import { ApiError } from "../api/video";
import { find } from "../find";
import { formatBytes, formatPercent, formatSeconds } from "../format";
import { fillTable, type Cell } from "./table";
import { makeButtons, makeErrorCell, makeLink, nameTask, storyHash, type Act } from "./task";

const OUTCOMES = { done: "done", failed: "failed", lost: "lost with its worker", put_back: "put back", cancelled: "cancelled" };
const COLUMNS = ["Attempt", "Outcome", "Worker", "Waited", "Ran", "CPU", "Read", "Written", "Error"];

/** Shows the story that the address names, or none; to be called again for what has changed since. */
export async function showStory(act: Act): Promise<void> {
  const dialog = find<HTMLDialogElement>("#story");
  const [, video, task] = /^#([\w.-]+)\/([\w.-]+)$/.exec(location.hash) ?? [];
  if (video === undefined || task === undefined) {
    dialog.close();
    return;
  }
  try {
    fillStory(video, await getStory(video, task), act);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status === 0) return; // the page says so already
    find("#story-title").textContent = "No story";
    find("#story-facts").textContent = error.message;
  }
  if (!dialog.open && location.hash === storyHash(video, task)) dialog.showModal(); // unless it was closed while we asked
}

/** Lets the dialog be closed, also by its own key, with its address. */
export function watchStory(): void {
  const dialog = find<HTMLDialogElement>("#story");
  const forget = (): void => {
    if (location.hash !== "") history.replaceState(null, "", location.pathname);
  };
  dialog.addEventListener("close", forget);
  find("#story-close").addEventListener("click", () => {
    forget(); // first, or what is read meanwhile would open it again
    dialog.close();
  });
}

function fillStory(video: string, story: Story, act: Act): void {
  const { task, attempts } = story;
  find("#story-title").textContent = nameTask(task);
  const delayed = task.state === "ready" && task.ready_at !== null && Date.parse(task.ready_at) > Date.now();
  find("#story-facts").textContent = [
    delayed ? `waits for its next attempt (${new Date(task.ready_at ?? "").toLocaleTimeString()})` : task.state,
    ...(task.state === "running" ? [formatPercent(task.progress)] : []),
    `op ${task.op}`,
  ].join(" · ");
  find("#story-error").replaceChildren(makeErrorCell(task.error));
  find("#story-error").hidden = task.error === null;
  const buttons = find("#story-buttons");
  if (buttons.querySelector(":active, :focus") === null) buttons.replaceChildren(makeButtons(task, delayed, act));
  fillTable(find("#attempts"), COLUMNS, attempts.map(attemptRow), "It has not been started yet.");
  const run = dagUrl(video);
  find("#story-links").replaceChildren(
    makeLink("Stages of the run", `${run}/stages.svg`, "stages"),
    makeLink("Timeline of the run", `${run}/timeline.svg`, "timeline"),
    makeLink("Video", `/watch/${encodeURIComponent(video)}`, "video"),
  );
}

function attemptRow(attempt: Attempt): Cell[] {
  const started = Date.parse(attempt.started_at);
  const ended = attempt.ended_at === null ? Date.now() : Date.parse(attempt.ended_at);
  const ready = attempt.ready_at === null ? started : Date.parse(attempt.ready_at);
  return [
    `${attempt.number}`,
    attempt.outcome === null ? "running" : OUTCOMES[attempt.outcome],
    attempt.worker,
    formatSeconds((started - ready) / 1000),
    formatSeconds(Math.max(0, ended - started) / 1000),
    attempt.outcome === null ? "" : formatSeconds(attempt.cpu_s),
    attempt.outcome === null ? "" : formatBytes(attempt.read_bytes),
    attempt.outcome === null ? "" : formatBytes(attempt.written_bytes),
    makeErrorCell(attempt.error),
  ];
}
