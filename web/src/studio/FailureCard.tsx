/** What a run failed of, or which qualities it lost, with the way to try again. */

import { useState } from "preact/hooks";

import { call } from "../api/client";
import type { RetryRequest, TaskView } from "../api/schema";
import type { ListedVideo } from "../api/shape";
import { Icon } from "../part/Icon";
import { toast } from "../shell/toast";
import { sayProblem } from "../text/problem";
import { sayReason } from "../text/reason";
import { text } from "../text/text";
import { hintFor } from "./ErrorStory";
import { nameTask } from "./stageWords";

interface CardProps {
  video: ListedVideo;
  tasks: readonly TaskView[];
  onShow: (task: TaskView) => void;
}

export function FailureCard({ video, tasks, onShow }: CardProps) {
  const error = video.error ?? video.notice;
  const dropped = Object.entries(video.dropped);
  const culprit = tasks.find((task) => task.state === "failed" && task.error?.["message"] === error?.message);
  if (error === null && dropped.length === 0) return null;
  // A notice may also say why a run waits: nothing has failed then.
  const failed = video.state === "failed" || culprit !== undefined;
  return (
    <section class={video.state === "failed" ? "failure failure-bad" : "failure"} aria-label={failed || dropped.length > 0 ? text.run.wrong : text.shell.notice}>
      <Icon name="warn" size={22} />
      <div class="failure-words">
        {error !== null && (
          <>
            {failed && <p class="failure-title">{culprit === undefined ? text.run.states.failed : text.run.failedAt(nameTask(culprit))}</p>}
            <p>{sayReason(error)}</p>
            {failed && <p class="field-hint">{hintFor(error.code)}</p>}
            {failed && (
              <div class="failure-actions">
                <Retry video={video} body={{}} label={text.run.tryAgain} main />
                {culprit !== undefined && (
                  <button type="button" class="button button-small" onClick={() => onShow(culprit)}>
                    {text.run.show}
                  </button>
                )}
              </div>
            )}
          </>
        )}
        {dropped.length > 0 && (
          <ul class="dropped">
            {dropped.map(([name, reason]) => (
              <li key={name}>
                <span>
                  <strong>{text.run.lost(name)}</strong> {sayReason(reason)}
                </span>
                <Retry video={video} body={{ rung: name }} label={text.run.makeAgain(name)} />
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}

function Retry({ video, body, label, main = false }: { video: ListedVideo; body: RetryRequest; label: string; main?: boolean }) {
  const [busy, setBusy] = useState(false);
  const retry = async (): Promise<void> => {
    setBusy(true);
    try {
      await call("POST /videos/{video_id}/retry", { path: { video_id: video.id }, body });
      toast(text.run.retried);
    } catch (error) {
      toast(sayProblem(error), "bad");
    }
    setBusy(false);
  };
  return (
    <button type="button" class={main ? "button button-small button-main" : "button button-small"} disabled={busy} onClick={() => void retry()}>
      <Icon name="retry" size={18} />
      {label}
    </button>
  );
}
