"""The dispatcher: the edge around the pure parts. It takes events from the outbox, gives work to the engine, and commits its reports.

Any number of dispatchers may run on one PostgreSQL database; on SQLite there is one. It holds nothing that the rows do not.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from yeoul.base.clock import Clock
from yeoul.base.errors import StorageFullError, UnavailableError, WorkerLostError, YeoulError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.catalog import outbox, queue, run, video
from yeoul.catalog.database import Database
from yeoul.model.work import Report, Slots, Work
from yeoul.pipeline import task_input
from yeoul.pipeline.completion_handler import CompletionHandler
from yeoul.pipeline.engine import Engine
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource_manager import Candidate, assign
from yeoul.pipeline.run_book import RunBook
from yeoul.pipeline.settlement import Settlement
from yeoul.pipeline.sweeper import Sweeper

log = logging.getLogger("yeoul.pipeline")
Row = Mapping[str, Any]
_BATCH = 64
_AGAIN_S = 1.0


class Dispatcher:
    """One claimer of tasks. `room` says whether the store has room for more work."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        preprocessor_: Preprocessor,
        book: RunBook,
        handler: CompletionHandler,
        sweeper: Sweeper,
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
        self._sweeper = sweeper
        self._clock = clock
        self._owner = owner
        self._room = room
        self._lease_s = lease_s
        self._heartbeat_s = heartbeat_s
        self._settlement = Settlement(database, preprocessor_, book, sweeper, owner)
        self._heartbeat_at = 0.0
        self._wake_at = 0.0
        self._reports: deque[Report] = deque()
        self._watch = database.watch()
        self._changed = True
        self._total = Slots()
        self._placing = True
        self._without_room: list[str] = []  # videos that were told

    # --- the loop ---

    def recover(self, *, only_dispatcher: bool) -> None:
        """Take back what ran under dispatchers that are gone; with `only_dispatcher`, every other owner is gone."""
        self._settlement.take_back(self._clock.now(), self._owner if only_dispatcher else None)

    def step(self, timeout_s: float) -> None:
        """One turn: reports, events, placing, heartbeat. Waits at most `timeout_s` when there is nothing to do.

        Raises StorageFullError when the database's disk is full, UnavailableError when it cannot be reached; nothing is lost, call again.
        """
        self._reports.extend(self._engine.poll(0.0 if self._changed else timeout_s))
        self._changed = bool(self._reports) or self._watch.poll() or self._changed
        while self._reports:
            self._take_report(self._reports[0])
            self._reports.popleft()
        self._beat()
        self._changed = self._sweeper.expire(self._clock.now()) or self._changed
        if self._changed or self._clock.now() >= self._wake_at:
            more = self._handle_events()
            self._place()
            more = self._sweeper.free_next(self._clock.now()) or more
            self._changed = more

    def stop_placing(self) -> None:
        """Start no more tasks: what runs may end."""
        self._placing = False

    def hand_back(self) -> None:
        """Return what was claimed and has not ended to the queue, where others find it at once; the engine must have stopped."""
        with self._database.write() as connection:
            count = queue.hand_back(connection, self._owner, self._clock.now())
        if count:
            log.info("%d tasks were handed back", count)

    def close(self) -> None:
        """Stop watching; the engine is closed by who made it."""
        self._watch.close()

    def _take_report(self, report: Report) -> None:
        try:
            self._settlement.take(report, self._clock.now())
        except (StorageFullError, UnavailableError):
            raise
        except Exception:
            # It must not hold up those behind it. The next heartbeat finds that the attempt does not run, and it is tried again.
            log.exception("the report of task %s attempt %s could not be taken", report.task, report.attempt)

    # --- events ---

    def _handle_events(self) -> bool:
        """Handle what is in the outbox of one video; True when there may be more."""
        with self._book.transaction(self._database) as connection:
            events = outbox.peek(connection, self._clock.now(), _BATCH)
            for event in _without_repeats(connection, events):
                self._handle_one(connection, event)
        return bool(events)

    def _handle_one(self, connection: Connection, event: Mapping[str, Any]) -> None:
        """Handle an event, or undo what it did: one that may work later is put off, one that never will fails its video."""
        now_s = self._clock.now()
        try:
            with connection.begin_nested():
                self._handle(connection, event)
                outbox.drop(connection, event["id"])
            return
        except OperationalError:
            raise
        except YeoulError as error:
            cause = error
        except Exception as error:  # noqa: BLE001 (a poisonous event must not stop those behind it)
            cause = YeoulError(f"{event['topic']} could not be handled: {error}"[:2000])
        self._book.forget()
        log.error("event %s of video %s was undone", event["topic"], event["video_id"], exc_info=cause)
        if cause.retryable:
            outbox.put_off(connection, event["id"], now_s + _AGAIN_S)
            return
        outbox.drop(connection, event["id"])
        self._handler.give_up(connection, event["video_id"], cause, now_s)

    def _handle(self, connection: Connection, event: Mapping[str, Any]) -> None:
        now_s = self._clock.now()
        video_id, payload = event["video_id"], event["payload"]
        match event["topic"]:
            case "piece.landed":
                if video.find(connection, video_id) is not None:
                    self._preprocessor.piece_landed(connection, video_id, payload, now_s)
            case "upload.closed":
                if video.find(connection, video_id) is not None:
                    self._preprocessor.upload_closed(connection, video_id, payload, now_s)
                    self._handler.upload_closed(connection, video_id, now_s)
            case "task.ended":
                self._handler.task_ended(connection, video_id, payload, now_s)
            case "run.ended":
                self._kill(payload["run_id"], connection, now_s)
                self._handler.run_ended(connection, video_id, payload, now_s)
            case "video.deleted":
                self._cancel_video(connection, video_id, now_s)
                self._handler.video_deleted(connection, video_id, now_s)
            case topic:
                log.error("an event of unknown topic %s was dropped", topic)

    def _cancel_video(self, connection: Connection, video_id: str, now_s: float) -> None:
        row = run.find_of_video(connection, video_id)
        if row is not None:
            self._kill(row["id"], connection, now_s)
            run.end(connection, row["id"], "cancelled", now_s)

    def _kill(self, run_id: str, connection: Connection, now_s: float) -> None:
        """Cancel what is left of a run. What runs elsewhere is killed by its own dispatcher, which finds that it lost it."""
        run.lock(connection, run_id)
        for row in queue.cancel_run(connection, run_id, now_s):
            self._engine.cancel(TaskId(row["id"]), row["attempt"])

    # --- placing ---

    def _place(self) -> None:
        """Give ready tasks to workers, as many as fit."""
        free = self._engine.free()
        now_s = self._clock.now()
        self._wake_at = now_s + _AGAIN_S
        if not self._placing or not any(slots.cpu > 0 for slots in free.values()):
            return
        if not self._room():
            self._note_no_room(now_s)
            return
        self._note_total(free)
        with self._database.write() as connection:
            rows = {row["id"]: row for row in queue.ready(connection, now_s, _BATCH)}
            candidates = [Candidate(TaskId(task_id), self._slots(row)) for task_id, row in rows.items()]
            works = [self._claim(connection, rows[assignment.task], assignment.worker) for assignment in assign(candidates, free)]
            soon = [queue.next_ready_at(connection, now_s), outbox.next_at(connection)]
            self._note_room(connection, now_s)
        self._wake_at = min((at for at in soon if at is not None), default=math.inf)
        for work, worker in works:
            if work is not None:
                self._submit(work, worker)
        placed = {work.task for work, _ in works if work is not None}
        self._engine.demand([candidate.slots for candidate in candidates if candidate.task not in placed])

    def _note_no_room(self, now_s: float) -> None:
        """Tell the videos whose tasks wait for room on the disk, once."""
        error = StorageFullError("there is no room left; the work goes on when there is").to_dict()
        with self._database.write() as connection:
            runs = {row["run_id"] for row in queue.ready(connection, now_s, _BATCH)}
            for current in [run.lock(connection, run_id) for run_id in sorted(runs)]:
                if current is not None and current["video_id"] not in self._without_room:
                    self._without_room.append(current["video_id"])
                    video.change(connection, current["video_id"], {"notice": error}, now_s)

    def _note_room(self, connection: Connection, now_s: float) -> None:
        while self._without_room:
            video.change(connection, self._without_room.pop(), {"notice": None}, now_s)

    def _claim(self, connection: Connection, row: Mapping[str, Any], worker: WorkerId) -> tuple[Work | None, WorkerId]:
        now_s = self._clock.now()
        attempt = queue.claim(connection, row["id"], self._owner, worker, now_s + self._lease_s, now_s)
        if attempt is None:
            return None, worker
        try:
            return task_input.make_work(connection, row, attempt, self._slots(row)), worker
        except (YeoulError, ValueError, LookupError) as error:
            wrapped = error if isinstance(error, YeoulError) else YeoulError(f"what the task needs cannot be read: {error}"[:2000])
            self._reports.append(Report(kind="failed", task=row["id"], attempt=attempt, worker=worker, error=wrapped.to_dict()))
            return None, worker

    def _submit(self, work: Work, worker: WorkerId) -> None:
        try:
            self._engine.submit(work, worker)
        except YeoulError as error:  # the worker died between being asked and being used
            lost = WorkerLostError(f"the worker took no work: {error.message}")
            self._reports.append(Report(kind="lost", task=work.task, attempt=work.attempt, worker=worker, error=lost.to_dict()))

    def _note_total(self, free: Mapping[WorkerId, Slots]) -> None:
        """The room of the largest worker, as far as it was seen; all that is free is all there is while nothing runs."""
        largest = max(free.values(), key=lambda slots: (slots.cpu, slots.memory_bytes))
        if not self._engine.running() or (largest.cpu, largest.memory_bytes) > (self._total.cpu, self._total.memory_bytes):
            self._total = largest

    def _slots(self, row: Mapping[str, Any]) -> Slots:
        """What a task takes, but never more than there is: a small machine runs it alone."""
        return Slots(cpu=min(row["cpu"], self._total.cpu), memory_bytes=min(row["memory_bytes"], self._total.memory_bytes))

    # --- the heartbeat ---

    def _beat(self) -> None:
        """Extend our leases, take back what others lost, and bring the engine and the rows together."""
        now_s = self._clock.now()
        if now_s - self._heartbeat_at < self._heartbeat_s:
            return
        with self._database.write() as connection:
            queue.extend(connection, self._owner, now_s + self._lease_s)
            owned = queue.owned(connection, self._owner)
        self._reconcile(owned)
        self._changed = self._settlement.take_back(now_s) or self._changed
        self._heartbeat_at = now_s

    def _reconcile(self, owned: set[tuple[str, int]]) -> None:
        """Kill what runs and is not ours any more; report lost what is ours and does not run."""
        running = self._engine.running()
        for task, attempt in sorted(running - owned):
            self._engine.cancel(TaskId(task), attempt)
        for task, attempt in sorted(owned - running):
            error = WorkerLostError("the engine knows nothing of this attempt").to_dict()
            self._reports.append(Report(kind="lost", task=task, attempt=attempt, worker="", error=error))


def _without_repeats(connection: Connection, events: Sequence[Row]) -> list[Row]:
    """Events less the ended tasks of a run of which more have ended since: the last one brings its video up to date for all."""
    last = {event["payload"]["run_id"]: event["id"] for event in events if event["topic"] == "task.ended"}
    kept: list[Row] = []
    for event in events:
        if event["topic"] == "task.ended" and last[event["payload"]["run_id"]] != event["id"]:
            outbox.drop(connection, event["id"])
        else:
            kept.append(event)
    return kept
