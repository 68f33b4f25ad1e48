"""Checking the edges of a DAG: each stage is given what its op takes, in the right number, and nothing is made for nobody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Rung
from yeoul.model.sound import LandedSound
from yeoul.pipeline.dag.definition import Stage
from yeoul.pipeline.task.op import Input, Op

Fault = tuple[tuple[str, ...], str, str]


def check_edges(stages: Sequence[Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    """(path below stages, what is wrong, what to do) of ordered stages with known ops."""
    by_name = {stage.name: stage for stage in stages}
    late = _find_late(stages)
    for stage in stages:
        op = ops[stage.op]
        yield from _check_scope(stage, op)
        yield from _check_late(stage, late)
        yield from _check_tracks(stage, by_name)
        for taken in op.edges:
            yield from _check_input(stage, taken, by_name, ops)
        yield from _check_needs(stage, op, by_name, ops)
    yield from _check_use(stages, ops)


def _find_late(stages: Sequence[Stage]) -> frozenset[str]:
    """Video-scoped stages that wait for the upload's end."""
    found: set[str] = set()
    by_name = {stage.name: stage for stage in stages}
    for stage in stages:
        above = [by_name[need] for need in stage.needs]
        waits = any(need.name in found if need.scope == "video" else need.pieces != "opening" for need in above)
        if stage.scope == "video" and waits:
            found.add(stage.name)
    return frozenset(found)


def _check_scope(stage: Stage, op: Op) -> Iterator[Fault]:
    for taken in op.inputs:
        if taken.kind is LandedPiece and not taken.many and not taken.optional and stage.scope == "video":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on a piece", "give it `scope: piece`"
        if taken.kind is Rung and not taken.optional and stage.scope != "rung":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on a rung", "give it `scope: rung`"
        if taken.kind is LandedSound and not taken.optional and stage.scope != "track":
            yield (stage.name, "scope"), f"stage {stage.name}: op {op.name} works on an audio track", "give it `scope: track`"
    if stage.scope == "track" and not stage.optional:
        what = f"stage {stage.name}: a video must not fail for an audio track beside its own"
        yield (stage.name, "optional"), what, "make the stage optional"


def _check_late(stage: Stage, late: frozenset[str]) -> Iterator[Fault]:
    for need in stage.needs:
        if stage.scope in ("piece", "rung") and need in late:
            what = f"stage {stage.name} of scope {stage.scope} cannot need {need}, which waits for the whole upload"
            yield (stage.name, "needs"), what, "let it need stages of pieces, or a video's stage that needs opening pieces alone"


def _check_tracks(stage: Stage, by_name: Mapping[str, Stage]) -> Iterator[Fault]:
    for need in stage.needs:
        if by_name[need].scope == "track":
            what = f"stage {stage.name} needs {need}, which works on audio tracks that may come when all else has ended"
            yield (stage.name, "needs"), what, "remove the need"


def _gives(kind: type, stage: Stage, ops: Mapping[str, Op]) -> bool:
    return issubclass(ops[stage.op].output, kind)


def _check_input(stage: Stage, taken: Input, by_name: Mapping[str, Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    givers = [by_name[need] for need in stage.needs if _gives(taken.kind, by_name[need], ops)]
    at, kind = (stage.name, "needs"), taken.kind.__name__
    if not givers:
        if not taken.optional and not taken.many:
            able = [other.name for other in by_name.values() if other.name != stage.name and _gives(taken.kind, other, ops)]
            advice = f"need {' or '.join(able)}" if able else f"add a stage whose op gives {kind}"
            yield at, f"stage {stage.name}: nothing that it needs gives {taken.name} ({kind})", advice
        return
    many = len(givers) > 1 or any(_is_many(stage, giver) for giver in givers)
    apart = {giver.pieces for giver in givers} == {"opening", "rest"} and all(not _is_many(stage, giver) for giver in givers)
    if many and not apart and not taken.many:
        names = " and ".join(giver.name for giver in givers)
        yield at, f"stage {stage.name}: {taken.name} takes one {kind}, and {names} give several", f"let the op take list[{kind}]"
    if not taken.optional and any(giver.optional for giver in givers) and not stage.optional:
        names = " and ".join(giver.name for giver in givers if giver.optional)
        yield (
            at,
            f"stage {stage.name} cannot be without {taken.name}, and {names} may fail",
            "make the stage optional too, or its op take None",
        )


def _is_many(stage: Stage, giver: Stage) -> bool:
    """Whether one task of a stage has several tasks of another above it."""
    order = ("video", "track", "piece", "rung")
    return order.index(giver.scope) > order.index(stage.scope)


def _check_needs(stage: Stage, op: Op, by_name: Mapping[str, Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    for need in stage.needs:
        if not any(_gives(taken.kind, by_name[need], ops) for taken in op.edges):
            given = ops[by_name[need].op].output.__name__
            what = f"stage {stage.name} needs {need}, and op {op.name} takes no {given}"
            yield (stage.name, "needs"), what, f"remove the need, or let the op take a {given}"


def _check_use(stages: Sequence[Stage], ops: Mapping[str, Op]) -> Iterator[Fault]:
    used = {need for stage in stages for need in stage.needs}
    for stage in stages:
        if stage.name not in used and not ops[stage.op].publishes:
            given = ops[stage.op].output.__name__
            what = f"stage {stage.name}: nobody takes its {given}, and it publishes nothing"
            yield (stage.name,), what, "let a stage need it, or remove it"
