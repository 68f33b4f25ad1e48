/** The admin's page: what runs, waits and has failed, and the workers; read again every second, with buttons for single tasks. */

import { showStory, watchStory } from "../admin/story";
import { fillTable, type Cell } from "../admin/table";
import { makeButtons, makeErrorCell, makeTaskCell, type Act } from "../admin/task";
import { getHandle, getQueues, signIn, type QueuedTask, type Queues, type Worker } from "../api/admin";
import { ApiError } from "../api/video";
import { find } from "../find";
import { formatAge, formatDuration, formatPercent } from "../format";

const EVERY_MS = 1000;
const note = find("#note");
const form = find<HTMLFormElement>("#sign-in");
const queues = find("#queues");
let timer = 0;
let turn = 0;

/** Reads all anew, now and then every second; whoever asks again begins a new count. */
async function refresh(): Promise<void> {
  clearTimeout(timer);
  const mine = (turn += 1);
  try {
    const state = await getQueues();
    if (mine !== turn) return;
    show(state);
    await showStory(act);
  } catch (error) {
    await showTrouble(error);
  }
  if (mine === turn && form.hidden) timer = window.setTimeout(() => void refresh(), EVERY_MS);
}

async function showTrouble(error: unknown): Promise<void> {
  const status = error instanceof ApiError ? error.status : 0;
  form.hidden = status !== 401 && status !== 403;
  queues.hidden = !form.hidden;
  if (!form.hidden) find<HTMLDialogElement>("#story").close();
  if (form.hidden) {
    say(note, status === 0 ? "The server does not answer." : (error as ApiError).message);
  } else if (status === 401) {
    say(note, "This page is for admins. Sign in to see the queues.");
  } else {
    const handle = await getHandle().catch(() => "somebody");
    say(note, `This page is for admins, and ${handle} is not one. Sign in as an admin to see the queues.`);
  }
}

function say(place: HTMLElement, text: string): void {
  place.hidden = text === "";
  if (place.textContent !== text) place.textContent = text;
}

const act: Act = (said, done) => {
  const answer = find(find<HTMLDialogElement>("#story").open ? "#story-answer" : "#answer");
  done()
    .then(() => say(answer, said))
    .catch((error: unknown) => say(answer, error instanceof Error ? `${said}: ${error.message}` : "It did not work."))
    .finally(() => void refresh());
};

function show(state: Queues): void {
  say(note, "");
  form.hidden = true;
  queues.hidden = false;
  const { level, wait_s, parked_runs } = state.overload;
  const words = { normal: "Everything is begun at once.", defer: "What nobody waits for is put off.", park: "New videos wait, too." };
  find("#overload").textContent = `${words[level]} Estimated wait ${formatDuration(wait_s)}; videos parked: ${parked_runs}.`;
  const { by_state, oldest_wait_s } = state.task_queue;
  const ready = by_state["ready"] ?? 0;
  find("#counts").textContent =
    `${ready} could start${ready > 0 ? `, the oldest for ${formatDuration(oldest_wait_s)}` : ""}; ${by_state["waiting"] ?? 0} wait for others.`;
  fillTable(find("#running"), ["Task", "Account", "Attempt", "Worker", "Done", "Runs for", "Actions"], state.running_queue.map(runningRow), "Nothing runs.");
  fillTable(find("#waiting"), ["Task", "Account", "Attempts", "Waits for", "Last error", "Actions"], state.task_queue.head.map(waitingRow), "Nothing waits.");
  fillTable(find("#failed"), ["Task", "Account", "Attempts", "Failed", "Error", "Actions"], state.failed.map(failedRow), "Nothing has failed.");
  fillTable(find("#workers"), ["Worker", "CPU free", "Memory free", "GPU free", "Tags", "Quarantine"], state.worker_queue.map(workerRow), "There are no workers.");
}

function runningRow(task: QueuedTask): Cell[] {
  const since = task.started_at === null ? "" : formatDuration((Date.now() - Date.parse(task.started_at)) / 1000);
  const buttons = makeButtons(task, false, act);
  return [makeTaskCell(task), task.handle || task.account, `${task.attempt}`, task.worker ?? "", formatPercent(task.progress), since, buttons];
}

function waitingRow(task: QueuedTask): Cell[] {
  const delay_s = task.not_before === null ? 0 : (Date.parse(task.not_before) - Date.now()) / 1000;
  const waits = delay_s > 0 ? `next attempt in ${formatDuration(delay_s)}` : formatDuration(task.wait_s);
  return [makeTaskCell(task), task.handle || task.account, `${task.attempt}`, waits, makeErrorCell(task.error), makeButtons(task, delay_s > 0, act)];
}

function failedRow(task: QueuedTask): Cell[] {
  const when = task.ended_at === null ? "" : formatAge(task.ended_at, Date.now());
  const what = task.optional ? `${when}, its rung was dropped` : when;
  return [makeTaskCell(task), task.handle || task.account, `${task.attempt}`, what, makeErrorCell(task.error), makeButtons(task, false, act)];
}

function workerRow(worker: Worker): Cell[] {
  const gib = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  const until = worker.quarantined_until === null ? "" : `${worker.reason ?? ""}, until ${new Date(worker.quarantined_until).toLocaleTimeString()}`;
  return [
    worker.id,
    `${worker.free.cpu} of ${worker.slots.cpu}`,
    `${gib(worker.free.memory_bytes)} of ${gib(worker.slots.memory_bytes)} GiB`,
    `${worker.free.gpu} of ${worker.slots.gpu}`,
    worker.slots.tags.join(", "),
    until,
  ];
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  signIn(String(fields.get("handle")), String(fields.get("password")))
    .then(() => {
      say(find("#answer"), "");
      form.reset();
      return refresh();
    })
    .catch((error: unknown) => say(find("#answer"), error instanceof Error ? error.message : "It did not work."));
});
addEventListener("hashchange", () => {
  say(find("#story-answer"), "");
  void refresh();
});
watchStory();
void refresh();
