"""Composing what a task is given, at the moment when it starts, from the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from yeoul.base.errors import NotFoundError
from yeoul.catalog import queue, run, upload, video
from yeoul.catalog.row import first_row
from yeoul.catalog.schema import task as task_table
from yeoul.media.ladder import in_codec
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source
from yeoul.model.work import Slots, Work
from yeoul.pipeline.dag import GROUP_OP, Definition, Stage
from yeoul.pipeline.dag_scheduler import count_seen
from yeoul.pipeline.result_key import make_key
from yeoul.pipeline.task_data import Earlier, Member, NeedOutput, Part, TaskInput
from yeoul.pipeline.when import make_facts

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
        params=_with_earlier(connection, row, _input(connection, row, task)).model_dump(mode="json"),
        output_prefix=make_prefix(row["video_id"], task["id"], attempt),
        slots=slots,
        timeout_s=task["timeout_s"],
    )


def _input(connection: Connection, row: Row, task: Row) -> TaskInput:
    sent = upload.get(connection, row["upload_id"])
    source = row["source"] or sent["source"]
    definition = Definition.model_validate(row["definition"])
    stages = _stages_of(definition, task["stage"])
    ladder = tuple(Rung.model_validate(rung) for rung in row["ladder"] or ())
    wanted = [task["piece"]] if task["piece"] is not None else None
    pieces = [_landed(found) for found in upload.pieces(connection, sent["id"], "piece", wanted) if found["landed_at"] is not None]
    if wanted is not None and not pieces:
        raise NotFoundError(f"piece {task['piece']} has not landed", piece=task["piece"])
    if wanted is None and stages:
        facts = make_facts(Source.model_validate(source), ladder)
        pieces = pieces[: count_seen(definition, facts, task["stage"])]
    parts = upload.pieces(connection, sent["id"], "part") if task["stage"] == "split" else []
    needs = list(_needs(connection, definition, stages, task))
    made = TaskInput(
        video_id=row["video_id"],
        parameters=task["params"],
        max_height=definition.ladder.max_height,
        cover=definition.cover,
        source=None if source is None else Source.model_validate(source),
        ladder=ladder,
        dropped=frozenset(row["made"]["dropped"]),
        piece=pieces[0] if task["piece"] is not None else None,
        rung=next((rung for rung in ladder if rung.name == task["rung"]), None),
        pieces=tuple(pieces) if task["piece"] is None else (),
        parts=tuple(Part(key=part["key"], size_bytes=part["size_bytes"], sha256=part["sha256"]) for part in parts),
        file_name=sent["file_name"],
        needs=tuple(need for need, _ in needs),
        members=tuple(
            Member(stage=stage.name, op=stage.op, parameters=stage.parameters, optional=stage.optional)
            for stage in (stages if task["op"] == GROUP_OP else ())
        ),
    )
    # What inspects or splits is no stage: it is never known, always done.
    key = make_key(task["op"], stages, made, [digest for _, digest in needs]) if stages else None
    return made.model_copy(update={"key": key})


def _with_earlier(connection: Connection, row: Row, task: TaskInput) -> TaskInput:
    """With what another task of the same key has made, where there is any."""
    seen = video.find(connection, row["video_id"])
    if task.key is None or seen is None:
        return task
    found = queue.find_result(connection, task.key, row["account_id"], seen["visibility"])
    return task if found is None else task.model_copy(update={"earlier": Earlier(**found)})


def _stages_of(definition: Definition, unit: str) -> tuple[Stage, ...]:
    return tuple(stage for stage in definition.stages if (stage.group or stage.name) == unit)


def _needs(connection: Connection, definition: Definition, stages: Sequence[Stage], task: Row) -> Iterator[tuple[NeedOutput, str | None]]:
    """What is above a task, stage by stage, each with the digest of its task; of groups only the members that are needed."""
    wanted = {need for stage in stages for need in stage.needs}
    for found in queue.outputs_of(connection, task["id"]):
        made = found["outputs"]
        for stage in _stages_of(definition, found["stage"]):
            if stage.name not in wanted:
                continue
            outputs = made if found["op"] != GROUP_OP or made is None else made["members"].get(stage.name)
            need = NeedOutput(stage=stage.name, op=stage.op, piece=found["piece"], rung=found["rung"], outputs=outputs)
            yield need, found["digest"]


def _landed(row: Row) -> LandedPiece:
    return LandedPiece(
        piece=Piece.model_validate(row["piece"]), bucket=row["bucket"], key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]
    )


def select_rungs(ladder: tuple[Rung, ...], which: str) -> tuple[Rung, ...]:
    """The rungs an encode stage makes: "lowest", "others" (all but the lowest) or "all"."""
    return {"lowest": ladder[-1:], "others": ladder[:-1], "all": ladder}[which]


def rungs_of(row: Row, task: Row, stage: str | None = None) -> list[str]:
    """Names of the renditions that fall when a task (or one stage of its group) fails for good: of its own rung, or of those it encodes."""
    ladder = tuple(Rung.model_validate(rung) for rung in row["ladder"])
    stages = _stages_of(Definition.model_validate(row["definition"]), task["stage"])
    found: list[str] = []
    for one in stages:
        if one.op == "encode" and stage in (None, one.name):
            own = tuple(rung for rung in ladder if rung.name == task["rung"])
            wanted = own if task["rung"] is not None else select_rungs(ladder, one.parameters.get("rungs", "all"))
            found += [rung.name for rung in in_codec(wanted, one.parameters.get("codec", "h264"))]
    return found
