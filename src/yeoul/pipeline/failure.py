"""Failed attempts: decides whether a task is retried, and commits the decision."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import PoisonPieceError, StorageFullError, TaskCancelledError, WorkerLostError
from yeoul.catalog.queue import attempt, lease, outbox
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue.batch import RunningTaskRow
from yeoul.catalog.schema.row.pipeline import RunRow, TaskRow
from yeoul.catalog.video import video
from yeoul.model.event import TaskEnded
from yeoul.model.work import Report
from yeoul.pipeline import publish
from yeoul.pipeline.dag import scheduler
from yeoul.pipeline.dag.definition import PREPROCESSOR_STAGES
from yeoul.pipeline.resource.failure_ladder import MAX_ATTEMPTS, Fault, GiveUp, Retry, after_failure, find_fault
from yeoul.pipeline.scheduler_cache import SchedulerCache, end_run, lock_run_of, place_of
from yeoul.pipeline.task import input as task_input

log = logging.getLogger("yeoul.pipeline")


class FailureHandler:
    """Ends failed attempts of one owner; each method works in the transaction of its caller."""

    def __init__(self, schedulers: SchedulerCache, owner: str) -> None:
        self._schedulers = schedulers
        self._owner = owner

    def settle(self, connection: Connection, task: TaskRow, run: RunRow, report: Report, error: Mapping[str, Any], now_s: float) -> None:
        """Retries a task, at once or later, or fails it permanently. If the attempt is no longer ours, only records its usage."""
        has_crashed = find_fault(error) in {Fault.CRASH, Fault.LOSS}
        crashes = _count_crashes(connection, task) + 1 if has_crashed else 0
        verdict = after_failure(task["id"], error, failures=task["failures"], tries=task["tries"], retries=task["retries"], crashes=crashes)
        if isinstance(verdict, GiveUp):
            final = _make_poison(task, crashes, error) if verdict.is_poison else error
            is_ours = self._fail(connection, task, run, report, final, now_s)
        else:
            is_ours = self._retry(connection, task, run, report, error, verdict, now_s, has_crashed=has_crashed)
        if not is_ours:
            attempt.set_usage(connection, report.task, report.attempt, report.usage)

    def cancel(self, connection: Connection, task_id: str, now_s: float) -> None:
        """Fails a task permanently because an admin asked for it. Does nothing if the task has ended."""
        task = queue.find(connection, task_id)
        if task is None:
            return
        run = lock_run_of(connection, task)
        error = TaskCancelledError("an admin cancelled the task", task=task_id).to_dict()
        if queue.fail_unfinished(connection, task_id, error, now_s):
            self._fail_permanently(connection, task, run, error, now_s)

    def fail_lost(self, connection: Connection, lost: lease.ExhaustedTaskRow, now_s: float) -> None:
        """Fails a task permanently after too many of its attempts were lost. lost: a row of `lease.find_exhausted`."""
        error = WorkerLostError(f"the task was lost with its worker in {MAX_ATTEMPTS} attempts", attempts=MAX_ATTEMPTS).to_dict()
        run = lock_run_of(connection, lost)
        task = queue.get(connection, lost["id"])
        if lease.fail(connection, lost["id"], lost["attempt"], lost["owner"], error, 0.0, now_s):
            self._fail_permanently(connection, task, run, error, now_s)

    def _fail(self, connection: Connection, task: TaskRow, run: RunRow, report: Report, error: Mapping[str, Any], now_s: float) -> bool:
        if not lease.fail(connection, report.task, report.attempt, self._owner, error, report.cpu_s, now_s, report.usage):
            return False
        log.warning("task %s attempt %s failed permanently: %s", report.task, report.attempt, _describe(error))
        self._fail_permanently(connection, task, run, error, now_s)
        return True

    def _retry(
        self,
        connection: Connection,
        task: TaskRow,
        run: RunRow,
        report: Report,
        error: Mapping[str, Any],
        verdict: Retry,
        now_s: float,
        *,
        has_crashed: bool,
    ) -> bool:
        failed_on = task["failed_on"]
        if verdict.counts and task["worker"] is not None:  # null: another dispatcher has reclaimed the task, and this attempt is not ours
            failed_on = sorted({*failed_on, task["worker"]})
        is_ours = lease.retry_later(
            connection,
            report.task,
            report.attempt,
            self._owner,
            error,
            not_before=now_s + verdict.delay_s,
            uses_retry=verdict.counts,
            now_s=now_s,
            failed_on=failed_on,
            crashed=has_crashed,
            usage=report.usage,
        )
        if is_ours:
            log.warning("task %s attempt %s will be retried: %s", report.task, report.attempt, _describe(error))
        if is_ours and error.get("code") == StorageFullError.code and not failed_on_full_disk(task):
            video.change(connection, run["video_id"], {"notice": dict(error)}, now_s)
        return is_ours

    def _fail_permanently(self, connection: Connection, task: TaskRow, run: RunRow, error: Mapping[str, Any], now_s: float) -> None:
        if task["stage"] in PREPROCESSOR_STAGES:
            end_run(connection, run, task["stage"], now_s)
            return
        if task["optional"]:
            publish.drop_rungs(connection, run, task["stage"], task_input.rungs_of(run, task), error, now_s)
        self._schedulers.apply(connection, run["id"], [scheduler.TaskEnded(place_of(task), ok=False)], now_s)
        outbox.emit(connection, TaskEnded(video_id=run["video_id"], run_id=run["id"]), now_s)


def failed_on_full_disk(task: RunningTaskRow | TaskRow) -> bool:
    """True if the last attempt of a task failed because the disk was full. Its video then has a notice."""
    return task["error"] is not None and task["error"].get("code") == StorageFullError.code


def _count_crashes(connection: Connection, task: TaskRow) -> int:
    """Returns the number of crashes of all tasks of the same piece, or of this task if it has no piece."""
    return task["crashes"] if task["piece"] is None else lease.count_crashes(connection, task["run_id"], task["piece"])


def _make_poison(task: TaskRow, crashes: int, error: Mapping[str, Any]) -> dict[str, Any]:
    where = "the video" if task["piece"] is None else f"piece {task['piece']}"
    message = f"{where} crashed its workers {crashes} times and will not be retried"
    return PoisonPieceError(message, piece=task["piece"], crashes=crashes, last=dict(error)).to_dict()


def _describe(error: Mapping[str, Any]) -> str:
    return f"{error.get('code')}: {error.get('message')}"
