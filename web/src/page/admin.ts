/** The admin's page: task queue, worker queue and running queue, read again every second, with buttons for single tasks. */

import { cancelTask, getQueues, prioritise, retryTask, signIn, type QueuedTask, type Queues, type Worker } from "../api/admin";
import { ApiError } from "../api/video";
import { find } from "../find";
import { formatDuration, formatPercent } from "../format";

const EVERY_MS = 1000;
const note = find("#note");
const form = find<HTMLFormElement>("#sign-in");
const queues = find("#queues");

async function refresh(): Promise<void> {
  try {
    show(await getQueues());
    form.hidden = true;
    say(null);
  } catch (error) {
    const status = error instanceof ApiError ? error.status : 0;
    form.hidden = status !== 401 && status !== 403;
    queues.hidden = status === 401 || status === 403;
    say(status === 0 ? "The server does not answer." : (error as ApiError).message);
  }
  if (form.hidden) setTimeout(() => void refresh(), EVERY_MS);
}

function say(text: string | null): void {
  note.hidden = text === null;
  note.textContent = text ?? "";
}

function show(state: Queues): void {
  queues.hidden = false;
  const { level, wait_s, parked_runs } = state.overload;
  const words = { normal: "Everything is begun at once.", defer: "What nobody waits for is put off.", park: "New videos wait, too." };
  find("#overload").textContent = `${words[level]} Estimated wait ${formatDuration(wait_s)}; ${parked_runs} videos parked.`;
  find("#counts").textContent = [
    ...Object.entries(state.task_queue.by_state).map(([name, count]) => `${count} ${name}`),
    `oldest ${formatDuration(state.task_queue.oldest_wait_s)}`,
  ].join(" · ");
  fill("#running", ["Task", "Video", "Attempt", "Worker", "Done", "Since", ""], state.running_queue.map(runningRow));
  fill("#waiting", ["Task", "Video", "Account", "Attempt", "Waits", "Last error", ""], state.task_queue.head.map(waitingRow));
  fill("#workers", ["Worker", "CPU free", "Memory free", "GPU free", "Tags", "Quarantine"], state.worker_queue.map(workerRow));
}

type Cell = string | HTMLElement;

function fill(selector: string, head: string[], rows: Cell[][]): void {
  const place = find(selector);
  if (place.contains(document.activeElement)) return; // a button that has the focus must not be replaced under the finger
  const table = document.createElement("table");
  table.className = "queue";
  table.append(makeRow("th", head), ...rows.map((row) => makeRow("td", row)));
  place.replaceChildren(rows.length === 0 ? "None." : table);
}

function makeRow(tag: "th" | "td", cells: Cell[]): HTMLTableRowElement {
  const row = document.createElement("tr");
  for (const cell of cells) {
    const element = document.createElement(tag);
    element.append(cell);
    row.append(element);
  }
  return row;
}

function placeOf(task: QueuedTask): string {
  return [task.stage, task.piece === null ? null : `piece ${task.piece}`, task.rung].filter((part) => part !== null).join(" · ");
}

function runningRow(task: QueuedTask): Cell[] {
  const since = task.started_at === null ? "" : formatDuration((Date.now() - Date.parse(task.started_at)) / 1000);
  const buttons = makeButtons([["Cancel", () => cancelTask(task.id)]]);
  return [placeOf(task), storyLink(task), `${task.attempt}`, task.worker ?? "", formatPercent(task.progress), since, buttons];
}

function waitingRow(task: QueuedTask): Cell[] {
  const buttons = makeButtons([
    ["Now", () => retryTask(task.id)],
    ["First", () => prioritise(task.id, "first")],
    ["Last", () => prioritise(task.id, "last")],
    ["Cancel", () => cancelTask(task.id)],
  ]);
  const error = task.error === null ? "" : task.error.code;
  return [placeOf(task), storyLink(task), task.account, `${task.attempt}`, formatDuration(task.wait_s), error, buttons];
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

/** A link to the story of a task's run. */
function storyLink(task: QueuedTask): HTMLAnchorElement {
  const link = document.createElement("a");
  link.href = task.dag;
  link.textContent = task.video;
  return link;
}

function makeButtons(actions: [string, () => Promise<void>][]): HTMLElement {
  const group = document.createElement("span");
  for (const [label, act] of actions) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = label;
    button.addEventListener("click", () => {
      button.blur();
      act().catch((error: unknown) => say(error instanceof Error ? error.message : "It did not work."));
    });
    group.append(button);
  }
  return group;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  signIn(String(fields.get("handle")), String(fields.get("password")))
    .then(refresh)
    .catch((error: unknown) => say(error instanceof Error ? error.message : "It did not work."));
});
void refresh();
