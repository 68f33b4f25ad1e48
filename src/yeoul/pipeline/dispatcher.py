"""The dispatcher: the edge around the pure parts. It takes events from the outbox, gives work to the engine, and commits its reports.

Any number of dispatchers may run on one PostgreSQL database; on SQLite there is one. It holds nothing that the rows do not.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import StorageFullError, TaskCrashedError, WorkerLostError, YeoulError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.catalog import outbox, queue, run, video
from yeoul.catalog.database import Database
from yeoul.model.work import Report, Slots, Work
from yeoul.pipeline import preprocessor, publish, task_input
from yeoul.pipeline.completion_handler import CompletionHandler
from yeoul.pipeline.dag_scheduler import TaskEnded
from yeoul.pipeline.engine import Engine
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource_manager import Candidate, GiveUp, after_failure, assign
from yeoul.pipeline.run_book import RunBook, end_run
from yeoul.pipeline.task_data import TaskOutput

log = logging.getLogger("yeoul.pipeline")
_BATCH = 64
_PROGRESS_EVERY_S = 1.0
_LOOK_EVERY_S = 0.5  # for delayed retries that come due and workers that come back


class Dispatcher:
    """One claimer of tasks. `room` says whether the store has room for more work."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        preprocessor_: Preprocessor,
        book: RunBook,
        handler: CompletionHandler,
        clock: Clock,
        owner: str,
        *,
        room: Callable[[], bool],
        lease_s: float,
        heartbeat_s: float,
    ) -> None:
        self._database = database
        self._engine = engine
        self._preprocessor = preprocessor_
        self._book = book
        self._handler = handler
        self._clock = clock
        self._owner = owner
        self._room = room
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._heartbeat_at = 0.0
        self._look_at = 0.0
        self._reports: deque[Report] = deque()
        self._noted: dict[tuple[str, int], float] = {}
        self._watch = database.watch()
        self._changed = True
        self._total = _largest(engine.free())
        self._placing = True

    # --- the loop ---

    def recover(self, *, only_dispatcher: bool) -> None:
        """Take back what ran under dispatchers that are gone; with `only_dispatcher`, every other owner is gone."""
        with self._database.write() as connection:
            taken = queue.take_back(connection, self._clock.now(), self._owner if only_dispatcher else None)
        for row in taken:
            log.info("task %s attempt %s was lost with its dispatcher; it runs again", row["id"], row["attempt"])

    def step(self, timeout_s: float) -> None:
        """One turn: reports, events, placing, heartbeat. Waits at most `timeout_s` when there is nothing to do.

        Raises StorageFullError when the database's disk is full; nothing is lost, call again.
        """
        self._reports.extend(self._engine.poll(0.0 if self._changed else timeout_s))
        self._changed = self._watch.poll() or self._changed
        busy = bool(self._reports)
        while self._reports:
            self._take_report(self._reports[0])
            self._reports.popleft()
        self._beat()
        if busy or self._changed:
            self._changed = self._handle_events()
            self._place()
        elif self._clock.now() >= self._look_at:
            self._place()

    def stop_placing(self) -> None:
        """Start no more tasks: what runs may end."""
        self._placing = False

    def close(self) -> None:
        """Stop watching; the engine is closed by who made it."""
        self._watch.close()

    # --- reports ---

    def _take_report(self, report: Report) -> None:
        now_s = self._clock.now()
        match report.kind:
            case "started":
                return
            case "progress":
                self._note_progress(report, now_s)
            case "done":
                self._finish(report, now_s)
            case "failed":
                self._fail(report, report.error or TaskCrashedError("no error was given").to_dict(), now_s)
            case "lost":
                self._fail(report, report.error or WorkerLostError("the worker died while it ran the task").to_dict(), now_s)

    def _note_progress(self, report: Report, now_s: float) -> None:
        place = (report.task, report.attempt)
        if now_s - self._noted.get(place, 0.0) < _PROGRESS_EVERY_S:
            return
        self._noted[place] = now_s
        with self._database.write() as connection:
            queue.note_progress(connection, report.task, report.attempt, self._owner, report.progress or 0.0, now_s)

    def _finish(self, report: Report, now_s: float) -> None:
        self._noted.pop((report.task, report.attempt), None)
        try:
            output = TaskOutput.model_validate(report.outputs or {})
            with self._database.write() as connection:
                if queue.finish(connection, report.task, report.attempt, self._owner, report.outputs or {}, report.cpu_s, now_s):
                    self._ended(connection, report.task, output, now_s)
        except StorageFullError:
            self._book.forget()
            raise
        except (YeoulError, ValueError) as error:
            self._book.forget()
            wrapped = error if isinstance(error, YeoulError) else TaskCrashedError(f"outputs do not fit: {error}")
            self._fail(report, wrapped.to_dict(), now_s)

    def _ended(self, connection: Connection, task_id: str, output: TaskOutput, now_s: float) -> None:
        task = task_input.task_row(connection, task_id)
        row = run.find(connection, task["run_id"])
        if row is None or row["state"] != "open":
            return
        publish.publish(connection, row["video_id"], output, now_s)
        if task["stage"] in preprocessor.STAGES:
            self._preprocessor.task_done(connection, row, output, now_s)
        else:
            self._book.apply(connection, row["id"], [TaskEnded(task["stage"], task["piece"], ok=True)], now_s)
        outbox.emit(connection, "task.ended", row["video_id"], {"run_id": row["id"]}, now_s)

    def _fail(self, report: Report, error: Mapping[str, Any], now_s: float) -> None:
        with self._database.write() as connection:
            task = task_input.task_row(connection, report.task)
            verdict = after_failure(str(error.get("code")), bool(error.get("retryable")), task["failures"], report.attempt)
            log.warning("task %s attempt %s: %s: %s", report.task, report.attempt, error.get("code"), error.get("message"))
            if isinstance(verdict, GiveUp):
                if queue.fail(connection, report.task, report.attempt, self._owner, error, report.cpu_s, now_s):
                    self._failed_for_good(connection, task, error, now_s)
                return
            not_before = now_s + verdict.delay_s
            queue.put_back(connection, report.task, report.attempt, self._owner, error, not_before, verdict.counts, now_s)
            if error.get("code") == StorageFullError.code:
                row = run.find(connection, task["run_id"])
                if row is not None:
                    video.change(connection, row["video_id"], {"notice": dict(error)}, now_s)

    def _failed_for_good(self, connection: Connection, task: Mapping[str, Any], error: Mapping[str, Any], now_s: float) -> None:
        row = run.find(connection, task["run_id"])
        if row is None or row["state"] != "open":
            return
        if task["stage"] in preprocessor.STAGES:
            end_run(connection, row, task["stage"], now_s)
            return
        if task["optional"]:
            publish.withdraw(connection, row["video_id"], task["stage"], task_input.rungs_of(row, task), error, now_s)
        self._book.apply(connection, row["id"], [TaskEnded(task["stage"], task["piece"], ok=False)], now_s)
        outbox.emit(connection, "task.ended", row["video_id"], {"run_id": row["id"]}, now_s)

    # --- events ---

    def _handle_events(self) -> bool:
        """Handle what is in the outbox; True when there may be more."""
        try:
            with self._database.write() as connection:
                events = outbox.peek(connection, _BATCH)
                for event in events:
                    self._handle(connection, event)
                    outbox.drop(connection, event["id"])
        except BaseException:
            self._book.forget()
            raise
        return len(events) == _BATCH

    def _handle(self, connection: Connection, event: Mapping[str, Any]) -> None:
        now_s = self._clock.now()
        video_id, payload = event["video_id"], event["payload"]
        match event["topic"]:
            case "piece.landed":
                if video.find(connection, video_id) is not None:
                    self._preprocessor.piece_landed(connection, video_id, payload, now_s)
            case "upload.closed":
                if video.find(connection, video_id) is not None:
                    self._handler.upload_closed(connection, video_id, now_s)
                    self._preprocessor.upload_closed(connection, video_id, payload, now_s)
            case "task.ended":
                self._handler.task_ended(connection, video_id, payload, now_s)
            case "run.ended":
                self._kill(run_id=payload["run_id"], connection=connection, now_s=now_s)
                self._handler.run_ended(connection, video_id, payload, now_s)
            case "video.deleted":
                self._cancel_video(connection, video_id, now_s)
                self._handler.video_deleted(video_id)
            case topic:
                log.error("an event of unknown topic %s was dropped", topic)

    def _cancel_video(self, connection: Connection, video_id: str, now_s: float) -> None:
        row = run.find_of_video(connection, video_id)
        if row is not None:
            self._kill(row["id"], connection, now_s)
            run.end(connection, row["id"], "cancelled", now_s)

    def _kill(self, run_id: str, connection: Connection, now_s: float) -> None:
        for row in queue.cancel_run(connection, run_id, now_s):
            self._engine.cancel(TaskId(row["id"]), row["attempt"])

    # --- placing ---

    def _place(self) -> None:
        """Give ready tasks to workers, as many as fit."""
        self._look_at = self._clock.now() + _LOOK_EVERY_S
        free = self._engine.free()
        if not self._placing or not any(slots.cpu > 0 for slots in free.values()) or not self._room():
            return
        now_s = self._clock.now()
        works: list[tuple[Work, WorkerId]] = []
        with self._database.write() as connection:
            rows = {row["id"]: row for row in queue.ready(connection, now_s, _head_length(free))}
            candidates = [Candidate(TaskId(task_id), self._slots(row)) for task_id, row in rows.items()]
            for assignment in assign(candidates, free):
                attempt = queue.claim(connection, assignment.task, self._owner, assignment.worker, now_s + self._lease_s, now_s)
                if attempt is not None:
                    row = rows[assignment.task]
                    works.append((task_input.make_work(connection, row, attempt, self._slots(row)), assignment.worker))
        for work, worker in works:
            try:
                self._engine.submit(work, worker)
            except YeoulError as error:  # the worker died between being asked and being used
                lost = WorkerLostError(f"the worker took no work: {error.message}")
                self._reports.append(Report(kind="lost", task=work.task, attempt=work.attempt, worker=worker, error=lost.to_dict()))
        self._engine.demand([candidate.slots for candidate in candidates[len(works) :]])

    def _slots(self, row: Mapping[str, Any]) -> Slots:
        """What a task takes, but never more than there is: a small machine runs it alone."""
        return Slots(cpu=min(row["cpu"], self._total.cpu), memory_bytes=min(row["memory_bytes"], self._total.memory_bytes))

    def _beat(self) -> None:
        now_s = self._clock.now()
        if now_s - self._heartbeat_at < self._heartbeat_s:
            return
        with self._database.write() as connection:
            queue.extend(connection, self._owner, now_s + self._lease_s)
            taken = queue.take_back(connection, now_s)
        self._heartbeat_at = now_s
        self._changed = self._changed or bool(taken)


def _head_length(free: Mapping[WorkerId, Slots]) -> int:
    """How much of the queue to look at: a few times what could start, however many wait."""
    return 4 + 4 * math.ceil(sum(slots.cpu for slots in free.values()))


def _largest(free: Mapping[WorkerId, Slots]) -> Slots:
    """The room of the largest worker."""
    return max(free.values(), key=lambda slots: (slots.cpu, slots.memory_bytes), default=Slots())
