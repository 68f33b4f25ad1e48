/** The story of one task, in a dialog that the address opens: what it is, all its attempts, and drawings of its run. */

import { useEffect, useState } from "preact/hooks";

import { call, Problem } from "../api/client";
import type { AttemptView, TaskStory } from "../api/schema";
import { Dialog } from "../part/Dialog";
import { formatBytes, formatDuration, formatMoment, formatPercent, formatSeconds } from "../text/format";
import { text } from "../text/text";
import { Table, type Row } from "./Table";
import { nameTask, storyHash, TaskButtons, TaskError, type Act } from "./Task";
import { usePoll } from "./usePoll";

export interface StoryPlace {
  video: string;
  task: string;
}

function read(): StoryPlace | null {
  const [, video, task] = /^#([\w.-]+)\/([\w.-]+)$/.exec(location.hash) ?? [];
  return video === undefined || task === undefined ? null : { video, task };
}

/** What the address names. */
export function useStory(): StoryPlace | null {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const take = (): void => setHash(location.hash);
    window.addEventListener("hashchange", take);
    return () => window.removeEventListener("hashchange", take);
  }, []);
  return hash === "" ? null : read();
}

function forget(): void {
  history.replaceState(null, "", location.pathname + location.search);
  window.dispatchEvent(new HashChangeEvent("hashchange"));
}

export function Story({ place, said, act }: { place: StoryPlace; said: string; act: Act }) {
  const path = { video_id: place.video, task_id: place.task };
  const poll = usePoll(storyHash(place.video, place.task), () => call("GET /videos/{video_id}/dag/tasks/{task_id}", { path }));
  const story = poll.value;
  if (story === null && poll.error === null) return null;
  const doing: Act = (words, done) => act(words, done.finally(poll.refresh));
  return (
    <Dialog title={story === null ? text.admin.noStory : nameTask(story.task)} onClose={forget} wide>
      {story === null ? <p>{poll.error instanceof Problem ? poll.error.message : text.state.trouble}</p> : <Facts story={story} video={place.video} said={said} act={doing} />}
    </Dialog>
  );
}

function Facts({ story, video, said, act }: { story: TaskStory; video: string; said: string; act: Act }) {
  const { task, attempts } = story;
  const run = `/api/v1/videos/${encodeURIComponent(video)}/dag`;
  const delayed = task.state === "ready" && task.ready_at !== null && Date.parse(task.ready_at) > Date.now();
  const state = delayed ? text.admin.nextAt(formatMoment(task.ready_at ?? "")) : text.admin.states[task.state as keyof typeof text.admin.states];
  return (
    <>
      <p class="facts" id="story-facts">
        {[state, ...(task.state === "running" ? [formatPercent(task.progress)] : []), `op ${task.op}`].join(" · ")}
      </p>
      {task.error !== null && (
        <p id="story-error">
          <TaskError error={task.error} />
        </p>
      )}
      <TaskButtons task={task} delayed={delayed} act={act} />
      <p class="answer" role="status">
        {said}
      </p>
      <Table title={text.admin.attempts} columns={text.admin.attemptColumns} rows={attempts.map(attemptRow)} none={text.admin.notStarted} />
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
  const used = attempt.outcome === null ? ["", "", ""] : [formatSeconds(attempt.cpu_s), formatBytes(attempt.read_bytes), formatBytes(attempt.written_bytes)];
  const error = attempt.error === null ? null : <TaskError error={attempt.error} />;
  return {
    key: String(attempt.number),
    cells: [attempt.number, text.admin.states[outcome], attempt.worker, formatDuration((started - ready) / 1000), formatDuration(Math.max(0, ended - started) / 1000), ...used, error],
  };
}
