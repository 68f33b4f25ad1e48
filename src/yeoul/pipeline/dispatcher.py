"""The dispatcher: the edge around the pure parts. It takes events from the outbox, gives work to the engine, and commits its reports.

Any number of dispatchers may run on one PostgreSQL database; on SQLite there is one. It holds nothing that the rows do not.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from yeoul.base.clock import Clock
from yeoul.base.errors import StorageFullError, UnavailableError, WorkerLostError, YeoulError
from yeoul.base.ids import TaskId
from yeoul.catalog.database import Database
from yeoul.catalog.queue import lease, outbox, run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.video import video
from yeoul.model.event import (
    CancelTask,
    PieceLanded,
    Reprocess,
    RunEnded,
    TaskEnded,
    TrackLanded,
    TrackRemoved,
    UploadClosed,
    VideoDeleted,
)
from yeoul.model.work import Report
from yeoul.pipeline.completion_handler import CompletionHandler
from yeoul.pipeline.engine import Engine
from yeoul.pipeline.options import DispatchOptions
from yeoul.pipeline.placer import Placer
from yeoul.pipeline.preprocessor import Preprocessor
from yeoul.pipeline.resource.overload import Level
from yeoul.pipeline.run_book import RunBook
from yeoul.pipeline.settlement import Settlement
from yeoul.pipeline.sweeper import Sweeper

log = logging.getLogger("yeoul.pipeline")
Row = Mapping[str, Any]
_BATCH = 64
_AGAIN_S = 1.0
_RESUMED = 16  # parked runs opened at one heartbeat


class Dispatcher:
    """One claimer of tasks. `room` says whether the store has room for more work; `on_run_ended` is told when the rows say so."""

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
        options: DispatchOptions,
        *,
        room: Callable[[], bool],
        on_run_ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._preprocessor = preprocessor_
        self._book = book
        self._handler = handler
        self._sweeper = sweeper
        self._clock = clock
        self._owner = owner
        self._options = options
        self._settlement = Settlement(database, preprocessor_, book, sweeper, owner)
        self._placer = Placer(database, engine, clock, owner, options, room=room)
        self._heartbeat_at = 0.0
        self._on_run_ended = on_run_ended
        self._ended_runs: list[str] = []
        self._reports: deque[Report] = deque()
        self._watch = database.watch()
        self._changed = True
        self._placing = True

    # --- the loop ---

    def recover(self, *, only_dispatcher: bool) -> None:
        """Take over from dispatchers that are gone: what ran, and what they knew. With `only_dispatcher`, every other owner is gone."""
        self._settlement.reclaim(self._clock.now(), self._owner if only_dispatcher else None)
        with self._database.write() as connection:
            self._placer.recall(connection)
            self._replace_stale(connection, self._clock.now())

    def step(self, timeout_s: float) -> None:
        """One turn: reports, events, placing, heartbeat. Waits at most `timeout_s` when there is nothing to do.

        Raises StorageFullError when the database's disk is full, UnavailableError when it cannot be reached; nothing is lost, call again.
        """
        self._reports.extend(self._engine.poll(0.0 if self._changed else timeout_s))
        self._changed = bool(self._reports) or self._watch.poll() or self._changed
        while self._reports:
            self._take_next()
        self._beat()
        self._changed = self._sweeper.expire(self._clock.now()) or self._changed
        if self._changed or self._clock.now() >= self._placer.wake_at:
            more = self._handle_events()
            if self._placing:
                self._reports.extend(self._placer.place())
            more = self._sweeper.free_next(self._clock.now()) or more
            self._changed = more

    def stop_placing(self) -> None:
        """Start no more tasks: what runs may end."""
        self._placing = False

    def hand_back(self) -> None:
        """Return what was claimed and has not ended to the queue, where others find it at once; the engine must have stopped."""
        with self._database.write() as connection:
            count = lease.hand_back(connection, self._owner, self._clock.now())
        if count:
            log.info("%d tasks were handed back", count)

    def close(self) -> None:
        """Stop watching; the engine is closed by who made it."""
        self._watch.close()

    def _take_next(self) -> None:
        """Take the next report, or all that stand together and say that all went well."""
        together = list(itertools.takewhile(lambda report: report.kind == "done", self._reports))
        alone = self._settlement.take_together(together, self._clock.now()) if len(together) > 1 else [self._reports[0]]
        for report in together:
            if report not in alone:
                self._placer.ended(report)
        for report in alone:
            self._take_report(report)
        for _ in range(max(1, len(together))):
            self._reports.popleft()

    def _take_report(self, report: Report) -> None:
        try:
            self._settlement.take(report, self._clock.now())
        except (StorageFullError, UnavailableError):
            raise
        except Exception:
            # It must not hold up those behind it. The next heartbeat finds that the attempt does not run, and it is tried again.
            log.exception("the report of task %s attempt %s could not be taken", report.task, report.attempt)
        self._placer.ended(report)

    # --- events ---

    def _handle_events(self) -> bool:
        """Handle what is in the outbox of one video; True when there may be more."""
        self._ended_runs = []
        with self._book.transaction(self._database) as connection:
            entries = outbox.peek(connection, self._clock.now(), _BATCH)
            for entry in _delete_repeats(connection, entries):
                self._handle_entry(connection, entry)
        for run_id in self._ended_runs:
            self._on_run_ended(run_id)
        return bool(entries)

    def _handle_entry(self, connection: Connection, entry: outbox.Entry) -> None:
        """Handles an entry, or rolls it back: postpones it if a later try may work, else fails its video."""
        now_s = self._clock.now()
        try:
            with connection.begin_nested():
                self._handle(connection, entry)
                outbox.delete_entry(connection, entry.id)
            return
        except OperationalError:
            raise
        except YeoulError as error:
            cause = error
        except Exception as error:  # noqa: BLE001 (a wrong event must not hold up those after it)
            cause = YeoulError(f"{entry.topic} could not be handled: {error}"[:2000])
        self._book.forget()
        log.error("event %s of video %s was rolled back", entry.topic, entry.video_id, exc_info=cause)
        if cause.retryable:
            outbox.postpone(connection, entry.id, now_s + _AGAIN_S)
            return
        outbox.delete_entry(connection, entry.id)
        self._handler.give_up(connection, entry.video_id, cause, now_s)

    def _handle(self, connection: Connection, entry: outbox.Entry) -> None:
        now_s = self._clock.now()
        match entry.event():
            case PieceLanded() | UploadClosed() | TrackLanded() as event:
                self._handle_upload(connection, event, now_s)
            case TrackRemoved() as event:
                self._handler.track_removed(connection, event, now_s)
            case TaskEnded() as event:
                self._handler.task_ended(connection, event, now_s)
            case CancelTask() as event:
                self._settlement.cancel(connection, event.task_id, now_s)
                self._engine.cancel(TaskId(event.task_id), event.attempt)
            case RunEnded() as event:
                self._kill(event.run_id, connection, now_s)
                self._handler.run_ended(connection, event, now_s)
                self._ended_runs.append(event.run_id)
            case Reprocess() as event:
                self._preprocessor.reprocess(connection, event, now_s)
            case VideoDeleted() as event:
                self._cancel_video(connection, event.video_id, now_s)
                self._handler.video_deleted(connection, event.video_id, now_s)
            case _:
                log.error("an event of unknown topic %s was dropped", entry.topic)

    def _handle_upload(self, connection: Connection, event: PieceLanded | UploadClosed | TrackLanded, now_s: float) -> None:
        if video.find(connection, event.video_id) is None:
            return  # it was deleted meanwhile
        match event:
            case PieceLanded():
                self._preprocessor.piece_landed(connection, event, now_s)
            case UploadClosed():
                self._preprocessor.upload_closed(connection, event, now_s)
                self._handler.upload_closed(connection, event.video_id, now_s)
            case TrackLanded():
                self._preprocessor.track_landed(connection, event, now_s)

    def _cancel_video(self, connection: Connection, video_id: str, now_s: float) -> None:
        row = run.find_of_video(connection, video_id)
        if row is not None:
            self._kill(row["id"], connection, now_s)
            run.end(connection, row["id"], "cancelled", now_s)

    def _replace_stale(self, connection: Connection, now_s: float) -> None:
        """Begin runs anew that an older program began, where it made what this one's ops do not go on with."""
        for row in run.unended(connection):
            if self._preprocessor.is_stale(row):
                self._kill(row["id"], connection, now_s)
                run.end(connection, row["id"], "cancelled", now_s)
                self._preprocessor.begin_anew(connection, row, now_s)
                log.info("run %s of video %s begins anew: an op of it has another version now", row["id"], row["video_id"])

    def _kill(self, run_id: str, connection: Connection, now_s: float) -> None:
        """Cancel what is left of a run. What runs elsewhere is killed by its own dispatcher, which finds that it lost it."""
        run.lock(connection, run_id)
        for row in queue.cancel_run(connection, run_id, now_s):
            self._engine.cancel(TaskId(row["id"]), row["attempt"])

    # --- the heartbeat ---

    def _beat(self) -> None:
        """Extend our leases, take back what others lost, and bring the engine and the rows together."""
        now_s = self._clock.now()
        passed_s = now_s - self._heartbeat_at
        if 0 <= passed_s < self._options.heartbeat_s:
            return
        self._changed = self._changed or passed_s < 0  # the clock was set back: what was to be looked at later is looked at now
        with self._database.write() as connection:
            lease.extend(connection, self._owner, now_s + self._options.lease_s)
            owned = lease.owned(connection, self._owner)
            self._weigh(connection, now_s)
        self._reconcile(owned)
        self._changed = self._settlement.reclaim(now_s) or self._changed
        self._heartbeat_at = now_s

    def _weigh(self, connection: Connection, now_s: float) -> None:
        """Park new runs while there is far too much to do, and open them again, a few at a time, when there is less."""
        level = self._placer.look(connection, now_s)
        self._preprocessor.parking = level >= Level.PARK
        if level < Level.PARK:
            for row in run.parked(connection, _RESUMED):
                self._preprocessor.resume(connection, row, now_s)

    def _reconcile(self, owned: set[tuple[str, int]]) -> None:
        """Kill what runs and is not ours any more; report lost what is ours and does not run."""
        running = self._engine.running()
        for task, attempt in sorted(running - owned):
            self._engine.cancel(TaskId(task), attempt)
        for task, attempt in sorted(owned - running):
            error = WorkerLostError("the engine knows nothing of this attempt", reason="unknown").to_dict()
            self._reports.append(Report(kind="lost", task=task, attempt=attempt, worker="", error=error))


def _delete_repeats(connection: Connection, entries: Sequence[outbox.Entry]) -> list[outbox.Entry]:
    """Deletes TaskEnded of runs that have a later one, which updates the video for all of them; returns the other entries."""
    last = {entry.payload.get("run_id"): entry.id for entry in entries if entry.topic == TaskEnded.topic}
    kept: list[outbox.Entry] = []
    for entry in entries:
        if entry.topic == TaskEnded.topic and last[entry.payload.get("run_id")] != entry.id:
            outbox.delete_entry(connection, entry.id)
        else:
            kept.append(entry)
    return kept
