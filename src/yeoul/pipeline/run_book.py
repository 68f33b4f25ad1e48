"""The run book: the pure scheduler of every open run, kept in memory and rebuilt from the rows when it is missing or stale."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from yeoul.catalog import outbox, queue, run, upload
from yeoul.catalog.database import Database
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.pipeline.dag import Definition
from yeoul.pipeline.dag_scheduler import (
    AddTask,
    DagScheduler,
    EndRun,
    Event,
    Instruction,
    PieceLanded,
    Place,
    TaskEnded,
    UploadClosed,
)
from yeoul.pipeline.resource_manager import make_due_at
from yeoul.pipeline.when import make_facts

Row = Mapping[str, Any]


def make_task_id(run_id: str, place: Place) -> str:
    """The id of a task is its place, so that adding it twice changes nothing."""
    piece = "" if place.piece is None else f".{place.piece:05d}"
    rung = "" if place.rung is None else f".{place.rung}"
    return f"{run_id}.{place.unit}{piece}{rung}"


class RunBook:
    """Schedulers by run id. One per dispatcher; not shared between threads."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, DagScheduler]] = {}

    def apply(self, connection: Connection, run_id: str, events: Sequence[Event], now_s: float) -> None:
        """Feed events of an inspected, open run to its scheduler and write what it orders, in a `transaction` of this book."""
        row = run.lock(connection, run_id)
        if row is None or row["state"] != "open":
            return
        version, scheduler = self._kept.get(run_id, (-1, None))
        if scheduler is None or version != row["version"]:
            scheduler = self._rebuild(connection, row, now_s)
        for event in events:
            self._obey(connection, row, scheduler.handle(event), now_s)
        run.change(connection, run_id)
        self._kept[run_id] = (int(row["version"]) + 1, scheduler)

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

    def _rebuild(self, connection: Connection, row: Row, now_s: float) -> DagScheduler:
        definition = Definition.model_validate(row["definition"])
        source = Source.model_validate(row["source"])
        ladder = [Rung.model_validate(rung) for rung in row["ladder"]]
        scheduler = DagScheduler(definition, make_facts(source, ladder), [rung.name for rung in ladder])
        self._obey(connection, row, scheduler.start(), now_s)
        for event in _past(connection, row):
            self._obey(connection, row, scheduler.handle(event), now_s)
        return scheduler

    def _obey(self, connection: Connection, row: Row, instructions: Sequence[Instruction], now_s: float) -> None:
        for instruction in instructions:
            match instruction:
                case AddTask():
                    queue.add(connection, _new_task(row, instruction, now_s), now_s)
                case EndRun(failed):
                    end_run(connection, row, failed, now_s)


def end_run(connection: Connection, row: Row, failed: str | None, now_s: float) -> None:
    """End a run; the completion handler hears of it."""
    if run.end(connection, row["id"], "done" if failed is None else "failed", now_s):
        outbox.emit(connection, "run.ended", row["video_id"], {"run_id": row["id"], "failed": failed}, now_s)


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
        needs=tuple(make_task_id(row["id"], need) for need in order.needs),
    )


def _past(connection: Connection, row: Row) -> list[Event]:
    """What has happened to a run, read from the rows."""
    landed = upload.landed_indexes(connection, row["upload_id"], "piece")
    events: list[Event] = [PieceLanded(index) for index in landed]
    if upload.get(connection, row["upload_id"])["state"] == "closed":
        events.append(UploadClosed(len(landed)))
    tasks = [task for task in queue.of_run(connection, row["id"]) if task["state"] in ("done", "failed")]
    return events + [TaskEnded(place_of(task), task["state"] == "done") for task in tasks]


def place_of(task: Row) -> Place:
    """A task's place in its run."""
    return Place(task["stage"], task["piece"], task["rung"])
