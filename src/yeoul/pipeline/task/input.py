"""Composing what a task is given, at the moment when it starts, from the rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import result, run
from yeoul.catalog.row import first_row
from yeoul.catalog.schema.work import task as task_table
from yeoul.catalog.video import audio_track, upload, video
from yeoul.media.video.ladder import in_codec
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung, select_rungs
from yeoul.model.sound import LandedSound
from yeoul.model.source import Source
from yeoul.model.work import Slots, Work
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import GROUP_OP, Definition, Stage
from yeoul.pipeline.dag.scheduler import count_seen
from yeoul.pipeline.task.data import Earlier, Member, Part, TaskInput
from yeoul.pipeline.task.result_key import make_key

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


class Composer:
    """Composes the works of tasks that start together. What tasks of a run share is read and written out once."""

    def __init__(self, connection: Connection, tasks: Sequence[Row]) -> None:
        """tasks: claimed rows."""
        self._connection = connection
        self._tasks = tasks
        self._needs = result.outputs_of(connection, [task["id"] for task in tasks])
        self._wanted: dict[str, list[int]] = {}
        for task in tasks:
            if task["piece"] is not None:
                self._wanted.setdefault(task["run_id"], []).append(task["piece"])
        self._runs: dict[str, _Run] = {}

    def make_work(self, task: Row, slots: Slots) -> Work:
        """The work of a task's attempt. Raises NotFoundError when the rows do not hold what it needs."""
        run_id = task["run_id"]
        if run_id not in self._runs:
            self._runs[run_id] = _Run(self._connection, run_id, self._wanted.get(run_id, ()))
        return Work(
            task=task["id"],
            attempt=task["attempt"],
            op=task["op"],
            params=self._runs[run_id].make_input(task, self._needs.get(task["id"], ())),
            output_prefix=make_prefix(self._runs[run_id].video_id, task["id"], task["attempt"]),
            slots=slots,
            timeout_s=task["timeout_s"],
        )

    def with_earlier(self, works: Mapping[str, Work]) -> dict[str, Work]:
        """Works by task, each with what a task of the same key has made, where there is any."""
        keys: dict[tuple[str, str], set[str]] = {}
        for task in self._tasks:
            if task["id"] in works and (key := works[task["id"]].params["key"]) is not None:
                keys.setdefault(self._runs[task["run_id"]].border, set()).add(key)
        found = {border: result.find_results(self._connection, wanted, *border) for border, wanted in sorted(keys.items())}
        known = {task["id"]: found.get(self._runs[task["run_id"]].border, {}) for task in self._tasks if task["id"] in works}
        return {task_id: _with_earlier(work, known[task_id].get(work.params["key"])) for task_id, work in works.items()}


class _Run:
    """What the tasks of one run are given. pieces: indexes of those that tasks of pieces will ask for."""

    def __init__(self, connection: Connection, run_id: str, pieces: Sequence[int]) -> None:
        row = run.find(connection, run_id)
        if row is None:
            raise NotFoundError(f"there is no run {run_id}", run=run_id)
        self._connection = connection
        self.video_id: str = row["video_id"]
        self._sent = upload.get(connection, row["upload_id"])
        self._definition = Definition.model_validate(row["definition"])
        self._active = _active_stages(row)
        self._stages: dict[str, tuple[Stage, ...]] = {}
        self._shared = self._make_shared(row)
        seen = video.find(connection, self.video_id)
        self.border = (str(row["account_id"]), "" if seen is None else str(seen["visibility"]))  # results do not cross it
        self._pieces = self._find_pieces(sorted(set(pieces))) if pieces else {}

    def _make_shared(self, row: Row) -> Mapping[str, Any]:
        source = row["source"] or self._sent["source"]
        return TaskInput(
            video_id=self.video_id,
            max_height=self._definition.ladder.max_height,
            cover=self._definition.cover,
            source=None if source is None else Source.model_validate(source),
            ladder=tuple(Rung.model_validate(rung) for rung in row["ladder"] or ()),
            dropped=frozenset(row["made"]["dropped"]),
            file_name=self._sent["file_name"],
        ).model_dump(mode="json")

    def make_input(self, task: Row, above: Sequence[Row]) -> dict[str, Any]:
        """A `TaskInput` in its wire form. above: what the task's needs made."""
        stages = self._stages_of(task["stage"])
        needs = list(self._needs(above, stages))
        own: dict[str, Any] = {"parameters": task["params"], "needs": [need for need, _ in needs]}
        if task["piece"] is None:
            own["pieces"] = list(self._find_pieces(None).values())[: self._count_seen(task["stage"]) if stages else None]
        elif task["piece"] in self._pieces:
            own["piece"] = self._pieces[task["piece"]]
        else:
            raise NotFoundError(f"piece {task['piece']} has not landed", piece=task["piece"])
        if task["rung"] is not None:
            own["sound"] = self._find_sound(task["rung"]) if stages and stages[0].scope == "track" else None
            own["rung"] = next((rung for rung in self._shared["ladder"] if rung["name"] == task["rung"]), None)
        if task["stage"] == "split":
            own["parts"] = [_make_part(part) for part in upload.pieces(self._connection, self._sent["id"], "part")]
        if task["op"] == GROUP_OP:
            own["members"] = [_make_member(stage) for stage in stages]
        made = {**self._shared, **own}
        # What inspects or splits is no stage: it is never known, always done.
        return {**made, "key": make_key(task["op"], stages, made, [digest for _, digest in needs]) if stages else None}

    def _count_seen(self, unit: str) -> int | None:
        if self._sent["mode"] == "whole":
            return None  # the server has split it: all pieces were there before any stage
        ladder = [Rung.model_validate(rung) for rung in self._shared["ladder"]]
        return count_seen(self._definition, make_facts(Source.model_validate(self._shared["source"]), ladder), unit)

    def _find_pieces(self, indexes: Sequence[int] | None) -> dict[int, dict[str, Any]]:
        rows = upload.pieces(self._connection, self._sent["id"], "piece", indexes)
        return {row["index"]: _landed(row).model_dump(mode="json") for row in rows if row["landed_at"] is not None}

    def _find_sound(self, name: str) -> dict[str, Any]:
        row = audio_track.find(self._connection, self.video_id, name)
        if row is None or row["landed_at"] is None:
            raise NotFoundError(f"audio track {name} is not there", track=name)
        return LandedSound.model_validate({field: row[field] for field in LandedSound.model_fields}).model_dump(mode="json")

    def _stages_of(self, unit: str) -> tuple[Stage, ...]:
        if unit not in self._stages:
            self._stages[unit] = _stages_of(self._active, unit)
        return self._stages[unit]

    def _needs(self, above: Sequence[Row], stages: Sequence[Stage]) -> Iterator[tuple[dict[str, Any], str | None]]:
        """What is above a task, stage by stage, as a `NeedOutput` in its wire form and the digest of its task; of groups only the
        members that are needed.
        """
        wanted = {need for stage in stages for need in stage.needs}
        for found in above:
            made = found["outputs"]
            for stage in self._stages_of(found["stage"]):
                if stage.name not in wanted:
                    continue
                outputs = made if found["op"] != GROUP_OP or made is None else made["members"].get(stage.name)
                need = {"stage": stage.name, "op": stage.op, "piece": found["piece"], "rung": found["rung"], "outputs": outputs}
                yield need, found["digest"]


def _active_stages(row: Row) -> tuple[Stage, ...]:
    """The stages of a run that take part, as its scheduler has them."""
    definition = Definition.model_validate(row["definition"])
    if row["source"] is None or row["ladder"] is None:
        return definition.stages
    return definition.active(make_facts(Source.model_validate(row["source"]), [Rung.model_validate(rung) for rung in row["ladder"]]))


def _stages_of(stages: Sequence[Stage], unit: str) -> tuple[Stage, ...]:
    return tuple(stage for stage in stages if (stage.group or stage.name) == unit)


def _make_part(row: Row) -> dict[str, Any]:
    return Part(key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]).model_dump(mode="json")


def _make_member(stage: Stage) -> dict[str, Any]:
    member = Member(stage=stage.name, op=stage.op, parameters=stage.parameters, optional=stage.optional)
    return member.model_dump(mode="json")


def _with_earlier(work: Work, found: Row | None) -> Work:
    if found is None:
        return work
    earlier = Earlier(video_id=found["video_id"], outputs=found["outputs"], digest=found["digest"])
    return work.model_copy(update={"params": {**work.params, "earlier": earlier.model_dump(mode="json")}})


def _landed(row: Row) -> LandedPiece:
    return LandedPiece(
        piece=Piece.model_validate(row["piece"]), bucket=row["bucket"], key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]
    )


def rungs_of(row: Row, task: Row, stage: str | None = None) -> list[str]:
    """Names of the renditions that fall when a task (or one stage of its group) fails for good: of its own rung, or of those it encodes."""
    ladder = tuple(Rung.model_validate(rung) for rung in row["ladder"])
    stages = _stages_of(_active_stages(row), task["stage"])
    found: list[str] = []
    for one in stages:
        if one.scope == "track" and stage in (None, one.name):
            found.append(str(task["rung"]))
        if one.renditions and stage in (None, one.name):
            own = tuple(rung for rung in ladder if rung.name == task["rung"])
            wanted = own if task["rung"] is not None else select_rungs(ladder, one.parameters.get("rungs", "all"))
            found += [rung.name for rung in in_codec(wanted, one.parameters.get("codec", "h264"))]
    return found
