"""DAG definitions as they run: frozen nouns, checked and compiled by `dag_compile.py`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.condition import Fact, holds

OPENING_PIECES = 3
SPLIT = "split"
INSPECT = "inspect"
PREPROCESSOR_STAGES = (SPLIT, INSPECT)  # they come before a run has a graph
GROUP_OP = "group"

Scope = Literal["video", "piece", "rung", "track"]
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class StageSlots(Noun):
    """What one task of a stage takes, as hard limits: CPU cores, memory in MiB, GPUs, and tags that its worker must carry."""

    cpu: float = Field(default=1.0, gt=0, le=64)
    memory_mb: int = Field(default=512, ge=16, le=1 << 20)
    gpu: float = Field(default=0.0, ge=0, le=16)
    tags: tuple[str, ...] = ()

    def joined(self, other: StageSlots) -> StageSlots:
        """What two stages need that run one after the other."""
        return StageSlots(
            cpu=max(self.cpu, other.cpu),
            memory_mb=max(self.memory_mb, other.memory_mb),
            gpu=max(self.gpu, other.gpu),
            tags=tuple(sorted({*self.tags, *other.tags})),
        )


class Stage(Noun):
    """One node of the graph. op names an operation, `with` its parameters, `when` the condition under which it takes part.

    scope: one task for the video, for each piece, for each rung of each piece, or for each audio track with a file of its own.
    pieces: a piece- or rung-scoped stage may take part for the opening pieces (the first 3) or for the rest alone; a need on a stage
    that takes no part for a piece is no need there. A video-scoped one may wait for the opening ones. latency_sensitive tasks go before
    others, with all that they need; an optional stage's failure is named and does not fail the video. retries: failed attempts before the
    task fails for good, less one. group: stages of one group run as one task, one after the other, in one process. version is the op's,
    looks_at what it looks at besides the outputs of its needs ("task": everything), renditions whether it makes those of rungs; compiling
    fills in all three.
    """

    name: str = Field(pattern=_NAME)
    op: str
    scope: Scope
    pieces: Literal["all", "opening", "rest"] = "all"
    needs: tuple[str, ...] = ()
    when: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict, alias="with")
    slots: StageSlots = StageSlots()
    timeout_s: float = Field(default=1800.0, gt=0)
    retries: int = Field(default=8, ge=0, le=20)
    latency_sensitive: bool = False
    optional: bool = False
    group: str | None = Field(default=None, pattern=_NAME)
    version: str = ""
    looks_at: tuple[str, ...] = ("task",)
    renditions: bool = False

    def takes(self, index: int) -> bool:
        """Whether a piece- or rung-scoped stage has tasks for this piece."""
        return self.pieces == "all" or (index < OPENING_PIECES) == (self.pieces == "opening")


class Unit(Noun):
    """What becomes tasks: one stage, or the stages of a group, each after its needs; named after the stage or the group."""

    name: str
    stages: tuple[Stage, ...]

    @property
    def op(self) -> str:
        return self.stages[0].op if len(self.stages) == 1 else GROUP_OP

    @property
    def parameters(self) -> dict[str, Any]:
        return self.stages[0].parameters if len(self.stages) == 1 else {}

    @property
    def scope(self) -> Scope:
        return self.stages[0].scope

    @property
    def pieces(self) -> str:
        return self.stages[0].pieces

    @property
    def optional(self) -> bool:
        return all(stage.optional for stage in self.stages)

    @property
    def latency_sensitive(self) -> bool:
        return any(stage.latency_sensitive for stage in self.stages)

    @property
    def retries(self) -> int:
        return min(stage.retries for stage in self.stages)

    @property
    def timeout_s(self) -> float:
        return sum(stage.timeout_s for stage in self.stages)

    @property
    def slots(self) -> StageSlots:
        slots = self.stages[0].slots
        for stage in self.stages[1:]:
            slots = slots.joined(stage.slots)
        return slots

    def takes(self, index: int) -> bool:
        """As `Stage.takes`."""
        return self.stages[0].takes(index)


class LadderOptions(Noun):
    """Bounds of the ladder: max_height is the shorter side of the highest rung in pixels."""

    max_height: int = Field(default=1080, ge=144, le=4320)


class Definition(Noun):
    """A checked DAG: stages in an order in which every stage comes after its needs.

    upload: whether clients send pieces, or the whole file, which is then kept as it is and can be fetched by its owner.
    cover: what has sound and no pictures gets one, made of its cover or of the sound; otherwise it is refused.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    description: str = ""
    ladder: LadderOptions = LadderOptions()
    upload: Literal["pieces", "whole"] = "pieces"
    cover: bool = False
    stages: tuple[Stage, ...] = Field(min_length=1)

    def active(self, facts: Mapping[str, Fact]) -> tuple[Stage, ...]:
        """The stages that take part, given the facts; needs on stages that do not are dropped."""
        kept = [stage for stage in self.stages if stage.when is None or holds(stage.when, facts)]
        names = {stage.name for stage in kept}
        return tuple(stage.model_copy(update={"needs": tuple(need for need in stage.needs if need in names)}) for stage in kept)


def make_units(stages: tuple[Stage, ...]) -> dict[str, Unit]:
    """Units by name, each after those that it needs; stages come ordered."""
    members: dict[str, list[Stage]] = {}
    for stage in stages:
        members.setdefault(stage.group or stage.name, []).append(stage)
    units = {name: Unit(name=name, stages=tuple(found)) for name, found in members.items()}
    return {unit.name: unit for unit in _ordered(units)}


def unit_needs(unit: Unit, units: Mapping[str, Unit]) -> tuple[str, ...]:
    """Names of the other units that a unit needs, each once."""
    place = {stage.name: other.name for other in units.values() for stage in other.stages}
    names = (place[need] for stage in unit.stages for need in stage.needs)
    return tuple(dict.fromkeys(name for name in names if name != unit.name))


def _ordered(units: Mapping[str, Unit]) -> list[Unit]:
    """A group stands where the last of its needs is past; a definition that was checked has no circle through one."""
    done: dict[str, Unit] = {}
    waiting = dict(units)
    while waiting:
        free = [unit for unit in waiting.values() if all(need in done for need in unit_needs(unit, units))]
        if not free:
            raise ValueError("groups need each other in a circle")
        for unit in free:
            done[unit.name] = waiting.pop(unit.name)
    return list(done.values())
