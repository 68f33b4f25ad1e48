"""Run logs: the events that a run's scheduler received, in order, and the instructions that it returned. Pure.

A replay of the same events must return the same instructions. Events without instructions are recorded too. When a run is reopened, the
ends of the tasks that will run again are removed. A new scheduler receives the remaining events, and tasks that were already added are not
added again.
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
    """The scheduler was created. First entry of every run log."""


@dataclass(frozen=True)
class Reopened:
    """An ended run was reopened. reset_places: tasks that will run again, so that their ends no longer count."""

    reset_places: tuple[Place, ...]


Entry = Started | Reopened | Event


class RunRecorder:
    """A scheduler and the events that it received. rungs: names of the ladder's rungs, highest first."""

    def __init__(self, definition: Definition, facts: Mapping[str, Fact], rungs: Sequence[str]) -> None:
        self._arguments = (definition, facts, rungs)
        self._scheduler = DagScheduler(definition, facts, rungs)
        self._added: set[Place] = set()
        self.events: dict[Event, None] = {}  # an ordered set
        self.count = 0
        self.is_over = False

    def feed(self, entry: Entry) -> list[Instruction]:
        """Passes an entry to the scheduler. Returns the instructions, without tasks that were added before."""
        self.count += 1
        match entry:
            case Started():
                return self._filter_new(self._scheduler.start())
            case Reopened(forgotten):
                return self._filter_new(self._reopen(frozenset(forgotten)))
            case event:
                self.events[event] = None
                return self._filter_new(self._scheduler.handle(event))

    def _reopen(self, forgotten: frozenset[Place]) -> list[Instruction]:
        self.is_over = False
        self._scheduler = DagScheduler(*self._arguments)
        self.events = {event: None for event in self.events if not (isinstance(event, TaskEnded) and event.place in forgotten)}
        instructions = list(self._scheduler.start())
        # Tracks first: a track that landed after the end of the run must be processed before the run ends again.
        for event in sorted(self.events, key=lambda event: not isinstance(event, TrackLanded)):
            instructions += self._scheduler.handle(event)
        return instructions

    def _filter_new(self, instructions: Sequence[Instruction]) -> list[Instruction]:
        new = [order for order in instructions if not (isinstance(order, AddTask) and order.place in self._added)]
        self._added |= {order.place for order in new if isinstance(order, AddTask)}
        self.is_over = self.is_over or any(not isinstance(order, AddTask) for order in new)
        return new


# --- the stored form ---


class Step(Noun):
    """One entry of a stored run log. at: seconds since 1970. gave: the returned instructions (tasks with their needs, the run's end)."""

    at: float
    event: dict[str, Any]
    gave: tuple[dict[str, Any], ...]


class History(Noun):
    """A run log as a file, with everything that a replay needs. rungs: names, highest first."""

    format: int = Field(default=1, ge=1, le=1)
    definition: Definition
    facts: dict[str, Fact]
    rungs: tuple[str, ...]
    steps: tuple[Step, ...]


class Difference(Noun):
    """The first step whose replay returned other instructions. number: counts from 1."""

    number: int
    event: dict[str, Any]
    recorded: tuple[dict[str, Any], ...]
    replayed: tuple[dict[str, Any], ...]


def replay(history: History) -> tuple[int, Difference | None]:
    """Replays a run log. Returns (number of equal instructions, first difference, or None if all are equal)."""
    recording = RunRecorder(history.definition, history.facts, history.rungs)
    same = 0
    for number, step in enumerate(history.steps, 1):
        replayed = tuple(write_instruction(order) for order in recording.feed(read_entry(step.event)))
        if replayed != step.gave:
            return same, Difference(number=number, event=step.event, recorded=step.gave, replayed=replayed)
        same += len(replayed)
    return same, None


def write_place(place: Place) -> str:
    """Returns the last part of a task id: `unit`, `unit.piece`, `unit.piece.rung` or `unit.track`, as the unit's scope requires."""
    piece = "" if place.piece is None else f".{place.piece:05d}"
    rung = "" if place.rung is None else f".{place.rung}"
    return f"{place.unit}{piece}{rung}"


def read_place(text: str) -> Place:
    """Parses the result of `write_place`."""
    unit, *rest = text.split(".")
    piece = int(rest.pop(0)) if rest and rest[0].isdecimal() else None
    return Place(unit, piece, rest[0] if rest else None)


def write_instruction(order: Instruction) -> dict[str, Any]:
    """Returns an instruction as JSON data."""
    if isinstance(order, AddTask):
        return {"add": write_place(order.place), "needs": [write_place(need) for need in order.needs]}
    return {"end": "done" if order.failed is None else "failed", "by": order.failed}


def write_entry(entry: Entry) -> dict[str, Any]:
    """Returns an entry as JSON data."""
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
    """Parses the result of `write_entry`. Raises KeyError or ValueError if the data is no entry."""
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
            raise ValueError(f"unknown event {unknown}")
