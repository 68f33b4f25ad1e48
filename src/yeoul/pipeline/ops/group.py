"""Group: runs several stages one after the other, in one process with one scratch folder."""

from __future__ import annotations

from typing import Any

from yeoul.base.errors import YeoulError
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Grouped, GroupMember, NeedOutput, Output, TaskInput
from yeoul.pipeline.task.op import op


@op(version="1", publishes=True)
def group(context: Context, task: TaskInput) -> Grouped:
    """Runs the members in order; each gets the outputs of earlier ones. Records the failure of an optional member and continues."""
    needs = list(task.needs)
    outputs: dict[str, dict[str, Any]] = {}
    errors: dict[str, dict[str, Any]] = {}
    merged = Output()
    for position, member in enumerate(task.members):
        inner = task.model_copy(update={"parameters": member.parameters, "needs": tuple(needs), "members": ()})
        output = _run(context, inner, member, errors)
        if output is not None:
            merged = _merge(merged, output)
            outputs[member.stage] = output.model_dump(mode="json")
        needs.append(NeedOutput(stage=member.stage, op=member.op, piece=_index(task), rung=_rung(task), outputs=outputs.get(member.stage)))
        context.progress((position + 1) / len(task.members))
    return Grouped(**merged.model_dump(include=set(Output.model_fields)), members=outputs, errors=errors)


def _run(context: Context, task: TaskInput, member: GroupMember, errors: dict[str, dict[str, Any]]) -> Output | None:
    try:
        return context.run_op(member.op, context.inside(member.stage), task)
    except YeoulError as error:
        if not member.optional:
            raise
        errors[member.stage] = error.to_dict()
        return None


def _merge(merged: Output, new: Output) -> Output:
    return Output(
        tracks=(*merged.tracks, *new.tracks),
        poster_key=new.poster_key or merged.poster_key,
        storyboard=new.storyboard or merged.storyboard,
        sidecars={**merged.sidecars, **new.sidecars},
        dropped={**merged.dropped, **new.dropped},
    )


def _index(task: TaskInput) -> int | None:
    return None if task.piece is None else task.piece.piece.index


def _rung(task: TaskInput) -> str | None:
    return None if task.rung is None else task.rung.name
