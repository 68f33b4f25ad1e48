"""The scheduler cache: keeps the scheduler of every open run in memory, and rebuilds it from the rows if it is missing or stale."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import TypedDict

from sqlalchemy import Connection

from yeoul.catalog.database import Database
from yeoul.catalog.queue import batch, outbox, run, run_log
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.queue.lease import ExhaustedTaskRow
from yeoul.catalog.schema.row.pipeline import EventRow, RunRow, TaskRow
from yeoul.catalog.video import audio_track, upload
from yeoul.model.event import RunEnded
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.dag.scheduler import (
    AddTask,
    EndRun,
    Event,
    Instruction,
    PieceLanded,
    Place,
    TaskEnded,
    TrackLanded,
    UploadClosed,
)
from yeoul.pipeline.resource.fair_share import make_due_at
from yeoul.pipeline.story.run_log import (
    Entry,
    History,
    Reopened,
    RunRecorder,
    Started,
    Step,
    read_entry,
    write_entry,
    write_instruction,
    write_place,
)


class PlaceRow(TypedDict):
    """The columns of a task that say which place of its run it has."""

    stage: str
    piece: int | None
    rung: str | None


def make_task_id(run_id: str, place: Place) -> str:
    """Returns the id of a task, which is derived from its place so that adding a task twice changes nothing."""
    return f"{run_id}.{write_place(place)}"


class SchedulerCache:
    """The schedulers of open runs by run id. One per dispatcher; not safe for use by several threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, RunRecorder]] = {}

    def apply(self, connection: Connection, run_id: str, events: Sequence[Event], now_s: float, locked: RunRow | None = None) -> None:
        """Passes events to the scheduler of an inspected, open run, and executes its instructions.

        Call it in a `transaction` of this cache. locked: the run's row, if the caller has locked it there and not changed it since.
        """
        row = run.lock(connection, run_id) if locked is None else locked
        if row is None or row["state"] != "open":
            return
        version, recording = self._kept.get(run_id, (-1, None))
        if recording is None or version != row["version"]:
            recording = self._rebuild(connection, row, now_s)
        self._feed(connection, row, recording, events, now_s)
        run.change(connection, run_id)
        self._kept[run_id] = (int(row["version"]) + 1, recording)

    @contextmanager
    def transaction(self, database: Database) -> Generator[Connection]:
        """A write transaction. If it fails, drops all schedulers from memory, because they may have seen events that were rolled back."""
        try:
            with database.write() as connection:
                yield connection
        except BaseException:
            self.evict()
            raise

    def evict(self, run_id: str | None = None) -> None:
        """Drops the scheduler of one run, or all schedulers, from memory."""
        if run_id is None:
            self._kept.clear()
        else:
            self._kept.pop(run_id, None)

    def _rebuild(self, connection: Connection, row: RunRow, now_s: float) -> RunRecorder:
        """Rebuilds the scheduler of a run from its run log, and then passes it the events that only the rows show."""
        run_log = read_run_log(connection, row)
        recording = RunRecorder(run_log.definition, run_log.facts, run_log.rungs)
        for step in run_log.steps:
            recording.feed(read_entry(step.event))  # its instructions were executed when it was logged
        entries: list[Entry] = [] if run_log.steps else [Started()]
        events = _read_events(connection, row)
        reset_places = _find_reset_places(recording, events)
        if reset_places or recording.is_over:
            entries += [*(event for event in events if isinstance(event, TrackLanded)), Reopened(tuple(reset_places))]
        self._feed(connection, row, recording, [*entries, *events], now_s)
        return recording

    def _feed(self, connection: Connection, row: RunRow, recording: RunRecorder, entries: Sequence[Entry], now_s: float) -> None:
        """Passes new entries to the scheduler, logs them with the instructions that each returned, and executes these."""
        rows: list[EventRow] = []
        instructions: list[Instruction] = []
        for entry in entries:
            if entry in recording.events:
                continue
            seq, returned = recording.count, recording.feed(entry)
            rows.append(run_log.make_row(row["id"], seq, write_entry(entry), list(map(write_instruction, returned)), now_s))
            instructions += returned
        run_log.add(connection, rows)
        additions = [instruction for instruction in instructions if isinstance(instruction, AddTask)]
        batch.add_all(connection, [_new_task(row, addition, now_s) for addition in additions], now_s)
        for instruction in instructions:
            if isinstance(instruction, EndRun):
                end_run(connection, row, instruction.failed, now_s)


def read_run_log(connection: Connection, row: RunRow) -> History:
    """Returns the run log of an inspected run."""
    assert row["ladder"] is not None, "the source was inspected"
    ladder = [Rung.model_validate(rung) for rung in row["ladder"]]
    steps = run_log.of_run(connection, row["id"])
    return History(
        definition=Definition.model_validate(row["definition"]),
        facts=make_facts(Source.model_validate(row["source"]), ladder),
        rungs=tuple(rung.name for rung in ladder),
        steps=tuple(Step(at=step["at"], event=step["event"], gave=tuple(step["gave"])) for step in steps),
    )


def _find_reset_places(recording: RunRecorder, events: Sequence[Event]) -> list[Place]:
    """Returns the tasks that ended according to the run log, but were reset since. If the run was over, also those that failed."""
    current = frozenset(events)
    ended = [event for event in recording.events if isinstance(event, TaskEnded)]
    return [event.place for event in ended if event not in current or (recording.is_over and not event.ok)]


def end_run(connection: Connection, row: RunRow, failed: str | None, now_s: float) -> None:
    """Ends a run and emits RunEnded, unless it has ended already. failed: the stage whose failure ended it."""
    if run.end(connection, row["id"], "done" if failed is None else "failed", now_s):
        outbox.emit(connection, RunEnded(video_id=row["video_id"], run_id=row["id"], failed=failed), now_s)


def lock_run_of(connection: Connection, task: TaskRow | ExhaustedTaskRow) -> RunRow:
    """Locks and returns the run of a task."""
    row = run.lock(connection, task["run_id"])
    assert row is not None, "tasks have a run"
    return row


def _new_task(row: RunRow, instruction: AddTask, now_s: float) -> queue.NewTask:
    unit, place = instruction.unit, instruction.place
    return queue.NewTask(
        id=make_task_id(row["id"], place),
        run_id=row["id"],
        stage=unit.name,
        piece=place.piece,
        rung=place.rung,
        op=unit.op,
        params=unit.parameters,
        due_at=make_due_at(now_s, latency_sensitive=unit.latency_sensitive),
        cpu=unit.slots.cpu,
        memory_bytes=unit.slots.memory_mb * 2**20,
        gpu=unit.slots.gpu,
        tags=unit.slots.tags,
        timeout_s=unit.timeout_s,
        retries=unit.retries,
        optional=unit.optional,
        latency_sensitive=unit.latency_sensitive,
        account_id=row["account_id"],
        needs=tuple(make_task_id(row["id"], need) for need in instruction.needs),
    )


def _read_events(connection: Connection, row: RunRow) -> list[Event]:
    """Returns all events of a run so far, derived from the rows."""
    landed = upload.landed_indexes(connection, row["upload_id"], "piece")
    events: list[Event] = [PieceLanded(index) for index in landed]
    events += [TrackLanded(row["name"]) for row in audio_track.landed(connection, row["video_id"])]
    if upload.get(connection, row["upload_id"])["state"] == "closed":
        events.append(UploadClosed(len(landed)))
    units = {stage.get("group") or stage["name"] for stage in row["definition"]["stages"]}  # without inspect and split
    tasks = [task for task in queue_view.of_run(connection, row["id"]) if task["stage"] in units and task["state"] in ("done", "failed")]
    return events + [TaskEnded(place_of(task), task["state"] == "done") for task in tasks]


def place_of(task: PlaceRow) -> Place:
    """Returns a task's place in its run."""
    return Place(task["stage"], task["piece"], task["rung"])
