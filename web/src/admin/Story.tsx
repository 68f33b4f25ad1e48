import { useEffect, useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { AttemptView, TaskStory } from "../api/schema.d.ts";
import { Dialog } from "../part/Dialog.tsx";
import {
  formatBytes,
  formatDuration,
  formatMoment,
  formatPercent,
  formatSeconds,
} from "../text/format.ts";
import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";
import { type Row, Table } from "./Table.tsx";
import { type Act, nameTask, storyHash, TaskButtons, TaskError } from "./Task.tsx";
import { usePoll } from "./use-poll.ts";

export interface StoryPlace {
  video: string;
  task: string;
}

function readHash(): StoryPlace | null {
  const [, video, task] = /^#([\w.-]+)\/([\w.-]+)$/.exec(location.hash) ?? [];
  return video === undefined || task === undefined ? null : { video, task };
}

/** Returns the task that the page's address names. */
export function useStory(): StoryPlace | null {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = (): void => setHash(location.hash);
    window.addEventListener("hashchange", update);
    return () => window.removeEventListener("hashchange", update);
  }, []);
  return hash === "" ? null : readHash();
}

function clearHash(): void {
  history.replaceState(null, "", location.pathname + location.search);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

/** A dialog about one task: its state, all its attempts, and drawings of its run. */
export function Story({ place, outcome, act }: { place: StoryPlace; outcome: string; act: Act }) {
  const path = { video_id: place.video, task_id: place.task };
  const poll = usePoll(storyHash(place.video, place.task), () =>
    call("GET /videos/{video_id}/dag/tasks/{task_id}", { path }),
  );
  const story = poll.value;
  if (story === null && poll.error === null) return null;
  const actAndRefresh: Act = (words, action) => act(words, action.finally(poll.refresh));
  return (
    <Dialog
      title={story === null ? text.admin.noStory : nameTask(story.task)}
      onClose={clearHash}
      wide
    >
      {story === null ? (
        <p>{describeProblem(poll.error)}</p>
      ) : (
        <Facts story={story} video={place.video} outcome={outcome} act={actAndRefresh} />
      )}
    </Dialog>
  );
}

function Facts({
  story,
  video,
  outcome,
  act,
}: {
  story: TaskStory;
  video: string;
  outcome: string;
  act: Act;
}) {
  const { task, attempts } = story;
  const run = `/api/v1/videos/${encodeURIComponent(video)}/dag`;
  const delayed =
    task.state === "ready" && task.ready_at !== null && Date.parse(task.ready_at) > Date.now();
  const state = delayed
    ? text.admin.nextAt(formatMoment(task.ready_at ?? ""))
    : text.admin.states[task.state as keyof typeof text.admin.states];
  return (
    <>
      <p class="facts" id="story-facts">
        {[
          state,
          ...(task.state === "running" ? [formatPercent(task.progress)] : []),
          `op ${task.op}`,
        ].join(" · ")}
      </p>
      {task.error !== null && (
        <p id="story-error">
          <TaskError error={task.error} />
        </p>
      )}
      <TaskButtons task={task} delayed={delayed} act={act} />
      <p class="answer" role="status">
        {outcome}
      </p>
      <Table
        title={text.admin.attempts}
        columns={text.admin.attemptColumns}
        rows={attempts.map(attemptRow)}
        none={text.admin.notStarted}
      />
      <p class="story-links">
        <a class="link" href={`${run}/stages.svg`}>
          {text.admin.stages}
        </a>
        <a class="link" href={`${run}/timeline.svg`}>
          {text.admin.timeline}
        </a>
        <a class="link" href={`/watch/${encodeURIComponent(video)}`}>
          {text.admin.video}
        </a>
      </p>
    </>
  );
}

function attemptRow(attempt: AttemptView): Row {
  const started = Date.parse(attempt.started_at ?? "");
  const ended = attempt.ended_at === null ? Date.now() : Date.parse(attempt.ended_at);
  const ready = attempt.ready_at === null ? started : Date.parse(attempt.ready_at);
  const outcome = (attempt.outcome ?? "running") as keyof typeof text.admin.states;
  const used =
    attempt.outcome === null
      ? ["", "", ""]
      : [
          formatSeconds(attempt.cpu_s),
          formatBytes(attempt.read_bytes),
          formatBytes(attempt.written_bytes),
        ];
  const error = attempt.error === null ? null : <TaskError error={attempt.error} />;
  return {
    key: String(attempt.number),
    cells: [
      attempt.number,
      text.admin.states[outcome],
      attempt.worker,
      formatDuration((started - ready) / 1000),
      formatDuration(Math.max(0, ended - started) / 1000),
      ...used,
      error,
    ],
  };
}
