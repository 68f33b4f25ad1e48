/** All uploads in one line, with the buttons that go for all. */

import { useState } from "preact/hooks";

import { Confirm } from "../../part/Dialog";
import { formatBytes, formatDuration } from "../../text/format";
import { text } from "../../text/text";
import type { Upload } from "../upload";
import { queue } from "./useUploads";

export function Summary({ uploads }: { uploads: readonly Upload[] }) {
  const [asking, setAsking] = useState(false);
  const wanted = uploads.filter((upload) => upload.progress.state !== "cancelled");
  const ended = wanted.filter((upload) => ["done", "failed"].includes(upload.progress.state)).length;
  const running = wanted.filter((upload) => upload.running);
  const paused = wanted.filter((upload) => upload.progress.state === "paused");
  const done = wanted.filter((upload) => upload.progress.state === "done").length;
  return (
    <div class="upload-summary">
      <p class="upload-summary-words">
        <span>{text.upload.doneOf(done, wanted.length)}</span>
        {running.length > 0 && <span class="upload-facts">{describe(wanted)}</span>}
      </p>
      {wanted.length > 1 && ended < wanted.length && (
        <div class="upload-actions">
          {running.length > 0 && (
            <button type="button" class="button button-small" onClick={() => running.forEach((upload) => upload.pause())}>
              {text.upload.pauseAll}
            </button>
          )}
          {paused.length > 0 && (
            <button type="button" class="button button-small" onClick={() => paused.forEach((upload) => queue.resume(upload))}>
              {text.upload.resumeAll}
            </button>
          )}
          <button type="button" class="button button-small button-quiet" onClick={() => setAsking(true)}>
            {text.upload.cancelAll}
          </button>
        </div>
      )}
      {asking && <Confirm title={text.upload.cancelAllTitle} hint={text.upload.cancelHint} action={text.upload.cancelYes} onYes={() => cancelAll(wanted)} onClose={() => setAsking(false)} />}
    </div>
  );
}

async function cancelAll(uploads: readonly Upload[]): Promise<void> {
  await Promise.all(uploads.filter(({ progress }) => progress.state !== "done").map((upload) => upload.cancel()));
}

/** How fast all go together, and how long that takes for what is left of them, also of those that wait. */
function describe(uploads: readonly Upload[]): string {
  const told = uploads.filter((upload) => upload.running).map((upload) => upload.progress);
  const rate = told.reduce((sum, { state, bytesPerS }) => sum + (state === "sending" ? bytesPerS : 0), 0);
  const leftBytes = told.reduce((sum, { sentBytes, totalBytes }) => sum + totalBytes - sentBytes, 0);
  return rate > 0 ? [text.upload.rate(formatBytes(rate)), text.upload.left(formatDuration(leftBytes / rate))].join(" · ") : "";
}
