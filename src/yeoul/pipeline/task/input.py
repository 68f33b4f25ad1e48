"""Composes the input of a task from the rows, when the task starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import result, run
from yeoul.catalog.queue.batch import ClaimedTaskRow
from yeoul.catalog.schema.row.pipeline import PieceRow, RunRow, TaskStateRow
from yeoul.catalog.video import audio_track, upload, video
from yeoul.media.video.ladder import convert_rungs
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Rung, select_rungs
from yeoul.model.sound import LandedSound
from yeoul.model.source import Source
from yeoul.model.work import Slots, Work
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import GROUP_OP, Definition, Stage
from yeoul.pipeline.dag.scheduler import count_readable_pieces
from yeoul.pipeline.task.data import EarlierResult, GroupMember, Part, TaskInput
from yeoul.pipeline.task.result_key import make_key


def make_prefix(video_id: str, task_id: str, attempt: int) -> str:
    """Returns the key prefix for the outputs of one attempt."""
    return f"{video_id}/{task_id}-{attempt}/"


class Composer:
    """Composes the works of tasks that start together. Data that tasks of a run share is read and serialized once."""

    def __init__(self, connection: Connection, tasks: Sequence[ClaimedTaskRow]) -> None:
        """tasks: rows of the claimed tasks."""
        self._connection = connection
        self._tasks = tasks
        self._needs = result.outputs_of_needs(connection, [task["id"] for task in tasks])
        self._wanted: dict[str, list[int]] = {}
        for task in tasks:
            if task["piece"] is not None:
                self._wanted.setdefault(task["run_id"], []).append(task["piece"])
        self._runs: dict[str, _Run] = {}

    def make_work(self, task: ClaimedTaskRow, slots: Slots) -> Work:
        """Returns the work of a task's attempt. Raises NotFoundError if the rows lack an input."""
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
        """Returns works by task, each with an earlier result of the same key if there is one."""
        keys: dict[tuple[str, str], set[str]] = {}
        for task in self._tasks:
            if task["id"] in works and (key := works[task["id"]].params["key"]) is not None:
                keys.setdefault(self._runs[task["run_id"]].reuse_scope, set()).add(key)
        results = {scope: result.find_results(self._connection, wanted, *scope) for scope, wanted in sorted(keys.items())}
        by_task = {task["id"]: results.get(self._runs[task["run_id"]].reuse_scope, {}) for task in self._tasks if task["id"] in works}
        return {task_id: _with_earlier(work, by_task[task_id].get(work.params["key"])) for task_id, work in works.items()}


class _Run:
    """The inputs of the tasks of one run. pieces: indexes of the pieces that its piece-scoped tasks read."""

    def __init__(self, connection: Connection, run_id: str, pieces: Sequence[int]) -> None:
        row = run.find(connection, run_id)
        if row is None:
            raise NotFoundError(f"there is no run {run_id}", run=run_id)
        self._connection = connection
        self.video_id: str = row["video_id"]
        self._upload = upload.get(connection, row["upload_id"])
        self._definition = Definition.model_validate(row["definition"])
        self._active = _active_stages(row)
        self._stages: dict[str, tuple[Stage, ...]] = {}
        self._shared = self._make_shared(row)
        video_row = video.find(connection, self.video_id)
        # Results are reused only among videos of the same account and visibility.
        self.reuse_scope = (str(row["account_id"]), "" if video_row is None else str(video_row["visibility"]))
        self._pieces = self._find_pieces(sorted(set(pieces))) if pieces else {}

    def _make_shared(self, row: RunRow) -> Mapping[str, Any]:
        source = row["source"] or self._upload["source"]
        return TaskInput(
            video_id=self.video_id,
            max_height=self._definition.ladder.max_height,
            cover=self._definition.cover,
            source=None if source is None else Source.model_validate(source),
            ladder=tuple(Rung.model_validate(rung) for rung in row["ladder"] or ()),
            dropped=frozenset(row["made"]["dropped"]),
            file_name=self._upload["file_name"],
        ).model_dump(mode="json")

    def make_input(self, task: ClaimedTaskRow, above: Sequence[result.NeedRow]) -> dict[str, Any]:
        """Returns a `TaskInput` as JSON. above: rows of the tasks that the task needs."""
        stages = self._stages_of(task["stage"])
        needs = list(self._needs(above, stages))
        fields: dict[str, Any] = {"parameters": task["params"], "needs": [need for need, _ in needs]}
        if task["piece"] is None:
            fields["pieces"] = list(self._find_pieces(None).values())[: self._count_seen(task["stage"]) if stages else None]
        elif task["piece"] in self._pieces:
            fields["piece"] = self._pieces[task["piece"]]
        else:
            raise NotFoundError(f"piece {task['piece']} has not landed", piece=task["piece"])
        if task["rung"] is not None:
            fields["sound"] = self._find_sound(task["rung"]) if stages and stages[0].scope == "track" else None
            fields["rung"] = next((rung for rung in self._shared["ladder"] if rung["name"] == task["rung"]), None)
        if task["stage"] == "split":
            fields["parts"] = [_make_part(part) for part in upload.pieces(self._connection, self._upload["id"], "part")]
        if task["op"] == GROUP_OP:
            fields["members"] = [_make_member(stage) for stage in stages]
        task_input = {**self._shared, **fields}
        # Inspect and split are not stages: they have no key, so their results are never reused.
        return {**task_input, "key": make_key(task["op"], stages, task_input, [digest for _, digest in needs]) if stages else None}

    def _count_seen(self, unit: str) -> int | None:
        if self._upload["mode"] == "whole":
            return None  # the server split the file, so all pieces existed before any stage started
        ladder = [Rung.model_validate(rung) for rung in self._shared["ladder"]]
        return count_readable_pieces(self._definition, make_facts(Source.model_validate(self._shared["source"]), ladder), unit)

    def _find_pieces(self, indexes: Sequence[int] | None) -> dict[int, dict[str, Any]]:
        rows = upload.pieces(self._connection, self._upload["id"], "piece", indexes)
        return {row["index"]: _make_landed_piece(row).model_dump(mode="json") for row in rows if row["landed_at"] is not None}

    def _find_sound(self, name: str) -> dict[str, Any]:
        row = audio_track.find(self._connection, self.video_id, name)
        if row is None or row["landed_at"] is None:
            raise NotFoundError(f"audio track {name} has not landed", track=name)
        return LandedSound.model_validate({field: row[field] for field in LandedSound.model_fields}).model_dump(mode="json")

    def _stages_of(self, unit: str) -> tuple[Stage, ...]:
        if unit not in self._stages:
            self._stages[unit] = _stages_of(self._active, unit)
        return self._stages[unit]

    def _needs(self, above: Sequence[result.NeedRow], stages: Sequence[Stage]) -> Iterator[tuple[dict[str, Any], str | None]]:
        """Yields the output of each needed stage as a `NeedOutput` in JSON, and the digest of its task. Of groups, only needed members."""
        wanted = {need for stage in stages for need in stage.needs}
        for row in above:
            all_outputs = row["outputs"]
            for stage in self._stages_of(row["stage"]):
                if stage.name not in wanted:
                    continue
                outputs = all_outputs if row["op"] != GROUP_OP or all_outputs is None else all_outputs["members"].get(stage.name)
                need = {"stage": stage.name, "op": stage.op, "piece": row["piece"], "rung": row["rung"], "outputs": outputs}
                yield need, row["digest"]


def _active_stages(row: RunRow) -> tuple[Stage, ...]:
    """Returns the stages of a run whose conditions hold, as its scheduler has them; all stages before the source was inspected."""
    definition = Definition.model_validate(row["definition"])
    if row["source"] is None or row["ladder"] is None:
        return definition.stages
    return definition.active_stages(make_facts(Source.model_validate(row["source"]), [Rung.model_validate(rung) for rung in row["ladder"]]))


def _stages_of(stages: Sequence[Stage], unit: str) -> tuple[Stage, ...]:
    return tuple(stage for stage in stages if (stage.group or stage.name) == unit)


def _make_part(row: PieceRow) -> dict[str, Any]:
    return Part(key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]).model_dump(mode="json")


def _make_member(stage: Stage) -> dict[str, Any]:
    member = GroupMember(stage=stage.name, op=stage.op, parameters=stage.parameters, optional=stage.optional)
    return member.model_dump(mode="json")


def _with_earlier(work: Work, row: result.ResultRow | None) -> Work:
    if row is None:
        return work
    assert row["digest"] is not None, "a task whose outputs have a key has a digest of them"
    earlier = EarlierResult(video_id=row["video_id"], outputs=row["outputs"], digest=row["digest"])
    return work.model_copy(update={"params": {**work.params, "earlier": earlier.model_dump(mode="json")}})


def _make_landed_piece(row: PieceRow) -> LandedPiece:
    return LandedPiece(
        piece=Piece.model_validate(row["piece"]), bucket=row["bucket"], key=row["key"], size_bytes=row["size_bytes"], sha256=row["sha256"]
    )


def rungs_of(row: RunRow, task: TaskStateRow, stage: str | None = None) -> list[str]:
    """Returns the renditions to drop if a task (or one stage of its group) fails permanently: its own rung, or the rungs it encodes."""
    assert row["ladder"] is not None, "the source was inspected"
    ladder = tuple(Rung.model_validate(rung) for rung in row["ladder"])
    stages = _stages_of(_active_stages(row), task["stage"])
    names: list[str] = []
    for member in stages:
        if member.scope == "track" and stage in (None, member.name):
            names.append(str(task["rung"]))
        if member.renditions and stage in (None, member.name):
            own = tuple(rung for rung in ladder if rung.name == task["rung"])
            wanted = own if task["rung"] is not None else select_rungs(ladder, member.parameters.get("rungs", "all"))
            names += [rung.name for rung in convert_rungs(wanted, member.parameters.get("codec", "h264"))]
    return names
