"""Settlement: what the report of an engine does to the rows, in one transaction for each."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import (
    PoisonPieceError,
    StorageFullError,
    TaskCancelledError,
    TaskCrashedError,
    UnavailableError,
    WorkerLostError,
    YeoulError,
)
from yeoul.catalog.database import Database
from yeoul.catalog.queue import attempt, lease, outbox, run
from yeoul.catalog.queue import many as queue_many
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue.many import Done
from yeoul.catalog.video import video
from yeoul.model.work import RESULT, TRAFFIC, Report, Result
from yeoul.pipeline import preprocessor, publish
from yeoul.pipeline.dag.definition import GROUP_OP
from yeoul.pipeline.dag.scheduler import TaskEnded
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource.failure_ladder import MAX_ATTEMPTS, Fault, GiveUp, after_failure, find_fault
from yeoul.pipeline.run_book import RunBook, end_run, place_of
from yeoul.pipeline.sweeper import Sweeper
from yeoul.pipeline.task import input as task_input
from yeoul.pipeline.task.data import Output, Prepared

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

    def take_together(self, reports: Sequence[Report], now_s: float) -> list[Report]:
        """Commit works that went well, those of a run in one transaction, and return those that must be taken one by one.

        Raises StorageFullError or UnavailableError when the database cannot take them now; call again then.
        """
        left = {(report.task, report.attempt): report for report in reports}
        with self._database.read() as connection:
            runs = queue_many.runs_of(connection, [report.task for report in reports])
        for run_id in sorted(set(runs.values())):
            mine = {report.task: report for report in reports if runs.get(report.task) == run_id}
            for taken in self._finish_together(run_id, mine, now_s):
                self._noted.pop((taken.task, taken.attempt), None)
                del left[taken.task, taken.attempt]
        return list(left.values())

    def _finish_together(self, run_id: str, reports: Mapping[str, Report], now_s: float) -> Sequence[Report]:
        """All or none: whatever is wrong with one of them, it is found when each is taken alone."""
        try:
            done = {report.task: _read_done(report) for report in reports.values()}
            with self._book.transaction(self._database) as connection:
                return self._finish_run(connection, run_id, reports, done, now_s)
        except (StorageFullError, UnavailableError):
            raise
        except Exception as cause:  # noqa: BLE001 (as above)
            log.debug("%d reports of run %s are taken one by one: %s", len(reports), run_id, cause)
            return ()

    def _finish_run(
        self, connection: Connection, run_id: str, reports: Mapping[str, Report], done: Mapping[str, tuple[Done, Output]], now_s: float
    ) -> Sequence[Report]:
        current = run.lock(connection, run_id)
        rows = queue_many.find_mine(connection, {task_id: report.attempt for task_id, report in reports.items()}, self._owner)
        plain = [row for row in rows if current is not None and _is_plain(row, current)]
        if current is None or not plain:
            return ()
        queue_many.finish_all(connection, [done[row["id"]][0] for row in plain], self._owner, now_s)
        for row in plain:
            publish.publish(connection, current, done[row["id"]][1], now_s)
        self._book.apply(connection, run_id, [TaskEnded(place_of(row), ok=True) for row in plain], now_s, locked=current)
        outbox.emit(connection, "task.ended", current["video_id"], {"run_id": run_id}, now_s)
        return [reports[row["id"]] for row in plain]

    def take_back(self, now_s: float, dead_owner_except: str | None = None) -> bool:
        """Return lost attempts to the queue; those of a task that kills whoever runs it fail it in the end. True when there were any."""
        with self._book.transaction(self._database) as connection:
            taken = lease.take_back(connection, now_s, MAX_ATTEMPTS, dead_owner_except)
            hopeless = lease.find_hopeless(connection, now_s, MAX_ATTEMPTS, dead_owner_except)
        for row in taken:
            log.info("task %s attempt %s was lost with its owner; it runs again", row["id"], row["attempt"])
        for row in hopeless:
            error = WorkerLostError(f"{MAX_ATTEMPTS} attempts were lost with those who ran them", attempts=MAX_ATTEMPTS).to_dict()
            with self._book.transaction(self._database) as connection:
                current = _lock_run(connection, row)
                task = task_input.task_row(connection, row["id"])
                if lease.fail(connection, row["id"], row["attempt"], row["owner"], error, 0.0, now_s):
                    self._failed_for_good(connection, task, current, error, now_s)
        return bool(taken or hopeless)

    def _note_progress(self, report: Report, now_s: float) -> None:
        place = (report.task, report.attempt)
        if now_s - self._noted.get(place, 0.0) < _PROGRESS_EVERY_S:
            return
        self._noted[place] = now_s
        with self._database.write() as connection:
            lease.note_progress(connection, report.task, report.attempt, self._owner, report.progress or 0.0, now_s)

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
            except Exception as cause:  # noqa: BLE001 (whatever an op gives back, it ends its own task and no other)
                error = TaskCrashedError(f"what the op gave back does not fit: {cause}"[:2000]).to_dict()
        self._fail(report, error or WorkerLostError("the worker died while it ran the task").to_dict(), now_s)

    def _finish(self, report: Report, now_s: float) -> None:
        Output.model_validate(report.outputs or {})  # a wrong one fails before it can count
        with self._book.transaction(self._database) as connection:
            task = task_input.find_task(connection, report.task)
            if task is None:
                log.error("task %s does not exist; its report was dropped", report.task)
                return
            current = _lock_run(connection, task)
            outputs = _plain_outputs(report)
            used, result = report.usage, _known(report, outputs)
            done = lease.finish(connection, report.task, report.attempt, self._owner, outputs, report.cpu_s, now_s, used, result)
            if done:
                self._finished(connection, task, current, outputs, now_s)
            else:
                attempt.note_usage(connection, report.task, report.attempt, used)
        if not done:
            self._discard(report, current)

    def _finished(self, connection: Connection, task: Row, current: Row, outputs: Mapping[str, Any], now_s: float) -> None:
        if current["state"] == "cancelled":
            return
        output = Output.model_validate(outputs)
        for name, error in output.dropped.items():
            publish.withdraw(connection, current, task["stage"], [name], error, now_s)
        for stage, error in outputs.get("errors", {}).items() if task["op"] == GROUP_OP else ():
            publish.withdraw(connection, current, stage, task_input.rungs_of(current, task, stage), error, now_s)
        publish.publish(connection, current, output, now_s)
        if task["stage"] in preprocessor.STAGES:
            self._preprocessor.task_done(connection, current, Prepared.model_validate(outputs), now_s)
        else:
            self._book.apply(connection, current["id"], [TaskEnded(place_of(task), ok=True)], now_s)
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
        code, crashed = str(error.get("code")), find_fault(error) in {Fault.CRASH, Fault.LOSS}
        crashes = _count_crashes(connection, task) + 1 if crashed else 0
        verdict = after_failure(task["id"], error, failures=task["failures"], tries=task["tries"], retries=task["retries"], crashes=crashes)
        if isinstance(verdict, GiveUp):
            final = _poison(task, crashes, error) if verdict.poison else error
            ended = lease.fail(connection, report.task, report.attempt, self._owner, final, report.cpu_s, now_s, report.usage)
            if ended:
                log.warning("task %s attempt %s failed for good: %s: %s", report.task, report.attempt, code, error.get("message"))
                self._failed_for_good(connection, task, current, final, now_s)
            else:
                attempt.note_usage(connection, report.task, report.attempt, report.usage)
            return
        not_before = now_s + verdict.delay_s
        failed_on = sorted({*task["failed_on"], task["worker"]}) if verdict.counts else task["failed_on"]
        mine = lease.put_back(
            connection,
            report.task,
            report.attempt,
            self._owner,
            error,
            not_before=not_before,
            counts=verdict.counts,
            now_s=now_s,
            failed_on=failed_on,
            crashed=crashed,
            usage=report.usage,
        )
        if mine:
            log.warning("task %s attempt %s will be tried again: %s: %s", report.task, report.attempt, code, error.get("message"))
        else:
            attempt.note_usage(connection, report.task, report.attempt, report.usage)
        if mine and code == StorageFullError.code and not _held_up(task):
            video.change(connection, current["video_id"], {"notice": dict(error)}, now_s)

    def cancel(self, connection: Connection, task_id: str, now_s: float) -> None:
        """End a task badly because an admin wants it, wherever it stands; one that has ended is left alone."""
        task = task_input.find_task(connection, task_id)
        if task is None:
            return
        current = _lock_run(connection, task)
        error = TaskCancelledError("an admin cancelled the task", task=task_id).to_dict()
        if queue.fail_unended(connection, task_id, error, now_s):
            self._failed_for_good(connection, task, current, error, now_s)

    def _failed_for_good(self, connection: Connection, task: Row, current: Row, error: Mapping[str, Any], now_s: float) -> None:
        if task["stage"] in preprocessor.STAGES:
            end_run(connection, current, task["stage"], now_s)
            return
        if task["optional"]:
            publish.withdraw(connection, current, task["stage"], task_input.rungs_of(current, task), error, now_s)
        self._book.apply(connection, current["id"], [TaskEnded(place_of(task), ok=False)], now_s)
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


def _plain_outputs(report: Report) -> dict[str, Any]:
    """What the op gave, without what its runner noted."""
    return {name: value for name, value in (report.outputs or {}).items() if name not in {TRAFFIC, RESULT}}


def _read_done(report: Report) -> tuple[Done, Output]:
    """Raises ValueError when what the op gave is wrong, or has to be looked at alone."""
    outputs = _plain_outputs(report)
    read = Output.model_validate(outputs)
    if read.dropped:
        raise ValueError("it drops rungs")
    return Done(report.task, report.attempt, outputs, report.cpu_s, report.usage, _known(report, outputs)), read


def _is_plain(task: Row, current: Row) -> bool:
    """Whether nothing follows the good end of a task but that it is published and the scheduler hears of it."""
    return current["state"] == "open" and task["stage"] not in preprocessor.STAGES and task["op"] != GROUP_OP and not _held_up(task)


def _count_crashes(connection: Connection, task: Row) -> int:
    """Crashes so far over a task's piece; of a task for the whole video, its own."""
    return task["crashes"] if task["piece"] is None else lease.count_crashes(connection, task["run_id"], task["piece"])


def _known(report: Report, outputs: Mapping[str, Any]) -> Result:
    """What the outputs are known by; what is not whole is made again where it is wanted again."""
    is_whole = not outputs.get("dropped") and not outputs.get("errors")
    return report.result if is_whole else report.result.model_copy(update={"key": None})


def _poison(task: Row, crashes: int, error: Mapping[str, Any]) -> dict[str, Any]:
    where = "the video" if task["piece"] is None else f"piece {task['piece']}"
    return PoisonPieceError(
        f"{where} crashed what worked on it {crashes} times and is left alone", piece=task["piece"], crashes=crashes, last=dict(error)
    ).to_dict()


def _held_up(task: Row) -> bool:
    return task["error"] is not None and task["error"].get("code") == StorageFullError.code


def _lock_run(connection: Connection, task: Row) -> Row:
    current = run.lock(connection, task["run_id"])
    assert current is not None, "tasks have a run"
    return current
