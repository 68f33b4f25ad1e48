/** Summarizes all uploads in one line, with buttons that apply to all of them. */

import { useState } from "preact/hooks";

import { Confirm } from "../../part/Dialog.tsx";
import { text } from "../../text/text.ts";
import type { Upload } from "../send/upload.ts";
import { describeTotal } from "./progress-words.ts";
import { queue } from "./use-uploads.ts";

export function Summary({ uploads }: { uploads: readonly Upload[] }) {
  const [asking, setAsking] = useState(false);
  const active = uploads.filter((upload) => upload.progress.state !== "cancelled");
  const ended = active.filter((upload) =>
    ["done", "failed"].includes(upload.progress.state),
  ).length;
  const running = active.filter((upload) => upload.isRunning);
  const paused = active.filter((upload) => upload.progress.state === "paused");
  const done = active.filter((upload) => upload.progress.state === "done").length;
  return (
    <div class="upload-summary">
      <p class="upload-summary-words">
        <span>{text.upload.doneOf(done, active.length)}</span>
        {running.length > 0 && (
          <span class="upload-facts">{describeTotal(running.map(({ progress }) => progress))}</span>
        )}
      </p>
      {active.length > 1 && ended < active.length && (
        <div class="upload-actions">
          {running.length > 0 && (
            <button type="button" class="button button-small" onClick={() => pauseAll(running)}>
              {text.upload.pauseAll}
            </button>
          )}
          {paused.length > 0 && (
            <button type="button" class="button button-small" onClick={() => resumeAll(paused)}>
              {text.upload.resumeAll}
            </button>
          )}
          <button
            type="button"
            class="button button-small button-quiet"
            onClick={() => setAsking(true)}
          >
            {text.upload.cancelAll}
          </button>
        </div>
      )}
      {asking && (
        <Confirm
          title={text.upload.cancelAllTitle}
          hint={text.upload.cancelHint}
          action={text.upload.cancelYes}
          onYes={() => cancelAll(active)}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}

function pauseAll(uploads: readonly Upload[]): void {
  for (const upload of uploads) upload.pause();
}

function resumeAll(uploads: readonly Upload[]): void {
  for (const upload of uploads) queue.resume(upload);
}

async function cancelAll(uploads: readonly Upload[]): Promise<void> {
  await Promise.all(
    uploads.filter(({ progress }) => progress.state !== "done").map((upload) => upload.cancel()),
  );
}
