import { call } from "../../api/client.ts";
import type { RetryRequest, TaskView } from "../../api/schema.d.ts";
import type { ListedVideo } from "../../api/shape.ts";
import { Icon } from "../../part/Icon.tsx";
import { describeReason } from "../../text/reason.ts";
import { text } from "../../text/text.ts";
import { hintFor } from "./error-hint.ts";
import { RetryButton } from "./RetryButton.tsx";
import { nameTask } from "./stage-words.ts";

interface CardProps {
  video: ListedVideo;
  tasks: readonly TaskView[];
  onShow: (task: TaskView) => void;
}

/** Says why a run failed, or which rungs it lost, with buttons to retry. */
export function FailureCard({ video, tasks, onShow }: CardProps) {
  const error = video.error ?? video.notice;
  const dropped = Object.entries(video.dropped);
  const culprit = tasks.find(
    (task) => task.state === "failed" && task.error?.message === error?.message,
  );
  if (error === null && dropped.length === 0) return null;
  const retry = (body: RetryRequest): Promise<unknown> =>
    call("POST /videos/{video_id}/retry", { path: { video_id: video.id }, body });
  // A notice may also say why a run waits; then nothing has failed.
  const failed = video.state === "failed" || culprit !== undefined;
  return (
    <section
      class={video.state === "failed" ? "failure failure-bad" : "failure"}
      aria-label={failed || dropped.length > 0 ? text.run.wrong : text.shell.notice}
    >
      <Icon name="warn" size={22} />
      <div class="failure-words">
        {error !== null && (
          <>
            {failed && (
              <p class="failure-title">
                {culprit === undefined
                  ? text.run.states.failed
                  : text.run.failedAt(nameTask(culprit))}
              </p>
            )}
            <p>{describeReason(error)}</p>
            {failed && <p class="field-hint">{hintFor(error.code)}</p>}
            {failed && (
              <div class="failure-actions">
                <RetryButton label={text.run.tryAgain} isMain onRetry={() => retry({})} />
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
                  <strong>{text.run.lost(name)}</strong> {describeReason(reason)}
                </span>
                <RetryButton
                  label={text.run.makeAgain(name)}
                  onRetry={() => retry({ rung: name })}
                />
              </li>
            ))}
          </ul>
        )}
      </div>
    </section>
  );
}
