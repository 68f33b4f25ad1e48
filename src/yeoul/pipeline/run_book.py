"""The run book: the pure scheduler of every open run, kept in memory and rebuilt from the rows when it is missing or stale."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from yeoul.catalog.database import Database
from yeoul.catalog.queue import history as history_rows
from yeoul.catalog.queue import many as queue_many
from yeoul.catalog.queue import outbox, run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
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
from yeoul.pipeline.story.history import (
    Entry,
    History,
    Recording,
    Reopened,
    Started,
    Step,
    read_entry,
    write_entry,
    write_instruction,
    write_place,
)

Row = Mapping[str, Any]


def make_task_id(run_id: str, place: Place) -> str:
    """The id of a task is its place, so that adding it twice changes nothing."""
    return f"{run_id}.{write_place(place)}"


class RunBook:
    """Schedulers by run id. One per dispatcher; not shared between threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, Recording]] = {}

    def apply(self, connection: Connection, run_id: str, events: Sequence[Event], now_s: float, locked: Row | None = None) -> None:
        """Feed events of an inspected, open run to its scheduler and write what it orders, in a `transaction` of this book.

        locked: the run's row, if it was locked in this transaction and not changed since.
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
        """A write transaction; when it fails, the schedulers have seen events that never happened, and are forgotten."""
        try:
            with database.write() as connection:
                yield connection
        except BaseException:
            self.forget()
            raise

    def forget(self, run_id: str | None = None) -> None:
        """Drop one scheduler, or all."""
        if run_id is None:
            self._kept.clear()
        else:
            self._kept.pop(run_id, None)

    def _rebuild(self, connection: Connection, row: Row, now_s: float) -> Recording:
        """The scheduler as it stood, from its history, and then what the rows say besides."""
        written = read_history(connection, row)
        recording = Recording(written.definition, written.facts, written.rungs)
        for step in written.steps:
            recording.take(read_entry(step.event))  # obeyed when it was written
        news: list[Entry] = [] if written.steps else [Started()]
        past = _past(connection, row)
        forgotten = _find_forgotten(recording, past)
        if forgotten or recording.is_over:
            news += [*(event for event in past if isinstance(event, TrackLanded)), Reopened(tuple(forgotten))]
        self._feed(connection, row, recording, [*news, *past], now_s)
        return recording

    def _feed(self, connection: Connection, row: Row, recording: Recording, entries: Sequence[Entry], now_s: float) -> None:
        """Feed entries that are new, write them down with what each gave, and obey."""
        written: list[Row] = []
        given: list[Instruction] = []
        for entry in entries:
            if entry in recording.fed:
                continue
            seq, gave = recording.count, recording.take(entry)
            written.append(history_rows.make_row(row["id"], seq, write_entry(entry), [write_instruction(order) for order in gave], now_s))
            given += gave
        history_rows.add(connection, written)
        queue_many.add_all(connection, [_new_task(row, order, now_s) for order in given if isinstance(order, AddTask)], now_s)
        for order in given:
            if isinstance(order, EndRun):
                end_run(connection, row, order.failed, now_s)


def read_history(connection: Connection, row: Row) -> History:
    """The written history of an inspected run."""
    ladder = [Rung.model_validate(rung) for rung in row["ladder"]]
    steps = history_rows.of_run(connection, row["id"])
    return History(
        definition=Definition.model_validate(row["definition"]),
        facts=make_facts(Source.model_validate(row["source"]), ladder),
        rungs=tuple(rung.name for rung in ladder),
        steps=tuple(Step(at=step["at"], event=step["event"], gave=tuple(step["gave"])) for step in steps),
    )


def _find_forgotten(recording: Recording, past: Sequence[Event]) -> list[Place]:
    """Tasks that have ended in the history and not any more; of a run that was over, also those that failed it."""
    known = frozenset(past)
    ended = [event for event in recording.fed if isinstance(event, TaskEnded)]
    return [event.place for event in ended if event not in known or (recording.is_over and not event.ok)]


def end_run(connection: Connection, row: Row, failed: str | None, now_s: float) -> None:
    """End a run; the completion handler hears of it."""
    if run.end(connection, row["id"], "done" if failed is None else "failed", now_s):
        outbox.emit(connection, RunEnded(video_id=row["video_id"], run_id=row["id"], failed=failed), now_s)


def lock_run_of(connection: Connection, task: Row) -> Row:
    """Locks and returns the run of a task."""
    row = run.lock(connection, task["run_id"])
    assert row is not None, "tasks have a run"
    return row


def _new_task(row: Row, order: AddTask, now_s: float) -> queue.NewTask:
    unit, place = order.unit, order.place
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
        needs=tuple(make_task_id(row["id"], need) for need in order.needs),
    )


def _past(connection: Connection, row: Row) -> list[Event]:
    """What has happened to a run, read from the rows."""
    landed = upload.landed_indexes(connection, row["upload_id"], "piece")
    events: list[Event] = [PieceLanded(index) for index in landed]
    events += [TrackLanded(row["name"]) for row in audio_track.landed(connection, row["video_id"])]
    if upload.get(connection, row["upload_id"])["state"] == "closed":
        events.append(UploadClosed(len(landed)))
    units = {stage.get("group") or stage["name"] for stage in row["definition"]["stages"]}  # without the preprocessor's own
    tasks = [task for task in queue_view.of_run(connection, row["id"]) if task["stage"] in units and task["state"] in ("done", "failed")]
    return events + [TaskEnded(place_of(task), task["state"] == "done") for task in tasks]


def place_of(task: Row) -> Place:
    """A task's place in its run."""
    return Place(task["stage"], task["piece"], task["rung"])
