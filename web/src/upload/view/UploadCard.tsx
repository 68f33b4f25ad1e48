/** One file on its way: how far it is, what can be done about it, what the server makes of it, and what is said of it. */

import { useState } from "preact/hooks";

import { Problem } from "../../api/client";
import type { ListedVideo } from "../../api/shape";
import { Icon } from "../../part/Icon";
import { Confirm } from "../../part/Dialog";
import { copyLink } from "../../studio/link";
import { StateMark } from "../../studio/StateMark";
import { formatBytes, formatDuration, formatPercent } from "../../text/format";
import { sayProblem } from "../../text/problem";
import { text } from "../../text/text";
import { titleOf } from "../title";
import type { Progress, Upload } from "../upload";
import { PieceStrip } from "./PieceStrip";
import { UploadFields } from "./UploadFields";
import { useServed } from "./useServed";
import { queue } from "./useUploads";

const NONE: ReadonlySet<number> = new Set();
/** What the server makes of it is news only once it is more than waiting for bytes. */
const WORKED_ON = new Set(["processing", "playable", "ready", "failed"]);

/** open: whether what is said of it shows from the start; closely: whether the server's work on it is followed piece by piece. */
export function UploadCard({ upload, open, closely }: { upload: Upload; open: boolean; closely: boolean }) {
  const { progress } = upload;
  const { video, encoded, set } = useServed(progress.state === "cancelled" ? null : progress.videoId, closely);
  const title = titleOf(upload.file.name);
  if (progress.state === "cancelled") return <Cancelled name={upload.file.name} />;
  return (
    <li class="upload" data-state={progress.state}>
      <div class="upload-head">
        <Still video={video} />
        <div class="upload-about">
          <h2 class="upload-name" id={`upload-${upload.id}`}>{video?.title || title}</h2>
          <p class="upload-file">
            {upload.file.name} · {formatBytes(upload.file.size)}
          </p>
          <Sending upload={upload} encoded={encoded} />
          {video !== null && WORKED_ON.has(video.state) && <StateMark video={video} />}
          <Actions upload={upload} video={video} />
        </div>
      </div>
      <details class="upload-more" open={open}>
        <summary>{text.studio.details}</summary>
        <UploadFields title={title} video={video} onSaved={set} />
      </details>
    </li>
  );
}

function Cancelled({ name }: { name: string }) {
  return (
    <li class="upload upload-gone" data-state="cancelled">
      {text.upload.cancelled(name)}
    </li>
  );
}

function Still({ video }: { video: ListedVideo | null }) {
  return <div class="upload-still">{video !== null && video.poster !== null ? <img src={video.poster} alt="" width="160" height="90" decoding="async" /> : <Icon name="play" size={28} />}</div>;
}

function Sending({ upload, encoded }: { upload: Upload; encoded: ReadonlySet<number> }) {
  const { progress } = upload;
  const share = progress.state === "done" ? 1 : progress.totalBytes > 0 ? progress.sentBytes / progress.totalBytes : 0;
  return (
    <>
      <progress max={1} value={share} aria-label={text.upload.progressOf(upload.file.name)} />
      {progress.items.length > 1 && progress.state !== "done" && <PieceStrip items={progress.items} encoded={progress.reason === null ? encoded : NONE} />}
      <p class={`upload-facts upload-facts-${progress.state}`}>{describe(progress, share)}</p>
      {progress.error !== null && (
        <p class="field-error" role="alert">
          {sayProblem(new Problem(progress.error.status, progress.error.code, progress.error.message))}
        </p>
      )}
      {progress.reason !== null && <p class="upload-reason">{text.upload.whole(text.upload.reasons[progress.reason])}</p>}
    </>
  );
}

function describe(progress: Progress, share: number): string {
  const words: string[] = [progress.resumed && progress.state === "sending" ? text.upload.goingOn : text.upload.states[progress.state]];
  if (progress.state === "sending" || progress.state === "paused" || progress.state === "offline") words.push(formatPercent(share));
  if (progress.state === "sending" && progress.bytesPerS > 0) words.push(text.upload.rate(formatBytes(progress.bytesPerS)));
  if (progress.etaS !== null) words.push(text.upload.left(formatDuration(progress.etaS)));
  return words.join(" · ");
}

function Actions({ upload, video }: { upload: Upload; video: ListedVideo | null }) {
  const [asking, setAsking] = useState(false);
  const { state, videoId } = upload.progress;
  const watch = videoId === null ? "" : `/watch/${encodeURIComponent(videoId)}`;
  return (
    <div class="upload-actions">
      {videoId !== null && (
        <a class="button button-small" href={watch} target="_blank" rel="noopener">
          {text.upload.watch}
        </a>
      )}
      {video !== null && (
        <button type="button" class="button button-small" onClick={() => copyLink(video)}>
          <Icon name="link" size={16} />
          {text.video.copy}
        </button>
      )}
      {videoId !== null && (
        <a class="button button-small" href={`/studio/video/${encodeURIComponent(videoId)}`} target="_blank" rel="noopener">
          {text.upload.inStudio}
        </a>
      )}
      {state !== "done" && (
        <button type="button" class="button button-small" aria-describedby={`upload-${upload.id}`} onClick={() => (upload.running ? upload.pause() : queue.resume(upload))}>
          {upload.running ? text.upload.pause : state === "failed" ? text.state.retry : text.upload.resume}
        </button>
      )}
      {state !== "done" && (
        <button type="button" class="button button-small button-quiet" aria-describedby={`upload-${upload.id}`} onClick={() => setAsking(true)}>
          {text.upload.cancel}
        </button>
      )}
      {asking && state !== "done" && (
        <Confirm title={text.upload.cancelTitle} hint={text.upload.cancelHint} action={text.upload.cancelYes} onYes={() => upload.cancel()} onClose={() => setAsking(false)} />
      )}
    </div>
  );
}
