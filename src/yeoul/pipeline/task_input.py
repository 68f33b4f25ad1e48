"""Composing what a task is given, at the moment when it starts, from the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, select

from yeoul.base.errors import NotFoundError
from yeoul.catalog import queue, run, upload
from yeoul.catalog.row import first_row
from yeoul.catalog.schema import task as task_table
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.model.work import Slots, Work
from yeoul.pipeline.dag import Definition
from yeoul.pipeline.task_data import NeedOutput, Part, TaskInput

Row = Mapping[str, Any]


def find_task(connection: Connection, task_id: str) -> Row | None:
    """A task's row."""
    return first_row(connection, select(task_table).where(task_table.c.id == task_id))


def task_row(connection: Connection, task_id: str) -> Row:
    """The same; raises NotFoundError."""
    row = find_task(connection, task_id)
    if row is None:
        raise NotFoundError(f"there is no task {task_id}", task=task_id)
    return row


def make_prefix(video_id: str, task_id: str, attempt: int) -> str:
    """Where the outputs of one attempt lie."""
    return f"{video_id}/{task_id}-{attempt}/"


def make_work(connection: Connection, task: Row, attempt: int, slots: Slots) -> Work:
    """The work of one attempt. Raises NotFoundError when the rows do not hold what it needs."""
    row = run.find(connection, task["run_id"])
    if row is None:
        raise NotFoundError(f"there is no run {task['run_id']}", run=task["run_id"])
    return Work(
        task=task["id"],
        attempt=attempt,
        op=task["op"],
        params=_input(connection, row, task).model_dump(mode="json"),
        output_prefix=make_prefix(row["video_id"], task["id"], attempt),
        slots=slots,
        timeout_s=task["timeout_s"],
    )


def _input(connection: Connection, row: Row, task: Row) -> TaskInput:
    sent = upload.get(connection, row["upload_id"])
    source = row["source"] or sent["source"]
    definition = Definition.model_validate(row["definition"])
    wanted = [task["piece"]] if task["piece"] is not None else None
    pieces = [_landed(found) for found in upload.pieces(connection, sent["id"], "piece", wanted) if found["landed_at"] is not None]
    if wanted is not None and not pieces:
        raise NotFoundError(f"piece {task['piece']} has not landed", piece=task["piece"])
    parts = upload.pieces(connection, sent["id"], "part") if task["stage"] == "split" else []
    needs = queue.outputs_of(connection, task["id"])
    return TaskInput(
        video_id=row["video_id"],
        parameters=task["params"],
        max_height=definition.ladder.max_height,
        source=None if source is None else Source.model_validate(source),
        ladder=tuple(Rung.model_validate(rung) for rung in row["ladder"] or ()),
        piece=pieces[0] if task["piece"] is not None else None,
        pieces=tuple(pieces) if task["piece"] is None else (),
        parts=tuple(Part(key=part["key"], size_bytes=part["size_bytes"], sha256=part["sha256"]) for part in parts),
        file_name=sent["file_name"],
        needs=tuple(NeedOutput(stage=need["stage"], piece=need["piece"], outputs=need["outputs"]) for need in needs),
    )


def _landed(row: Row) -> LandedPiece:
    return LandedPiece(
        piece=Piece.model_validate(row["piece"]), bucket=row["bucket"], key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]
    )


def select_rungs(ladder: tuple[Rung, ...], which: str) -> tuple[Rung, ...]:
    """The rungs an encode stage makes: "lowest", "others" (all but the lowest) or "all"."""
    return {"lowest": ladder[-1:], "others": ladder[:-1], "all": ladder}[which]


def rungs_of(row: Row, task: Row) -> list[str]:
    """Names of the rungs that fall with an encode task; none for other ops."""
    if task["op"] != "encode":
        return []
    ladder = tuple(Rung.model_validate(rung) for rung in row["ladder"])
    return [rung.name for rung in select_rungs(ladder, task["params"].get("rungs", "all"))]
