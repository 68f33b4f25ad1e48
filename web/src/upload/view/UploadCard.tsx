/** One upload: its progress, its actions, the state of its video, and the fields of its video. */

import { useState } from "preact/hooks";

import type { ListedVideo } from "../../api/shape.ts";
import { Confirm } from "../../part/Dialog.tsx";
import { Icon } from "../../part/Icon.tsx";
import { copyLink, studioUrl } from "../../studio/link.ts";
import { StateMark } from "../../studio/StateMark.tsx";
import { formatBytes } from "../../text/format.ts";
import { describeProblem } from "../../text/problem.ts";
import { text } from "../../text/text.ts";
import { titleOf } from "../send/title.ts";
import type { Upload } from "../send/upload.ts";
import { PieceStrip } from "./PieceStrip.tsx";
import { describeProgress, shareOf } from "./progress-words.ts";
import { UploadFields } from "./UploadFields.tsx";
import { useServedVideo } from "./use-served-video.ts";
import { queue } from "./use-uploads.ts";

const NO_PIECES: ReadonlySet<number> = new Set();
/** States of the video that are shown beside the progress of the upload. */
const SHOWN_STATES = new Set(["processing", "playable", "ready", "failed"]);

/**
 * open: the fields of the video are shown from the start. closely: follow the encoding of each
 * piece.
 */
export function UploadCard({
  upload,
  open,
  closely,
}: {
  upload: Upload;
  open: boolean;
  closely: boolean;
}) {
  const { progress } = upload;
  const { video, encoded, set } = useServedVideo(
    progress.state === "cancelled" ? null : progress.videoId,
    closely,
  );
  const title = titleOf(upload.file.name);
  if (progress.state === "cancelled") return <Cancelled name={upload.file.name} />;
  return (
    <li class="upload" data-state={progress.state}>
      <div class="upload-head">
        <Still video={video} />
        <div class="upload-about">
          <h2 class="upload-name" id={`upload-${upload.id}`}>
            {video?.title || title}
          </h2>
          <p class="upload-file">
            {upload.file.name} · {formatBytes(upload.file.size)}
          </p>
          <ProgressLine upload={upload} encoded={encoded} />
          {video !== null && SHOWN_STATES.has(video.state) && <StateMark video={video} />}
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
  return (
    <div class="upload-still">
      {video !== null && video.poster !== null ? (
        <img src={video.poster} alt="" width="160" height="90" decoding="async" />
      ) : (
        <Icon name="play" size={28} />
      )}
    </div>
  );
}

function ProgressLine({ upload, encoded }: { upload: Upload; encoded: ReadonlySet<number> }) {
  const { progress } = upload;
  const share = shareOf(progress);
  return (
    <>
      <progress max={1} value={share} aria-label={text.upload.progressOf(upload.file.name)} />
      {progress.items.length > 1 && progress.state !== "done" && (
        <PieceStrip
          items={progress.items}
          encoded={progress.reason === null ? encoded : NO_PIECES}
        />
      )}
      <p class={`upload-facts upload-facts-${progress.state}`}>{describeProgress(progress)}</p>
      {progress.error !== null && (
        <p class="field-error" role="alert">
          {describeProblem(progress.error)}
        </p>
      )}
      {progress.reason !== null && (
        <p class="upload-reason">{text.upload.whole(text.upload.reasons[progress.reason])}</p>
      )}
    </>
  );
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
        <a class="button button-small" href={studioUrl(videoId)} target="_blank" rel="noopener">
          {text.upload.inStudio}
        </a>
      )}
      {state !== "done" && (
        <button
          type="button"
          class="button button-small"
          aria-describedby={`upload-${upload.id}`}
          onClick={() => (upload.isRunning ? upload.pause() : queue.resume(upload))}
        >
          {upload.isRunning
            ? text.upload.pause
            : state === "failed"
              ? text.state.retry
              : text.upload.resume}
        </button>
      )}
      {state !== "done" && (
        <button
          type="button"
          class="button button-small button-quiet"
          aria-describedby={`upload-${upload.id}`}
          onClick={() => setAsking(true)}
        >
          {text.upload.cancel}
        </button>
      )}
      {asking && state !== "done" && (
        <Confirm
          title={text.upload.cancelTitle}
          hint={text.upload.cancelHint}
          action={text.upload.cancelYes}
          onYes={() => upload.cancel()}
          onClose={() => setAsking(false)}
        />
      )}
    </div>
  );
}
