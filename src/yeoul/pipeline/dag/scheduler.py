"""The DAG scheduler: adds tasks to a run as pieces land, and ends the run. Pure: events in, instructions out.

Each unit (a stage, or a group of stages) has one task for the video, for each landed piece, for each rung of each landed piece, or for
each audio track with its own file. A video-scoped unit waits for nothing, for the opening pieces, or for the end of the upload, as its
needs require. A place identifies a task, so adding a task twice is harmless. After a crash, a scheduler is rebuilt by handling the past
events again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from yeoul.pipeline.dag.condition import Fact
from yeoul.pipeline.dag.definition import OPENING_PIECES, Definition, Unit, make_units, unit_needs


@dataclass(frozen=True, order=True)
class Place:
    """The identity of a task within its run: unit, piece, and rung or audio track. piece, rung: None if the unit's scope has none."""

    unit: str
    piece: int | None = None
    rung: str | None = None


@dataclass(frozen=True)
class PieceLanded:
    """A piece is in the store."""

    index: int


@dataclass(frozen=True)
class UploadClosed:
    """The upload is complete; it has `pieces` pieces."""

    pieces: int


@dataclass(frozen=True)
class TaskEnded:
    """A task ended. ok: False if it failed permanently."""

    place: Place
    ok: bool


@dataclass(frozen=True)
class TrackLanded:
    """The file of an audio track is in the store. Tracks can land during the upload, or after the run has ended."""

    name: str


Event = PieceLanded | UploadClosed | TaskEnded | TrackLanded


@dataclass(frozen=True)
class AddTask:
    """An instruction to add a task to the task queue, where it waits for its needs."""

    unit: Unit
    place: Place
    needs: tuple[Place, ...]


@dataclass(frozen=True)
class EndRun:
    """An instruction to end the run. failed: the unit whose failure ended it, None after success."""

    failed: str | None = None


Instruction = AddTask | EndRun


class _StartPoint(IntEnum):
    """The point of the upload that a video-scoped unit waits for."""

    NOTHING = 0
    OPENING = 1
    CLOSE = 2


def _find_start_points(units: Mapping[str, Unit]) -> Mapping[str, _StartPoint]:
    points: dict[str, _StartPoint] = {}
    for name, unit in units.items():  # each after its needs
        if unit.scope == "track":
            points[name] = _StartPoint.CLOSE
        elif unit.scope != "video":
            points[name] = _StartPoint.OPENING if unit.pieces == "opening" else _StartPoint.CLOSE
        else:
            own = _StartPoint.OPENING if unit.pieces == "opening" else _StartPoint.NOTHING
            points[name] = max([own, *(points[need] for need in unit_needs(unit, units))])
    return points


def count_readable_pieces(definition: Definition, facts: Mapping[str, Fact], unit: str) -> int | None:
    """Returns how many pieces, counted from the first, a video-scoped unit can read: the pieces that it has waited for. None: all of them.

    More pieces may have landed when the task starts. Their number varies between runs, and results must not depend on it.
    """
    point = _find_start_points(make_units(definition.active_stages(facts)))[unit]
    return {_StartPoint.NOTHING: 1, _StartPoint.OPENING: OPENING_PIECES, _StartPoint.CLOSE: None}[point]


class DagScheduler:
    """The graph of one run. rungs: names of the ladder's rungs, highest first."""

    def __init__(self, definition: Definition, facts: Mapping[str, Fact], rungs: Sequence[str]) -> None:
        self._units = make_units(definition.active_stages(facts))
        self._needs = {name: unit_needs(unit, self._units) for name, unit in self._units.items()}
        self._rungs = tuple(rungs)
        self._start_points = _find_start_points(self._units)
        self._landed: set[int] = set()
        self._tracks: dict[str, None] = {}
        self._pieces: int | None = None
        self._held: dict[Place, AddTask] = {}
        self._added: set[Place] = set()
        self._ended: set[Place] = set()
        self._reached = -1  # the last _StartPoint that the upload has reached
        self._is_over = False

    def start(self) -> Sequence[Instruction]:
        """Returns the instructions that are possible before any piece has landed."""
        return self._advance()

    def handle(self, event: Event) -> Sequence[Instruction]:
        """Applies an event. Returns the resulting instructions; a repeated event has none."""
        if self._is_over:
            return []
        match event:
            case PieceLanded(index):
                return self._land(index)
            case UploadClosed(pieces):
                self._pieces = pieces if self._pieces is None else self._pieces
                return self._advance()
            case TaskEnded(place, ok):
                return self._end_task(place, ok=ok)
            case TrackLanded(name):
                return self._land_track(name)

    def _land_track(self, name: str) -> Sequence[Instruction]:
        """Records an audio track. Its tasks wait for the end of the upload, because the track is cut at the borders of all pieces."""
        if name in self._tracks:
            return []
        self._tracks[name] = None
        if self._reached >= _StartPoint.CLOSE:
            self._hold_tracks([name])
        return self._advance()

    def _hold_tracks(self, names: Iterable[str]) -> None:
        for unit in self._units.values():
            for name in names if unit.scope == "track" else ():
                place = Place(unit.name, None, name)
                self._held[place] = AddTask(unit, place, tuple(self._places_needed(unit, place)))

    def _land(self, index: int) -> Sequence[Instruction]:
        if index in self._landed:
            return []
        self._landed.add(index)
        for unit in self._units.values():
            if unit.scope in ("piece", "rung") and unit.has_tasks_for(index):
                self._hold(unit, index)
        return self._advance()

    def _hold(self, unit: Unit, index: int | None) -> None:
        for rung in self._rungs if unit.scope == "rung" else (None,):
            place = Place(unit.name, index, rung)
            self._held[place] = AddTask(unit, place, tuple(self._places_needed(unit, place)))

    def _advance(self) -> Sequence[Instruction]:
        """Creates the tasks of video-scoped units whose start point is reached, and adds all held tasks whose needs were added."""
        for point in _StartPoint:
            if point > self._reached and self._has_reached(point):
                self._reached = point
                for unit in self._units.values():
                    if unit.scope == "video" and self._start_points[unit.name] == point:
                        self._hold(unit, None)
                if point is _StartPoint.CLOSE:
                    self._hold_tracks(self._tracks)
        return [*self._add_ready(), *self._end_if_complete()]

    def _has_reached(self, point: _StartPoint) -> bool:
        """True if all pieces that the start point requires have landed, also if their events come after UploadClosed."""
        if point is _StartPoint.NOTHING:
            return True
        opening = min(OPENING_PIECES, OPENING_PIECES if self._pieces is None else self._pieces)
        count = self._pieces if point is _StartPoint.CLOSE else opening
        return count is not None and all(index in self._landed for index in range(count))

    def _add_ready(self) -> list[Instruction]:
        added: list[Instruction] = []
        more = True
        while more:
            ready = [task for task in self._held.values() if all(need in self._added for need in task.needs)]
            for task in ready:
                self._added.add(task.place)
                del self._held[task.place]
            added += ready
            more = bool(ready)
        return added

    def _end_task(self, place: Place, *, ok: bool) -> Sequence[Instruction]:
        if place not in self._added or place in self._ended:
            return []
        self._ended.add(place)
        if not ok and not self._units[place.unit].optional:
            self._is_over = True
            return [EndRun(failed=place.unit)]
        return self._end_if_complete()

    def _end_if_complete(self) -> Sequence[Instruction]:
        if self._is_over or self._reached < _StartPoint.CLOSE or self._held or len(self._ended) < len(self._added):
            return []
        self._is_over = True
        return [EndRun()]

    def _places_needed(self, unit: Unit, place: Place) -> list[Place]:
        places: list[Place] = []
        for name in self._needs[unit.name]:
            need = self._units[name]
            if need.scope == "video":
                places.append(Place(name))
                continue
            indexes = self._list_pieces(need) if place.piece is None else [place.piece] if need.has_tasks_for(place.piece) else []
            for index in indexes:
                places += self._places_of_piece(need, index, place.rung if unit.scope == "rung" else None)
        return places

    def _places_of_piece(self, unit: Unit, index: int, rung: str | None) -> list[Place]:
        if unit.scope == "piece":
            return [Place(unit.name, index)]
        return [Place(unit.name, index, name) for name in ((rung,) if rung is not None else self._rungs)]

    def _list_pieces(self, unit: Unit) -> list[int]:
        """Returns the unit's pieces that a video- or track-scoped unit waits for: all of a closed upload, else the opening ones."""
        count = OPENING_PIECES if self._pieces is None else self._pieces
        return [index for index in range(count) if unit.has_tasks_for(index)]
