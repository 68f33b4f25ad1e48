"""Settlement: commits the reports of an engine, in one transaction each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import StorageFullError, TaskCrashedError, UnavailableError, WorkerLostError, YeoulError
from yeoul.catalog.database import Database
from yeoul.catalog.queue import attempt, batch, lease, outbox
from yeoul.catalog.queue import run as runs
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue.batch import FinishedAttempt, RunningTaskRow
from yeoul.catalog.schema.row.pipeline import RunRow, TaskRow
from yeoul.catalog.video import video
from yeoul.model.event import TaskEnded
from yeoul.model.work import RESULT, TRAFFIC, Report, Result
from yeoul.pipeline import publish
from yeoul.pipeline.dag import scheduler
from yeoul.pipeline.dag.definition import GROUP_OP, PREPROCESSOR_STAGES
from yeoul.pipeline.failure import FailureHandler, failed_on_full_disk
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource.failure_ladder import MAX_ATTEMPTS
from yeoul.pipeline.scheduler_cache import SchedulerCache, lock_run_of, place_of
from yeoul.pipeline.sweeper import Sweeper
from yeoul.pipeline.task import input as task_input
from yeoul.pipeline.task.data import Output, Prepared

log = logging.getLogger("yeoul.pipeline")
_PROGRESS_EVERY_S = 1.0


class Settlement:
    """Ends attempts of one owner. An attempt that another owner has reclaimed changes nothing, and its outputs are deleted."""

    def __init__(self, database: Database, preprocessor_: Preprocessor, schedulers: SchedulerCache, sweeper: Sweeper, owner: str) -> None:
        self._database = database
        self._preprocessor = preprocessor_
        self._schedulers = schedulers
        self._sweeper = sweeper
        self._owner = owner
        self._failures = FailureHandler(schedulers, owner)
        self._progress_at: dict[tuple[str, int], float] = {}

    def settle(self, report: Report, now_s: float) -> None:
        """Commits one report. Raises StorageFullError or UnavailableError if the database cannot accept it now; then call again."""
        if report.kind == "progress":
            self._note_progress(report, now_s)
        elif report.kind != "started":
            self._progress_at.pop((report.task, report.attempt), None)
            self._end(report, now_s)

    def settle_batch(self, reports: Sequence[Report], now_s: float) -> list[Report]:
        """Commits reports of success, in one transaction per run. Returns the reports that must be settled one by one.

        Raises StorageFullError or UnavailableError if the database cannot accept them now; then call again.
        """
        remaining = {(report.task, report.attempt): report for report in reports}
        with self._database.read() as connection:
            run_ids = batch.runs_of(connection, [report.task for report in reports])
        for run_id in sorted(set(run_ids.values())):
            of_run = {report.task: report for report in reports if run_ids.get(report.task) == run_id}
            for settled in self._finish_together(run_id, of_run, now_s):
                self._progress_at.pop((settled.task, settled.attempt), None)
                del remaining[settled.task, settled.attempt]
        return list(remaining.values())

    def cancel(self, connection: Connection, task_id: str, now_s: float) -> None:
        """Fails a task permanently because an admin asked for it."""
        self._failures.cancel(connection, task_id, now_s)

    def reclaim(self, now_s: float, only_live_owner: str | None = None) -> bool:
        """Makes tasks with an expired lease ready again, or fails them if they were lost too often. True if there were any.

        only_live_owner: the only owner that is alive, so that leases of all other owners count as expired.
        """
        with self._schedulers.transaction(self._database) as connection:
            reclaimed = lease.reclaim_expired(connection, now_s, MAX_ATTEMPTS, only_live_owner)
            exhausted = lease.find_exhausted(connection, now_s, MAX_ATTEMPTS, only_live_owner)
        for row in reclaimed:
            log.info("task %s attempt %s was lost with its dispatcher; the task is ready again", row["id"], row["attempt"])
        for row in exhausted:
            with self._schedulers.transaction(self._database) as connection:
                self._failures.fail_lost(connection, row, now_s)
        return bool(reclaimed or exhausted)

    # --- success ---

    def _finish_together(self, run_id: str, reports: Mapping[str, Report], now_s: float) -> Sequence[Report]:
        """Commits reports of one run and returns the committed ones. Commits none if one is invalid; the caller then settles each alone."""
        try:
            done = {report.task: _read_done(report) for report in reports.values()}
            with self._schedulers.transaction(self._database) as connection:
                return self._finish_run(connection, run_id, reports, done, now_s)
        except (StorageFullError, UnavailableError):
            raise
        except Exception as cause:  # noqa: BLE001 (a bad report must not block the others)
            log.debug("%d reports of run %s are settled one by one: %s", len(reports), run_id, cause)
            return ()

    def _finish_run(
        self,
        connection: Connection,
        run_id: str,
        reports: Mapping[str, Report],
        done: Mapping[str, tuple[FinishedAttempt, Output]],
        now_s: float,
    ) -> Sequence[Report]:
        run = runs.lock(connection, run_id)
        rows = batch.lock_owned(connection, {task_id: report.attempt for task_id, report in reports.items()}, self._owner)
        plain = [row for row in rows if run is not None and _is_plain(row, run)]
        if run is None or not plain:
            return ()
        batch.finish_all(connection, [done[row["id"]][0] for row in plain], self._owner, now_s)
        for row in plain:
            publish.publish(connection, run, done[row["id"]][1], now_s)
        self._schedulers.apply(connection, run_id, [scheduler.TaskEnded(place_of(row), ok=True) for row in plain], now_s, locked=run)
        outbox.emit(connection, TaskEnded(video_id=run["video_id"], run_id=run_id), now_s)
        return [reports[row["id"]] for row in plain]

    def _end(self, report: Report, now_s: float) -> None:
        error = None if report.error is None else {name: value for name, value in report.error.items() if name != TRAFFIC}
        if report.kind == "done":
            try:
                self._finish(report, now_s)
                return
            except (StorageFullError, UnavailableError):
                raise
            except YeoulError as cause:
                error = cause.to_dict()
            except Exception as cause:  # noqa: BLE001 (invalid outputs of an op must fail its own task only)
                error = TaskCrashedError(f"the op returned invalid outputs: {cause}"[:2000]).to_dict()
        self._fail(report, error or WorkerLostError("the worker died while it ran the task").to_dict(), now_s)

    def _finish(self, report: Report, now_s: float) -> None:
        Output.model_validate(report.outputs or {})  # raises before anything is committed
        with self._schedulers.transaction(self._database) as connection:
            task = _find_task(connection, report)
            if task is None:
                return
            run = lock_run_of(connection, task)
            outputs = _plain_outputs(report)
            usage, result = report.usage, _make_result(report, outputs)
            is_ours = lease.finish(connection, report.task, report.attempt, self._owner, outputs, report.cpu_s, now_s, usage, result)
            if is_ours:
                self._publish(connection, task, run, outputs, now_s)
            else:
                attempt.set_usage(connection, report.task, report.attempt, usage)
        if not is_ours:
            self._discard(report, run)

    def _publish(self, connection: Connection, task: TaskRow, run: RunRow, outputs: Mapping[str, Any], now_s: float) -> None:
        if run["state"] == "cancelled":
            return
        output = Output.model_validate(outputs)
        for name, error in output.dropped.items():
            publish.drop_rungs(connection, run, task["stage"], [name], error, now_s)
        for stage, error in outputs.get("errors", {}).items() if task["op"] == GROUP_OP else ():
            publish.drop_rungs(connection, run, stage, task_input.rungs_of(run, task, stage), error, now_s)
        publish.publish(connection, run, output, now_s)
        if task["stage"] in PREPROCESSOR_STAGES:
            self._preprocessor.task_done(connection, run, Prepared.model_validate(outputs), now_s)
        else:
            self._schedulers.apply(connection, run["id"], [scheduler.TaskEnded(place_of(task), ok=True)], now_s)
        if failed_on_full_disk(task):
            video.change(connection, run["video_id"], {"notice": None}, now_s)
        outbox.emit(connection, TaskEnded(video_id=run["video_id"], run_id=run["id"]), now_s)

    # --- progress and failures ---

    def _note_progress(self, report: Report, now_s: float) -> None:
        key = (report.task, report.attempt)
        if now_s - self._progress_at.get(key, 0.0) < _PROGRESS_EVERY_S:
            return
        self._progress_at[key] = now_s
        with self._database.write() as connection:
            lease.set_progress(connection, report.task, report.attempt, self._owner, report.progress or 0.0, now_s)

    def _fail(self, report: Report, error: Mapping[str, Any], now_s: float) -> None:
        with self._schedulers.transaction(self._database) as connection:
            task = _find_task(connection, report)
            if task is None:
                return
            run = lock_run_of(connection, task)
            self._failures.settle(connection, task, run, report, error, now_s)
        self._discard(report, run)

    def _discard(self, report: Report, run: RunRow) -> None:
        """Deletes the outputs of an attempt that did not count.

        Objects that cannot be deleted now are deleted when the run ends or the video is deleted.
        """
        with self._database.read() as connection:
            task = queue.get(connection, report.task)
            is_deleted = video.find(connection, run["video_id"]) is None
        if (task["state"], task["attempt"]) == ("done", report.attempt):
            return  # the attempt did count: its report was repeated because the answer to the first commit was lost
        try:
            if is_deleted:
                self._sweeper.free_all(run["video_id"])
            else:
                self._sweeper.free_attempt(task_input.make_prefix(run["video_id"], report.task, report.attempt))
        except YeoulError as error:
            log.warning("could not delete the outputs of task %s attempt %s: %s", report.task, report.attempt, error.message)


def _find_task(connection: Connection, report: Report) -> TaskRow | None:
    task = queue.find(connection, report.task)
    if task is None:
        log.error("ignored a report of task %s, which does not exist", report.task)
    return task


def _plain_outputs(report: Report) -> dict[str, Any]:
    """Returns the outputs of the op, without the fields that its runner added."""
    return {name: value for name, value in (report.outputs or {}).items() if name not in {TRAFFIC, RESULT}}


def _read_done(report: Report) -> tuple[FinishedAttempt, Output]:
    """Returns a report of success for settling it with others. Raises ValueError if its outputs are invalid or drop rungs."""
    outputs = _plain_outputs(report)
    output = Output.model_validate(outputs)
    if output.dropped:
        raise ValueError("the outputs drop rungs")
    return FinishedAttempt(report.task, report.attempt, outputs, report.cpu_s, report.usage, _make_result(report, outputs)), output


def _is_plain(task: RunningTaskRow, run: RunRow) -> bool:
    """True if the success of a task only publishes its outputs and tells the scheduler."""
    is_special = task["stage"] in PREPROCESSOR_STAGES or task["op"] == GROUP_OP or failed_on_full_disk(task)
    return run["state"] == "open" and not is_special


def _make_result(report: Report, outputs: Mapping[str, Any]) -> Result:
    """Returns the result for reuse. Incomplete outputs get no key, so that other tasks do not reuse them."""
    is_complete = not outputs.get("dropped") and not outputs.get("errors")
    return report.result if is_complete else report.result.model_copy(update={"key": None})
