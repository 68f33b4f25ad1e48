/** The upload page: files are chosen or dropped, sent by `upload/`, and can be watched at once. */

import { find } from "../find";
import { formatDuration, formatPercent } from "../format";
import { unfinished } from "../upload/memory";
import { Queue } from "../upload/queue";
import { REASONS } from "../upload/words";
import type { Progress, Upload } from "../upload/upload";

const queue = new Queue();
const list = find<HTMLUListElement>("#uploads");
const chooser = find<HTMLInputElement>("#files");
const zone = find("#zone");
const again = find("#again");

const STATES: Record<Progress["state"], string> = {
  waiting: "Waiting for its turn",
  reading: "Reading the file",
  sending: "Uploading",
  paused: "Paused",
  offline: "No connection; goes on by itself",
  done: "Uploaded",
  failed: "Failed",
  cancelled: "Cancelled",
};

function add(files: Iterable<File>): void {
  for (const file of files) list.append(makeRow(queue.add(file)));
}

function makeRow(upload: Upload): HTMLLIElement {
  const row = document.createElement("li");
  row.className = "upload";
  const name = make("h2", "upload-name", upload.file.name);
  const bar = document.createElement("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", `Upload of ${upload.file.name}`);
  const facts = make("p", "upload-facts");
  const reason = make("p", "upload-reason");
  const pause = makeButton("Pause", () => (isRunning(upload.progress) ? upload.pause() : queue.resume(upload)));
  const cancel = makeButton("Cancel", () => void upload.cancel());
  const watch = document.createElement("a");
  watch.className = "button";
  watch.textContent = "Watch";
  const actions = make("div", "upload-actions");
  actions.append(watch, pause, cancel);
  row.append(name, bar, facts, reason, actions);
  const show = (): void => {
    const progress = upload.progress;
    row.dataset["state"] = progress.state;
    bar.value = progress.state === "done" ? 1 : progress.totalBytes > 0 ? progress.sentBytes / progress.totalBytes : 0;
    setText(facts, describe(progress));
    setText(reason, progress.error?.message ?? (progress.reason === null ? "" : REASONS[progress.reason]));
    setText(pause, isRunning(progress) ? "Pause" : progress.state === "failed" ? "Try again" : "Resume");
    pause.hidden = progress.state === "done" || progress.state === "cancelled";
    cancel.hidden = pause.hidden;
    watch.hidden = progress.videoId === null || progress.state === "cancelled";
    if (progress.videoId !== null) watch.href = `/watch/${encodeURIComponent(progress.videoId)}`;
  };
  upload.addEventListener("change", show);
  show();
  return row;
}

function isRunning(progress: Progress): boolean {
  return ["waiting", "reading", "sending", "offline"].includes(progress.state);
}

function describe(progress: Progress): string {
  const words = [progress.resumed && progress.state === "sending" ? "Going on where it stopped" : STATES[progress.state]];
  if (progress.state === "sending" || progress.state === "paused") words.push(formatPercent(progress.sentBytes / progress.totalBytes));
  if (progress.state === "sending" && progress.bytesPerS > 0) words.push(`${(progress.bytesPerS / 1e6).toFixed(1)} MB/s`);
  if (progress.etaS !== null) words.push(`${formatDuration(progress.etaS)} left to upload`);
  return words.join(" · ");
}

function make(tag: string, className: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

function makeButton(text: string, act: () => void): HTMLButtonElement {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button";
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** What an earlier tab did not finish: its files have to be chosen again. */
async function remind(): Promise<void> {
  const names = (await unfinished()).map(({ name }) => name);
  again.hidden = names.length === 0;
  again.textContent = `Not finished: ${names.join(", ")}. Choose the same file again and only what is missing is sent.`;
}

chooser.addEventListener("change", () => {
  add(chooser.files ?? []);
  chooser.value = "";
});
zone.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("zone-over");
});
zone.addEventListener("dragleave", () => zone.classList.remove("zone-over"));
zone.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("zone-over");
  add(event.dataTransfer?.files ?? []);
});
// Bars and times move on their own, even when nothing is sent.
setInterval(() => queue.uploads.forEach((upload) => isRunning(upload.progress) && upload.dispatchEvent(new Event("change"))), 1000);
window.addEventListener("beforeunload", (event) => {
  if (queue.busy) event.preventDefault();
});
void remind();
