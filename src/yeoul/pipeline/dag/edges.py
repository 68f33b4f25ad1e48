"""Checks the edges of a DAG: each stage gets the inputs of its op in the right number, and every output is used. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Rung
from yeoul.model.sound import LandedSound
from yeoul.pipeline.dag.definition import Stage
from yeoul.pipeline.task.op import Input, Op

Fault = tuple[tuple[str, ...], str, str]


def check_edges(stages: Sequence[Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    """Yields (path below `stages`, problem, advice) for ordered stages with known ops."""
    by_name = {stage.name: stage for stage in stages}
    late = _find_late(stages)
    for stage in stages:
        op = ops[stage.op]
        yield from _check_scope(stage, op)
        yield from _check_late(stage, late)
        yield from _check_tracks(stage, by_name)
        for edge in op.edges:
            yield from _check_input(stage, edge, by_name, ops)
        yield from _check_needs(stage, op, by_name, ops)
    yield from _check_use(stages, ops)


def _find_late(stages: Sequence[Stage]) -> frozenset[str]:
    """Returns the names of the video-scoped stages that wait until the upload is complete."""
    late: set[str] = set()
    by_name = {stage.name: stage for stage in stages}
    for stage in stages:
        needs = [by_name[name] for name in stage.needs]
        waits = any(need.name in late if need.scope == "video" else need.pieces != "opening" for need in needs)
        if stage.scope == "video" and waits:
            late.add(stage.name)
    return frozenset(late)


def _check_scope(stage: Stage, op: Op) -> Iterator[Fault]:
    for parameter in op.inputs:
        if parameter.kind is LandedPiece and not parameter.is_list and not parameter.is_optional and stage.scope == "video":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on a piece", "give it `scope: piece`"
        if parameter.kind is Rung and not parameter.is_optional and stage.scope != "rung":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on a rung", "give it `scope: rung`"
        if parameter.kind is LandedSound and not parameter.is_optional and stage.scope != "track":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on an audio track", "give it `scope: track`"
    if stage.scope == "track" and not stage.optional:
        what = f"stage {stage.name}: a failed additional audio track must not fail the video"
        yield (stage.name, "optional"), what, "set `optional: true`"


def _check_late(stage: Stage, late: frozenset[str]) -> Iterator[Fault]:
    for need in stage.needs:
        if stage.scope in ("piece", "rung") and need in late:
            what = f"stage {stage.name} of scope {stage.scope} cannot need {need}, which waits for the whole upload"
            yield (stage.name, "needs"), what, "need stages of pieces, or a video-scoped stage that needs only opening pieces"


def _check_tracks(stage: Stage, by_name: Mapping[str, Stage]) -> Iterator[Fault]:
    for need in stage.needs:
        if by_name[need].scope == "track":
            what = f"stage {stage.name} needs {need}, which works on audio tracks, and these can be added after the run has ended"
            yield (stage.name, "needs"), what, "remove the need"


def _has_output(kind: type, stage: Stage, ops: Mapping[str, Op]) -> bool:
    return issubclass(ops[stage.op].output, kind)


def _check_input(stage: Stage, parameter: Input, by_name: Mapping[str, Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    producers = [by_name[need] for need in stage.needs if _has_output(parameter.kind, by_name[need], ops)]
    path, kind = (stage.name, "needs"), parameter.kind.__name__
    if not producers:
        if not parameter.is_optional and not parameter.is_list:
            others = [other.name for other in by_name.values() if other.name != stage.name and _has_output(parameter.kind, other, ops)]
            advice = f"need {' or '.join(others)}" if others else f"add a stage whose op returns {kind}"
            yield path, f"stage {stage.name}: none of its needs returns {parameter.name} ({kind})", advice
        return
    many = len(producers) > 1 or any(_has_several_tasks(producer, stage) for producer in producers)
    is_one_per_piece = {producer.pieces for producer in producers} == {"opening", "rest"} and all(
        not _has_several_tasks(producer, stage) for producer in producers
    )
    if many and not is_one_per_piece and not parameter.is_list:
        names = " and ".join(producer.name for producer in producers)
        what = f"stage {stage.name}: {parameter.name} takes one {kind}, but {names} would give several"
        yield path, what, f"change the op's parameter to list[{kind}]"
    if not parameter.is_optional and any(producer.optional for producer in producers) and not stage.optional:
        names = " and ".join(producer.name for producer in producers if producer.optional)
        what = f"stage {stage.name} requires {parameter.name}, but {names} may fail"
        yield path, what, "make the stage optional too, or let the op accept None"


def _has_several_tasks(producer: Stage, stage: Stage) -> bool:
    """True if a task of the stage needs several tasks of the producer."""
    order = ("video", "track", "piece", "rung")
    return order.index(producer.scope) > order.index(stage.scope)


def _check_needs(stage: Stage, op: Op, by_name: Mapping[str, Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    for need in stage.needs:
        if not any(_has_output(edge.kind, by_name[need], ops) for edge in op.edges):
            output = ops[by_name[need].op].output.__name__
            what = f"stage {stage.name} needs {need}, but op {op.name} takes no {output}"
            yield (stage.name, "needs"), what, f"remove the need, or add a parameter of type {output} to the op"


def _check_use(stages: Sequence[Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    used = {need for stage in stages for need in stage.needs}
    for stage in stages:
        if stage.name not in used and not ops[stage.op].publishes:
            output = ops[stage.op].output.__name__
            what = f"stage {stage.name}: no stage uses its {output}, and its op publishes nothing"
            yield (stage.name,), what, "add it to the needs of another stage, or remove it"
