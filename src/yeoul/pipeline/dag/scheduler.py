"""The DAG scheduler: grows a run's graph as pieces land and knows when it has ended. Pure: events in, instructions out.

Units (stages, or groups of them) are cut into tasks: one for the video, for each landed piece, for each rung of it, or for each audio
track with a file of its own. A video-scoped
unit waits for what is above it: for nothing, for the opening pieces, or for the upload's end. Adding a task twice is harmless (its
place names it), so that a scheduler is rebuilt after a crash by handling the past events again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from yeoul.pipeline.dag.condition import Fact
from yeoul.pipeline.dag.definition import OPENING_PIECES, Definition, Unit, make_units, unit_needs


@dataclass(frozen=True, order=True)
class Place:
    """Where a task stands in its run: unit, piece and rung (or audio track); None where its scope has none."""

    unit: str
    piece: int | None = None
    rung: str | None = None


@dataclass(frozen=True)
class PieceLanded:
    """A piece is in the store."""

    index: int


@dataclass(frozen=True)
class UploadClosed:
    """No piece follows; there are `pieces` of them."""

    pieces: int


@dataclass(frozen=True)
class TaskEnded:
    """A task ended; ok is False when it failed for good."""

    place: Place
    ok: bool


@dataclass(frozen=True)
class TrackLanded:
    """The file of an audio track is in the store; it may come while pieces do, or when the run has ended."""

    name: str


Event = PieceLanded | UploadClosed | TaskEnded | TrackLanded


@dataclass(frozen=True)
class AddTask:
    """Put a task into the resource manager's queue, to wait for its needs."""

    unit: Unit
    place: Place
    needs: tuple[Place, ...]


@dataclass(frozen=True)
class EndRun:
    """The run has ended; `failed` names the unit whose failure ended it, None when all went well."""

    failed: str | None = None


Instruction = AddTask | EndRun


class _After(IntEnum):
    """What a video-scoped unit waits for."""

    NOTHING = 0
    OPENING = 1
    CLOSE = 2


def _find_after(units: Mapping[str, Unit]) -> Mapping[str, _After]:
    found: dict[str, _After] = {}
    for name, unit in units.items():  # each after its needs
        if unit.scope == "track":
            found[name] = _After.CLOSE
        elif unit.scope != "video":
            found[name] = _After.OPENING if unit.pieces == "opening" else _After.CLOSE
        else:
            own = _After.OPENING if unit.pieces == "opening" else _After.NOTHING
            found[name] = max([own, *(found[need] for need in unit_needs(unit, units))])
    return found


def count_seen(definition: Definition, facts: Mapping[str, Fact], unit: str) -> int | None:
    """How many pieces, from the first on, a video-scoped unit may look at: those that it has waited for; None for all of them.

    More may have landed when it starts, but how many is chance, and a result must not hang on that.
    """
    after = _find_after(make_units(definition.active(facts)))[unit]
    return {_After.NOTHING: 1, _After.OPENING: OPENING_PIECES, _After.CLOSE: None}[after]


class DagScheduler:
    """The graph of one run. rungs: names of the ladder's rungs, highest first."""

    def __init__(self, definition: Definition, facts: Mapping[str, Fact], rungs: Sequence[str]) -> None:
        self._units = make_units(definition.active(facts))
        self._needs = {name: unit_needs(unit, self._units) for name, unit in self._units.items()}
        self._rungs = tuple(rungs)
        self._after = _find_after(self._units)
        self._landed: set[int] = set()
        self._tracks: dict[str, None] = {}
        self._pieces: int | None = None
        self._held: dict[Place, AddTask] = {}
        self._added: set[Place] = set()
        self._ended: set[Place] = set()
        self._past = -1  # the last _After whose video-scoped units were made
        self._over = False

    def start(self) -> Sequence[Instruction]:
        """What can be added before any piece is known."""
        return self._advance()

    def handle(self, event: Event) -> Sequence[Instruction]:
        """Apply one event; repeated events change nothing."""
        if self._over:
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
        """Tracks are cut at the borders of all pieces, and so wait for the upload's end."""
        if name in self._tracks:
            return []
        self._tracks[name] = None
        if self._past >= _After.CLOSE:
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
            if unit.scope in ("piece", "rung") and unit.takes(index):
                self._hold(unit, index)
        return self._advance()

    def _hold(self, unit: Unit, index: int | None) -> None:
        for rung in self._rungs if unit.scope == "rung" else (None,):
            place = Place(unit.name, index, rung)
            self._held[place] = AddTask(unit, place, tuple(self._places_needed(unit, place)))

    def _advance(self) -> Sequence[Instruction]:
        """Make the video-scoped units whose time has come, and add all held tasks of which the needs are there."""
        for after in _After:
            if after > self._past and self._has_come(after):
                self._past = after
                for unit in self._units.values():
                    if unit.scope == "video" and self._after[unit.name] == after:
                        self._hold(unit, None)
                if after is _After.CLOSE:
                    self._hold_tracks(self._tracks)
        return [*self._release(), *self._end_if_complete()]

    def _has_come(self, after: _After) -> bool:
        """The upload's end is when its last piece is known, even when it is heard of late."""
        if after is _After.NOTHING:
            return True
        wanted = self._pieces if after is _After.CLOSE else min(OPENING_PIECES, OPENING_PIECES if self._pieces is None else self._pieces)
        return wanted is not None and all(index in self._landed for index in range(wanted))

    def _release(self) -> list[Instruction]:
        released: list[Instruction] = []
        more = True
        while more:
            free = [task for task in self._held.values() if all(need in self._added for need in task.needs)]
            for task in free:
                self._added.add(task.place)
                del self._held[task.place]
            released += free
            more = bool(free)
        return released

    def _end_task(self, place: Place, *, ok: bool) -> Sequence[Instruction]:
        if place not in self._added or place in self._ended:
            return []
        self._ended.add(place)
        if not ok and not self._units[place.unit].optional:
            self._over = True
            return [EndRun(failed=place.unit)]
        return self._end_if_complete()

    def _end_if_complete(self) -> Sequence[Instruction]:
        if self._over or self._past < _After.CLOSE or self._held or len(self._ended) < len(self._added):
            return []
        self._over = True
        return [EndRun()]

    def _places_needed(self, unit: Unit, place: Place) -> list[Place]:
        found: list[Place] = []
        for name in self._needs[unit.name]:
            above = self._units[name]
            if above.scope == "video":
                found.append(Place(name))
                continue
            indexes = self._taken(above) if place.piece is None else [place.piece] if above.takes(place.piece) else []
            for index in indexes:
                found += self._of_piece(above, index, place.rung if unit.scope == "rung" else None)
        return found

    def _of_piece(self, above: Unit, index: int, rung: str | None) -> list[Place]:
        if above.scope == "piece":
            return [Place(above.name, index)]
        return [Place(above.name, index, name) for name in ((rung,) if rung is not None else self._rungs)]

    def _taken(self, unit: Unit) -> list[int]:
        """The pieces that a unit takes when a video-scoped one asks: all of a closed upload, or the opening ones."""
        count = OPENING_PIECES if self._pieces is None else self._pieces
        return [index for index in range(count) if unit.takes(index)]
