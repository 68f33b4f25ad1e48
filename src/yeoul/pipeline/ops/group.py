"""Group: several stages of one piece, one after the other, in one process with one scratch folder."""

from __future__ import annotations

from typing import Any

from yeoul.base.errors import YeoulError
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Grouped, Member, NeedOutput, Output, TaskInput
from yeoul.pipeline.task.op import op


@op(version="1", publishes=True)
def group(context: Context, task: TaskInput) -> Grouped:
    """Runs the members in order; each sees what those before it gave. An optional one's failure is named and stops no other."""
    needs = list(task.needs)
    outputs: dict[str, dict[str, Any]] = {}
    errors: dict[str, dict[str, Any]] = {}
    merged = Output()
    for position, member in enumerate(task.members):
        inner = task.model_copy(update={"parameters": member.parameters, "needs": tuple(needs), "members": ()})
        made = _run(context, inner, member, errors)
        if made is not None:
            merged = _merge(merged, made)
            outputs[member.stage] = made.model_dump(mode="json")
        needs.append(NeedOutput(stage=member.stage, op=member.op, piece=_index(task), rung=_rung(task), outputs=outputs.get(member.stage)))
        context.progress((position + 1) / len(task.members))
    return Grouped(**merged.model_dump(include=set(Output.model_fields)), members=outputs, errors=errors)


def _run(context: Context, task: TaskInput, member: Member, errors: dict[str, dict[str, Any]]) -> Output | None:
    try:
        return context.run_op(member.op, context.inside(member.stage), task)
    except YeoulError as error:
        if not member.optional:
            raise
        errors[member.stage] = error.to_dict()
        return None


def _merge(one: Output, other: Output) -> Output:
    return Output(
        tracks=(*one.tracks, *other.tracks),
        poster_key=other.poster_key or one.poster_key,
        storyboard=other.storyboard or one.storyboard,
        sidecars={**one.sidecars, **other.sidecars},
        dropped={**one.dropped, **other.dropped},
    )


def _index(task: TaskInput) -> int | None:
    return None if task.piece is None else task.piece.piece.index


def _rung(task: TaskInput) -> str | None:
    return None if task.rung is None else task.rung.name
