import { useState } from "preact/hooks";

import { call } from "../api/client.ts";
import type { QueuedTask, QueuesView, WorkerView } from "../api/schema.d.ts";
import { Trouble } from "../part/state.tsx";
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatMoment,
  formatPercent,
} from "../text/format.ts";
import { describeProblem } from "../text/problem.ts";
import { text } from "../text/text.ts";
import { Story, useStory } from "./Story.tsx";
import { type Row, Table } from "./Table.tsx";
import { type Act, TaskButtons, TaskError, TaskLink } from "./Task.tsx";
import { usePoll } from "./use-poll.ts";

/**
 * Running, waiting and failed tasks and the workers, updated every second, with buttons for single
 * tasks.
 */
export function Queues() {
  const poll = usePoll("queues", () => call("GET /admin/queues"));
  const story = useStory();
  const [outcome, setOutcome] = useState("");
  const act: Act = (words, action) => {
    action
      .then(
        () => setOutcome(words),
        (error: unknown) => setOutcome(`${words}: ${describeProblem(error)}`),
      )
      .finally(poll.refresh);
  };
  if (poll.value === null)
    return poll.error === null ? null : <Trouble error={poll.error} onRetry={poll.refresh} />;
  return (
    <div class="queues">
      {poll.error !== null && (
        <p class="field-error" role="alert">
          {describeProblem(poll.error)}
        </p>
      )}
      {outcome !== "" && story === null && (
        <p class="answer" id="answer" role="status">
          {outcome}
        </p>
      )}
      <Tables state={poll.value} act={act} />
      {story !== null && <Story place={story} outcome={outcome} act={act} />}
    </div>
  );
}

function Tables({ state, act }: { state: QueuesView; act: Act }) {
  const { overload, task_queue: queue } = state;
  const ready = queue.by_state.ready ?? 0;
  const words = text.admin;
  return (
    <>
      <p class="facts">
        {[
          words.levels[overload.level as keyof typeof words.levels],
          words.wait(formatDuration(overload.wait_s)),
          words.parked(overload.parked_runs),
        ].join(" ")}
      </p>
      <Table
        title={words.running}
        columns={words.runningColumns}
        rows={state.running_queue.map((task) => runningRow(task, act))}
        none={words.nothingRuns}
      />
      <Table
        title={words.waiting}
        hint={words.counts(ready, formatDuration(queue.oldest_wait_s), queue.by_state.waiting ?? 0)}
        columns={words.waitingColumns}
        rows={queue.head.map((task) => waitingRow(task, act))}
        none={words.nothingWaits}
      />
      <Table
        title={words.failed}
        hint={words.failedHint}
        columns={words.failedColumns}
        rows={state.failed.map((task) => failedRow(task, act))}
        none={words.nothingFailed}
      />
      <Table
        title={words.workers}
        columns={words.workerColumns}
        rows={state.worker_queue.map(workerRow)}
        none={words.noWorkers}
      />
    </>
  );
}

/** Returns the row of a task: the cells that all tables of tasks have, then `cells`. */
function taskRow(task: QueuedTask, ...cells: Row["cells"]): Row {
  return {
    key: task.id,
    cells: [<TaskLink task={task} />, task.handle || task.account, task.attempt, ...cells],
  };
}

function runningRow(task: QueuedTask, act: Act): Row {
  const since =
    task.started_at === null
      ? ""
      : formatDuration((Date.now() - Date.parse(task.started_at)) / 1000);
  return taskRow(
    task,
    task.worker ?? "",
    formatPercent(task.progress),
    since,
    <TaskButtons task={task} delayed={false} act={act} />,
  );
}

function waitingRow(task: QueuedTask, act: Act): Row {
  const delay_s = task.not_before === null ? 0 : (Date.parse(task.not_before) - Date.now()) / 1000;
  const waits =
    delay_s > 0 ? text.admin.nextIn(formatDuration(delay_s)) : formatDuration(task.wait_s);
  const error = task.error === null ? null : <TaskError error={task.error} />;
  return taskRow(task, waits, error, <TaskButtons task={task} delayed={delay_s > 0} act={act} />);
}

function failedRow(task: QueuedTask, act: Act): Row {
  const when = task.ended_at === null ? "" : formatAge(task.ended_at);
  const what = task.optional ? text.admin.dropped(when) : when;
  return taskRow(
    task,
    what,
    <TaskError error={task.error} />,
    <TaskButtons task={task} delayed={false} act={act} />,
  );
}

function workerRow(worker: WorkerView): Row {
  const of = (free: string | number, all: string | number): string =>
    text.admin.of(String(free), String(all));
  const { free, slots } = worker;
  const until =
    worker.quarantined_until === null
      ? ""
      : text.admin.quarantined(worker.reason ?? "", formatMoment(worker.quarantined_until));
  return {
    key: `${worker.dispatcher} ${worker.id}`,
    cells: [
      worker.id,
      of(free.cpu, slots.cpu),
      of(formatBytes(free.memory_bytes), formatBytes(slots.memory_bytes)),
      of(free.gpu, slots.gpu),
      (slots.tags ?? []).join(", "),
      until,
    ],
  };
}
