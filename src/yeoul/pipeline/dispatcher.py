"""The dispatcher: handles events from the outbox, starts tasks on the engine and commits the engine's reports.

Any number of dispatchers may share one PostgreSQL database; SQLite allows one. All state of a dispatcher can be rebuilt from the rows.
"""

from __future__ import annotations

import itertools
import logging
from collections import deque
from collections.abc import Callable, Sequence

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
from yeoul.pipeline.scheduler_cache import SchedulerCache
from yeoul.pipeline.settlement import Settlement
from yeoul.pipeline.sweeper import Sweeper

log = logging.getLogger("yeoul.pipeline")
_TABLES = ("outbox", "run", "task", "worker")  # what can give a dispatcher work
_BATCH = 64
_MIN_WAIT_S = 0.05  # between turns without a change: what is due may have to wait for another dispatcher
_RETRY_DELAY_S = 1.0
_RESUME_BATCH = 16  # parked runs resumed at one heartbeat


class Dispatcher:
    """Claims tasks for one owner and settles them.

    room: returns True if the store has space for more work. on_run_ended: called with the run's id after the end of a run was committed.
    """

    def __init__(
        self,
        database: Database,
        engine: Engine,
        preprocessor_: Preprocessor,
        schedulers: SchedulerCache,
        handler: CompletionHandler,
        sweeper: Sweeper,
        clock: Clock,
        owner: str,
        options: DispatchOptions,
        *,
        has_space: Callable[[], bool],
        on_run_ended: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._database = database
        self._engine = engine
        self._preprocessor = preprocessor_
        self._schedulers = schedulers
        self._handler = handler
        self._sweeper = sweeper
        self._clock = clock
        self._owner = owner
        self._options = options
        self._settlement = Settlement(database, preprocessor_, schedulers, sweeper, owner)
        self._placer = Placer(database, engine, clock, owner, options, has_space=has_space)
        self._heartbeat_at = 0.0
        self._on_run_ended = on_run_ended
        self._ended_runs: list[str] = []
        self._reports: deque[Report] = deque()
        self._watch = database.watch(_TABLES)
        self._changed = True
        self._placing = True

    # --- the loop ---

    def recover(self, *, only_dispatcher: bool) -> None:
        """Takes over from dispatchers that are gone: reclaims their tasks, restores the state of workers, and replaces stale runs.

        only_dispatcher: no other dispatcher is running, so that tasks of all other owners are reclaimed at once.
        """
        self._settlement.reclaim(self._clock.now(), self._owner if only_dispatcher else None)
        with self._database.write() as connection:
            self._placer.restore(connection)
            self._replace_stale(connection, self._clock.now())

    def step(self, timeout_s: float, wake: Sequence[int] = ()) -> None:
        """Runs one turn: settles reports, sends the heartbeat, handles events, starts tasks.

        Waits at most `timeout_s` if there is nothing to do, and not after one of the descriptors `wake` has become readable.

        Raises StorageFullError if the database's disk is full, UnavailableError if the database cannot be reached. Nothing is lost: call
        `step` again.
        """
        commits = self._watch.fileno()
        descriptors = (*wake, *(() if commits is None else (commits,)))
        self._reports.extend(self._engine.poll(0.0 if self._changed else self._limit_wait(timeout_s), descriptors))
        self._changed = bool(self._reports) or self._watch.poll() or self._changed
        while self._reports:
            self._settle_next()
        self._heartbeat()
        self._changed = self._sweeper.expire(self._clock.now()) or self._changed
        if self._changed or self._clock.now() >= self._placer.wake_at:
            has_more = self._handle_events()
            if self._placing:
                self._reports.extend(self._placer.place())
            has_more = self._sweeper.free_next(self._clock.now()) or has_more
            self._changed = has_more

    def _limit_wait(self, timeout_s: float) -> float:
        """Returns how long a turn may wait: until a task, an event or the heartbeat is due, or the database must be polled."""
        now_s = self._clock.now()
        due_s = self._placer.wake_at - now_s if self._placing else _MIN_WAIT_S
        heartbeat_s = self._heartbeat_at + self._options.heartbeat_s - now_s
        return min(timeout_s, max(_MIN_WAIT_S, min(due_s, heartbeat_s)), self._watch.poll_every_s)

    def stop_starting(self) -> None:
        """Stops starting tasks; running tasks continue."""
        self._placing = False

    def release_all(self) -> None:
        """Releases all claimed tasks, so that other dispatchers can start them at once. The engine must have stopped."""
        with self._database.write() as connection:
            count = lease.release_all(connection, self._owner, self._clock.now())
        if count:
            log.info("released %d tasks", count)

    def close(self) -> None:
        """Stops watching the database. Does not close the engine."""
        self._watch.close()

    def _settle_next(self) -> None:
        """Settles the next report, or all consecutive reports of success together."""
        batch = list(itertools.takewhile(lambda report: report.kind == "done", self._reports))
        rest = self._settlement.settle_batch(batch, self._clock.now()) if len(batch) > 1 else [self._reports[0]]
        for report in batch:
            if report not in rest:
                self._placer.record_end(report)
        for report in rest:
            self._settle_report(report)
        for _ in range(max(1, len(batch))):
            self._reports.popleft()

    def _settle_report(self, report: Report) -> None:
        try:
            self._settlement.settle(report, self._clock.now())
        except (StorageFullError, UnavailableError):
            raise
        except Exception:
            # A bad report must not block the reports after it. The next heartbeat finds that the attempt does not run, and it is retried.
            log.exception("could not settle the report of task %s attempt %s", report.task, report.attempt)
        self._placer.record_end(report)

    # --- events ---

    def _handle_events(self) -> bool:
        """Handles the due events of one video. True if there may be more."""
        self._ended_runs = []
        with self._schedulers.transaction(self._database) as connection:
            entries = outbox.peek(connection, self._clock.now(), _BATCH)
            for entry in _delete_repeats(connection, entries):
                self._handle_entry(connection, entry)
        for run_id in self._ended_runs:
            self._on_run_ended(run_id)
        return bool(entries)

    def _handle_entry(self, connection: Connection, entry: outbox.Entry) -> None:
        """Handles an entry. If that fails, rolls back, and postpones the entry if a retry may succeed, else fails its video."""
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
        except Exception as error:  # noqa: BLE001 (a bad event must not block the events after it)
            cause = YeoulError(f"event {entry.topic} could not be handled: {error}"[:2000])
        self._schedulers.evict()
        log.error("event %s of video %s was rolled back", entry.topic, entry.video_id, exc_info=cause)
        if cause.retryable:
            outbox.postpone(connection, entry.id, now_s + _RETRY_DELAY_S)
            return
        outbox.delete_entry(connection, entry.id)
        self._handler.fail_video(connection, entry.video_id, cause, now_s)

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
                log.error("ignored an event with the unknown topic %s", entry.topic)

    def _handle_upload(self, connection: Connection, event: PieceLanded | UploadClosed | TrackLanded, now_s: float) -> None:
        if video.find(connection, event.video_id) is None:
            return  # the video was deleted in the meantime
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
        """Cancels and restarts runs that use an earlier version of an op, because outputs of both versions do not fit together."""
        for row in run.list_unfinished(connection):
            if self._preprocessor.is_stale(row):
                self._kill(row["id"], connection, now_s)
                run.end(connection, row["id"], "cancelled", now_s)
                self._preprocessor.restart_stale(connection, row, now_s)
                log.info("restarted run %s of video %s: the version of one of its ops has changed", row["id"], row["video_id"])

    def _kill(self, run_id: str, connection: Connection, now_s: float) -> None:
        """Cancels the remaining tasks of a run. Other dispatchers kill their attempts when they find at a heartbeat that they lost them."""
        run.lock(connection, run_id)
        for row in queue.cancel_run(connection, run_id, now_s):
            self._engine.cancel(TaskId(row["id"]), row["attempt"])

    # --- the heartbeat ---

    def _heartbeat(self) -> None:
        """Extends our leases, reclaims expired ones, and reconciles the engine with the rows."""
        now_s = self._clock.now()
        passed_s = now_s - self._heartbeat_at
        if 0 <= passed_s < self._options.heartbeat_s:
            return
        self._changed = self._changed or passed_s < 0  # the clock was set back, so due times have to be checked again
        with self._database.write() as connection:
            lease.extend(connection, self._owner, now_s + self._options.lease_s)
            owned = lease.running_attempts(connection, self._owner)
            self._update_overload(connection, now_s)
        self._reconcile(owned)
        self._changed = self._settlement.reclaim(now_s) or self._changed
        self._heartbeat_at = now_s

    def _update_overload(self, connection: Connection, now_s: float) -> None:
        """Parks new runs while the pipeline is overloaded, else resumes a few parked runs."""
        level = self._placer.update_overload(connection, now_s)
        self._preprocessor.is_parking = level >= Level.PARK
        if level < Level.PARK:
            for row in run.lock_parked(connection, _RESUME_BATCH):
                self._preprocessor.resume(connection, row, now_s)

    def _reconcile(self, owned: set[tuple[str, int]]) -> None:
        """Kills running attempts that we no longer own, and reports owned attempts that do not run as lost."""
        running = self._engine.running()
        for task, attempt in sorted(running - owned):
            self._engine.cancel(TaskId(task), attempt)
        for task, attempt in sorted(owned - running):
            error = WorkerLostError("the engine does not run this attempt", reason="unknown").to_dict()
            self._reports.append(Report(kind="lost", task=task, attempt=attempt, worker="", error=error))


def _delete_repeats(connection: Connection, entries: Sequence[outbox.Entry]) -> list[outbox.Entry]:
    """Deletes every TaskEnded but the last of each run, because the last one updates the video for all. Returns the other entries."""
    last_ids = {entry.payload.get("run_id"): entry.id for entry in entries if entry.topic == TaskEnded.topic}
    remaining: list[outbox.Entry] = []
    for entry in entries:
        if entry.topic == TaskEnded.topic and last_ids[entry.payload.get("run_id")] != entry.id:
            outbox.delete_entry(connection, entry.id)
        else:
            remaining.append(entry)
    return remaining
