"""DAG definitions: what client programmers write in YAML, checked before it runs. Pure: text in, nouns out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, Literal, cast

import yaml
from pydantic import Field, ValidationError

from yeoul.base.errors import DagError
from yeoul.model.noun import Noun

FACTS = ("has_audio", "has_more_rungs")
OPENING_PIECES = 3


class StageSlots(Noun):
    """What one task of a stage takes: CPU cores and memory in MiB."""

    cpu: float = Field(default=1.0, gt=0, le=64)
    memory_mb: int = Field(default=512, ge=16)


class Stage(Noun):
    """One node of the graph. op names an operation, `with` its parameters, `when` a fact without which the stage is left out.

    pieces: a piece-scoped stage may take part for the opening pieces (the first 3) or for the rest alone; a need on a stage that
    takes no part for a piece is no need there. latency_sensitive tasks go before others; an optional stage's failure is named and
    does not fail the video.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    op: str
    scope: Literal["video", "piece"]
    pieces: Literal["all", "opening", "rest"] = "all"
    needs: tuple[str, ...] = ()
    when: Literal["has_audio", "has_more_rungs"] | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, alias="with")
    slots: StageSlots = StageSlots()
    timeout_s: float = Field(default=1800.0, gt=0)
    latency_sensitive: bool = False
    optional: bool = False

    def takes(self, index: int) -> bool:
        """Whether a piece-scoped stage has a task for this piece."""
        return self.pieces == "all" or (index < OPENING_PIECES) == (self.pieces == "opening")


class LadderOptions(Noun):
    """Bounds of the ladder: max_height is the shorter side of the highest rung in pixels."""

    max_height: int = Field(default=1080, ge=144, le=4320)


class Definition(Noun):
    """A checked DAG: stages in an order in which every stage comes after its needs."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    ladder: LadderOptions = LadderOptions()
    stages: tuple[Stage, ...] = Field(min_length=1)

    def active(self, facts: Mapping[str, bool]) -> tuple[Stage, ...]:
        """The stages that take part, given the facts; needs on stages that do not are dropped."""
        kept = [stage for stage in self.stages if stage.when is None or facts[stage.when]]
        names = {stage.name for stage in kept}
        return tuple(stage.model_copy(update={"needs": tuple(need for need in stage.needs if need in names)}) for stage in kept)


def _stage(name: str, body: Any, file: str) -> Stage:
    if not isinstance(body, Mapping):
        raise DagError(f"{file}: stage {name} must be a mapping", file=file, stage=name)
    if "name" in body:
        raise DagError(f"{file}: stage {name} has its name already and no field name", file=file, stage=name, field="name")
    try:
        return Stage.model_validate({"name": name, **body})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise DagError(f"{file}: stage {name}, {where}: {first['msg']}", file=file, stage=name, field=where) from error


def _ordered(stages: Mapping[str, Stage], file: str) -> tuple[Stage, ...]:
    for stage in stages.values():
        for need in stage.needs:
            if need not in stages:
                raise DagError(f"{file}: stage {stage.name} needs {need}, which does not exist", file=file, stage=stage.name)
            if stage.scope == "piece" and stages[need].scope == "video":
                raise DagError(f"{file}: stage {stage.name} of scope piece cannot need {need} of scope video", file=file, stage=stage.name)
    try:
        order = list(TopologicalSorter({name: list(stage.needs) for name, stage in stages.items()}).static_order())
    except CycleError as error:
        raise DagError(f"{file}: stages need each other in a circle: {' -> '.join(error.args[1])}", file=file) from error
    return tuple(stages[name] for name in order)


def _mapping(value: Any) -> dict[str, Any] | None:
    return {str(key): item for key, item in cast("dict[Any, Any]", value).items()} if isinstance(value, dict) else None


def parse_definition(text: str, file: str, ops: Collection[str]) -> Definition:
    """Read a definition. Raises DagError naming file and stage: not YAML, unknown fields, ops or needs, circles.

    ops: names of the operations that exist.
    """
    try:
        tree = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DagError(f"{file}: not YAML: {error}", file=file) from error
    fields = _mapping(tree)
    bodies = None if fields is None else _mapping(fields.get("stages"))
    if fields is None or bodies is None:
        raise DagError(f"{file}: a definition is a mapping with name and stages", file=file)
    stages = {name: _stage(name, body, file) for name, body in bodies.items()}
    for stage in stages.values():
        if stage.op not in ops:
            known = ", ".join(sorted(ops))
            raise DagError(f"{file}: stage {stage.name}: there is no op {stage.op}; there are {known}", file=file, stage=stage.name)
    try:
        return Definition.model_validate({**fields, "stages": _ordered(stages, file)})
    except ValidationError as error:
        first = error.errors()[0]
        raise DagError(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}", file=file) from error
