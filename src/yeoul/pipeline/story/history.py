"""Histories: what a run's scheduler was fed, in order, and what it answered; the same again must give the same. Pure.

An event that gives nothing new is part of the history too. When a run is opened again, the ends of the tasks that are to run again are
forgotten: the scheduler is made anew and fed with what is left, and tasks that were added before count as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from yeoul.model.noun import Noun
from yeoul.pipeline.dag.condition import Fact
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.dag.scheduler import AddTask, DagScheduler, Event, Instruction, PieceLanded, Place, TaskEnded, TrackLanded, UploadClosed


@dataclass(frozen=True)
class Started:
    """The scheduler was made; the first entry of every history."""


@dataclass(frozen=True)
class Reopened:
    """An ended run was opened again; forgotten: tasks whose ends do not hold any more."""

    forgotten: tuple[Place, ...]


Entry = Started | Reopened | Event


class Recording:
    """A scheduler together with what it was fed. rungs: names of the ladder's rungs, highest first."""

    def __init__(self, definition: Definition, facts: Mapping[str, Fact], rungs: Sequence[str]) -> None:
        self._made_of = (definition, facts, rungs)
        self._scheduler = DagScheduler(definition, facts, rungs)
        self._given: set[Place] = set()
        self.fed: dict[Event, None] = {}  # as a set that keeps its order
        self.count = 0
        self.is_over = False

    def take(self, entry: Entry) -> list[Instruction]:
        """Feed one entry; what it gives that was not given before."""
        self.count += 1
        match entry:
            case Started():
                return self._new(self._scheduler.start())
            case Reopened(forgotten):
                return self._new(self._begin_again(frozenset(forgotten)))
            case event:
                self.fed[event] = None
                return self._new(self._scheduler.handle(event))

    def _begin_again(self, forgotten: frozenset[Place]) -> list[Instruction]:
        self.is_over = False
        self._scheduler = DagScheduler(*self._made_of)
        self.fed = {event: None for event in self.fed if not (isinstance(event, TaskEnded) and event.place in forgotten)}
        given = list(self._scheduler.start())
        # Tracks first: one that landed when all had ended is to be made before the run ends again.
        for event in sorted(self.fed, key=lambda event: not isinstance(event, TrackLanded)):
            given += self._scheduler.handle(event)
        return given

    def _new(self, instructions: Sequence[Instruction]) -> list[Instruction]:
        new = [order for order in instructions if not (isinstance(order, AddTask) and order.place in self._given)]
        self._given |= {order.place for order in new if isinstance(order, AddTask)}
        self.is_over = self.is_over or any(not isinstance(order, AddTask) for order in new)
        return new


# --- the written form ---


class Step(Noun):
    """One entry of a written history. at: seconds since 1970; gave: tasks added with their needs, and the run's end."""

    at: float
    event: dict[str, Any]
    gave: tuple[dict[str, Any], ...]


class History(Noun):
    """A run's history as a file; complete in itself. rungs: names, highest first."""

    format: int = Field(default=1, ge=1, le=1)
    definition: Definition
    facts: dict[str, Fact]
    rungs: tuple[str, ...]
    steps: tuple[Step, ...]


class Difference(Noun):
    """The first step at which a replay went another way; number counts from 1."""

    number: int
    event: dict[str, Any]
    recorded: tuple[dict[str, Any], ...]
    replayed: tuple[dict[str, Any], ...]


def replay(history: History) -> tuple[int, Difference | None]:
    """(number of instructions, None) when the scheduler gives again what is written, else those before the first difference, and it."""
    recording = Recording(history.definition, history.facts, history.rungs)
    same = 0
    for number, step in enumerate(history.steps, 1):
        given = tuple(write_instruction(order) for order in recording.take(read_entry(step.event)))
        if given != step.gave:
            return same, Difference(number=number, event=step.event, recorded=step.gave, replayed=given)
        same += len(given)
    return same, None


def write_place(place: Place) -> str:
    """`unit.piece.rung`, without what its scope has not: the end of a task's id. An audio track's is `unit.track`."""
    piece = "" if place.piece is None else f".{place.piece:05d}"
    rung = "" if place.rung is None else f".{place.rung}"
    return f"{place.unit}{piece}{rung}"


def read_place(text: str) -> Place:
    """The reverse."""
    unit, *rest = text.split(".")
    piece = int(rest.pop(0)) if rest and rest[0].isdecimal() else None
    return Place(unit, piece, rest[0] if rest else None)


def write_instruction(order: Instruction) -> dict[str, Any]:
    """An instruction as plain data."""
    if isinstance(order, AddTask):
        return {"add": write_place(order.place), "needs": [write_place(need) for need in order.needs]}
    return {"end": "done" if order.failed is None else "failed", "by": order.failed}


def write_entry(entry: Entry) -> dict[str, Any]:
    """An entry as plain data."""
    match entry:
        case Started():
            return {"event": "started"}
        case Reopened(forgotten):
            return {"event": "reopened", "forgotten": [write_place(place) for place in forgotten]}
        case PieceLanded(index):
            return {"event": "piece_landed", "index": index}
        case UploadClosed(pieces):
            return {"event": "upload_closed", "pieces": pieces}
        case TrackLanded(name):
            return {"event": "track_landed", "name": name}
        case TaskEnded(place, ok):
            return {"event": "task_ended", "task": write_place(place), "ok": ok}


def read_entry(data: Mapping[str, Any]) -> Entry:
    """The reverse. Raises KeyError or ValueError for what is none."""
    match data["event"]:
        case "started":
            return Started()
        case "reopened":
            return Reopened(tuple(read_place(text) for text in data["forgotten"]))
        case "piece_landed":
            return PieceLanded(int(data["index"]))
        case "upload_closed":
            return UploadClosed(int(data["pieces"]))
        case "track_landed":
            return TrackLanded(str(data["name"]))
        case "task_ended":
            return TaskEnded(read_place(data["task"]), bool(data["ok"]))
        case unknown:
            raise ValueError(f"there is no event {unknown}")
