"""Settlement: what the report of an engine does to the rows, in one transaction for each."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import StorageFullError, TaskCrashedError, UnavailableError, WorkerLostError, YeoulError
from yeoul.catalog import outbox, queue, run, video
from yeoul.catalog.database import Database
from yeoul.model.work import Report
from yeoul.pipeline import preprocessor, publish, task_input
from yeoul.pipeline.dag_scheduler import TaskEnded
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource_manager import MAX_ATTEMPTS, GiveUp, after_failure
from yeoul.pipeline.run_book import RunBook, end_run
from yeoul.pipeline.sweeper import Sweeper
from yeoul.pipeline.task_data import TaskOutput

log = logging.getLogger("yeoul.pipeline")
Row = Mapping[str, Any]
_PROGRESS_EVERY_S = 1.0


class Settlement:
    """Ends attempts of one owner. Whoever has lost an attempt meanwhile changes nothing, and what it wrote is freed."""

    def __init__(self, database: Database, preprocessor_: Preprocessor, book: RunBook, sweeper: Sweeper, owner: str) -> None:
        self._database = database
        self._preprocessor = preprocessor_
        self._book = book
        self._sweeper = sweeper
        self._owner = owner
        self._noted: dict[tuple[str, int], float] = {}

    def take(self, report: Report, now_s: float) -> None:
        """Commit one report. Raises StorageFullError or UnavailableError when the database cannot take it now; call again then."""
        if report.kind == "progress":
            self._note_progress(report, now_s)
        elif report.kind != "started":
            self._noted.pop((report.task, report.attempt), None)
            self._end(report, now_s)

    def take_back(self, now_s: float, dead_owner_except: str | None = None) -> bool:
        """Return lost attempts to the queue; those of a task that kills whoever runs it fail it in the end. True when there were any."""
        with self._book.transaction(self._database) as connection:
            taken = queue.take_back(connection, now_s, MAX_ATTEMPTS, dead_owner_except)
            hopeless = queue.find_hopeless(connection, now_s, MAX_ATTEMPTS, dead_owner_except)
        for row in taken:
            log.info("task %s attempt %s was lost with its owner; it runs again", row["id"], row["attempt"])
        for row in hopeless:
            error = WorkerLostError(f"{MAX_ATTEMPTS} attempts were lost with those who ran them", attempts=MAX_ATTEMPTS).to_dict()
            with self._book.transaction(self._database) as connection:
                current = _lock_run(connection, row)
                task = task_input.task_row(connection, row["id"])
                if queue.fail(connection, row["id"], row["attempt"], row["owner"], error, 0.0, now_s):
                    self._failed_for_good(connection, task, current, error, now_s)
        return bool(taken or hopeless)

    def _note_progress(self, report: Report, now_s: float) -> None:
        place = (report.task, report.attempt)
        if now_s - self._noted.get(place, 0.0) < _PROGRESS_EVERY_S:
            return
        self._noted[place] = now_s
        with self._database.write() as connection:
            queue.note_progress(connection, report.task, report.attempt, self._owner, report.progress or 0.0, now_s)

    def _end(self, report: Report, now_s: float) -> None:
        error = report.error
        if report.kind == "done":
            try:
                self._finish(report, now_s)
                return
            except (StorageFullError, UnavailableError):
                raise
            except YeoulError as cause:
                error = cause.to_dict()
            except Exception as cause:  # noqa: BLE001 (whatever an op gives back, it ends its own task and no other)
                error = TaskCrashedError(f"what the op gave back does not fit: {cause}"[:2000]).to_dict()
        self._fail(report, error or WorkerLostError("the worker died while it ran the task").to_dict(), now_s)

    def _finish(self, report: Report, now_s: float) -> None:
        output = TaskOutput.model_validate(report.outputs or {})
        with self._book.transaction(self._database) as connection:
            task = task_input.find_task(connection, report.task)
            if task is None:
                log.error("task %s does not exist; its report was dropped", report.task)
                return
            current = _lock_run(connection, task)
            done = queue.finish(connection, report.task, report.attempt, self._owner, report.outputs or {}, report.cpu_s, now_s)
            if done:
                self._finished(connection, task, current, output, now_s)
        if not done:
            self._discard(report, current)

    def _finished(self, connection: Connection, task: Row, current: Row, output: TaskOutput, now_s: float) -> None:
        if current["state"] == "cancelled":
            return
        for name, error in output.dropped.items():
            publish.withdraw(connection, current["video_id"], task["stage"], [name], error, now_s)
        publish.publish(connection, current["video_id"], output, now_s)
        if task["stage"] in preprocessor.STAGES:
            self._preprocessor.task_done(connection, current, output, now_s)
        else:
            self._book.apply(connection, current["id"], [TaskEnded(task["stage"], task["piece"], ok=True)], now_s)
        if _held_up(task):
            video.change(connection, current["video_id"], {"notice": None}, now_s)
        outbox.emit(connection, "task.ended", current["video_id"], {"run_id": current["id"]}, now_s)

    def _fail(self, report: Report, error: Mapping[str, Any], now_s: float) -> None:
        with self._book.transaction(self._database) as connection:
            task = task_input.find_task(connection, report.task)
            if task is None:
                log.error("task %s does not exist; its report was dropped", report.task)
                return
            current = _lock_run(connection, task)
            self._decide(connection, task, current, report, error, now_s)
        self._discard(report, current)

    def _decide(self, connection: Connection, task: Row, current: Row, report: Report, error: Mapping[str, Any], now_s: float) -> None:
        """Try again, now or later, or fail the task for good; nothing when the attempt was not ours any more."""
        code = str(error.get("code"))
        verdict = after_failure(code, retryable=bool(error.get("retryable")), failures=task["failures"], tries=task["tries"])
        if isinstance(verdict, GiveUp):
            ended = queue.fail(connection, report.task, report.attempt, self._owner, error, report.cpu_s, now_s)
            if ended:
                log.warning("task %s attempt %s failed for good: %s: %s", report.task, report.attempt, code, error.get("message"))
                self._failed_for_good(connection, task, current, error, now_s)
            return
        not_before = now_s + verdict.delay_s
        mine = queue.put_back(
            connection, report.task, report.attempt, self._owner, error, not_before=not_before, counts=verdict.counts, now_s=now_s
        )
        if mine:
            log.warning("task %s attempt %s will be tried again: %s: %s", report.task, report.attempt, code, error.get("message"))
        if mine and code == StorageFullError.code and not _held_up(task):
            video.change(connection, current["video_id"], {"notice": dict(error)}, now_s)

    def _failed_for_good(self, connection: Connection, task: Row, current: Row, error: Mapping[str, Any], now_s: float) -> None:
        if task["stage"] in preprocessor.STAGES:
            end_run(connection, current, task["stage"], now_s)
            return
        if task["optional"]:
            publish.withdraw(connection, current["video_id"], task["stage"], task_input.rungs_of(current, task), error, now_s)
        self._book.apply(connection, current["id"], [TaskEnded(task["stage"], task["piece"], ok=False)], now_s)
        outbox.emit(connection, "task.ended", current["video_id"], {"run_id": current["id"]}, now_s)

    def _discard(self, report: Report, current: Row) -> None:
        """Free what an attempt wrote that did not count. What cannot be freed now goes when the run ends or the video is deleted."""
        with self._database.read() as connection:
            task = task_input.task_row(connection, report.task)
            deleted = video.find(connection, current["video_id"]) is None
        if (task["state"], task["attempt"]) == ("done", report.attempt):
            return  # it did count: the report was repeated after a commit of which the answer was lost
        try:
            if deleted:
                self._sweeper.free_all(current["video_id"])
            else:
                self._sweeper.discard(task_input.make_prefix(current["video_id"], report.task, report.attempt))
        except YeoulError as error:
            log.warning("outputs of task %s attempt %s are left: %s", report.task, report.attempt, error.message)


def _held_up(task: Row) -> bool:
    return task["error"] is not None and task["error"].get("code") == StorageFullError.code


def _lock_run(connection: Connection, task: Row) -> Row:
    current = run.lock(connection, task["run_id"])
    assert current is not None, "tasks have a run"
    return current
