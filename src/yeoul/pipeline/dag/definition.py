"""Compiled DAG definitions: frozen nouns, made and checked by `compile.py`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.condition import Fact, evaluate_condition

OPENING_PIECES = 3
SPLIT = "split"
INSPECT = "inspect"
PREPROCESSOR_STAGES = (SPLIT, INSPECT)  # they run before the run has a graph
GROUP_OP = "group"

Scope = Literal["video", "piece", "rung", "track"]
_NAME = r"^[a-z][a-z0-9_]{0,39}$"


class StageSlots(Noun):
    """Resources of one task of a stage, as hard limits: CPU cores, memory in MiB, GPUs, and tags that its worker must have."""

    cpu: float = Field(default=1.0, gt=0, le=64)
    memory_mb: int = Field(default=512, ge=16, le=1 << 20)
    gpu: float = Field(default=0.0, ge=0, le=16)
    tags: tuple[str, ...] = ()

    def max_with(self, other: StageSlots) -> StageSlots:
        """Returns the slots that two stages need if they run one after the other."""
        return StageSlots(
            cpu=max(self.cpu, other.cpu),
            memory_mb=max(self.memory_mb, other.memory_mb),
            gpu=max(self.gpu, other.gpu),
            tags=tuple(sorted({*self.tags, *other.tags})),
        )


class Stage(Noun):
    """One node of the graph: an op, its parameters (`with`), and the condition (`when`) under which a run has this stage.

    scope: the stage has one task for the video, for each piece, for each rung of each piece, or for each audio track with its own file.
    pieces: limits a piece- or rung-scoped stage to the opening pieces (the first 3) or to the rest. For pieces that a needed stage has no
    tasks for, that need is ignored. A video-scoped stage with `opening` waits only for the opening pieces.
    latency_sensitive: tasks of this stage, and of all its needs, run before others. optional: a failure is recorded, and the video does not
    fail. retries: how often a failed task runs again before it fails permanently. group: stages of one group run as one task, one after the
    other in one process.
    version, looks_at, renditions: copied from the op when the definition is compiled. looks_at: inputs other than outputs of needs
    ("task": everything). renditions: the op makes renditions of rungs.
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

    def has_tasks_for(self, index: int) -> bool:
        """True if this piece- or rung-scoped stage has tasks for the piece."""
        return self.pieces == "all" or (index < OPENING_PIECES) == (self.pieces == "opening")


class Unit(Noun):
    """One stage, or the stages of a group in the order of their needs; a task runs one unit. Named after the stage or the group."""

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
            slots = slots.max_with(stage.slots)
        return slots

    def has_tasks_for(self, index: int) -> bool:
        """True if this piece- or rung-scoped unit has tasks for the piece."""
        return self.stages[0].has_tasks_for(index)


class LadderOptions(Noun):
    """Limits of the ladder. max_height: shorter side of the highest rung, in pixels."""

    max_height: int = Field(default=1080, ge=144, le=4320)


class Definition(Noun):
    """A checked DAG. Each stage comes after its needs.

    upload: clients send pieces, or the whole file; a whole file is kept unchanged, and its owner can download it.
    cover: a source with sound only gets a picture, made from its cover art or its sound; without `cover`, such a source is rejected.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    description: str = ""
    ladder: LadderOptions = LadderOptions()
    upload: Literal["pieces", "whole"] = "pieces"
    cover: bool = False
    stages: tuple[Stage, ...] = Field(min_length=1)

    def active_stages(self, facts: Mapping[str, Fact]) -> tuple[Stage, ...]:
        """Returns the stages whose conditions hold for the facts, without needs on other stages."""
        stages = [stage for stage in self.stages if stage.when is None or evaluate_condition(stage.when, facts)]
        names = {stage.name for stage in stages}
        return tuple(stage.model_copy(update={"needs": tuple(need for need in stage.needs if need in names)}) for stage in stages)


def make_units(stages: tuple[Stage, ...]) -> dict[str, Unit]:
    """Returns units by name, each after the units that it needs. stages: each after its needs."""
    members: dict[str, list[Stage]] = {}
    for stage in stages:
        members.setdefault(stage.group or stage.name, []).append(stage)
    units = {name: Unit(name=name, stages=tuple(group)) for name, group in members.items()}
    return {unit.name: unit for unit in _sort(units)}


def unit_needs(unit: Unit, units: Mapping[str, Unit]) -> tuple[str, ...]:
    """Returns the names of the other units that a unit needs, without duplicates."""
    unit_of = {stage.name: other.name for other in units.values() for stage in other.stages}
    names = (unit_of[need] for stage in unit.stages for need in stage.needs)
    return tuple(dict.fromkeys(name for name in names if name != unit.name))


def _sort(units: Mapping[str, Unit]) -> list[Unit]:
    """Sorts units so that each comes after its needs. Raises ValueError if groups need each other in a cycle."""
    done: dict[str, Unit] = {}
    waiting = dict(units)
    while waiting:
        ready = [unit for unit in waiting.values() if all(need in done for need in unit_needs(unit, units))]
        if not ready:
            raise ValueError("groups need each other in a cycle")
        for unit in ready:
            done[unit.name] = waiting.pop(unit.name)
    return list(done.values())
