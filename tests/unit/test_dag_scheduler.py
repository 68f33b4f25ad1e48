"""The DAG scheduler under random graphs and random histories, against what a person would say of the graph."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.harness.examples import count_examples
from tests.random_definitions import definitions
from yeoul.pipeline.dag.definition import OPENING_PIECES, Definition, Stage, Unit, make_units, unit_needs
from yeoul.pipeline.dag.scheduler import (
    AddTask,
    DagScheduler,
    EndRun,
    Event,
    Instruction,
    PieceLanded,
    Place,
    TaskEnded,
    TrackLanded,
    UploadClosed,
    count_readable_pieces,
)

FACTS = {"has_audio": True, "hdr": False}
RUNGS = ("720p", "240p")


class SchedulerHistory(RuleBasedStateMachine):
    """Feeds one scheduler; the model knows which tasks exist, which have ended, and what must exist by now."""

    @initialize(definition=definitions(), pieces=st.integers(1, 5))
    def begin(self, definition: Definition, pieces: int) -> None:
        self.definition = definition
        self.units = make_units(definition.active_stages(FACTS))
        self.pieces = pieces
        self.landed: set[int] = set()
        self.tracks: set[str] = set()
        self.closed = False
        self.added: dict[Place, AddTask] = {}
        self.ended: dict[Place, bool] = {}
        self.over: EndRun | None = None
        self.history: list[Event] = []
        self.scheduler = self.make_scheduler()
        self.take(self.scheduler.start())

    def make_scheduler(self) -> DagScheduler:
        return DagScheduler(self.definition, FACTS, RUNGS)

    def take(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            assert self.over is None, "an instruction after the end"
            if isinstance(instruction, EndRun):
                self.over = instruction
                continue
            place = instruction.place
            assert place not in self.added, "added twice"
            assert all(need in self.added for need in instruction.needs), "added before its needs"
            self.added[place] = instruction

    def feed(self, event: Event) -> None:
        self.history.append(event)
        self.take(self.scheduler.handle(event))

    def runnable(self) -> list[Place]:
        """What a queue would run: added, not ended, all needs released."""

        def released(need: Place) -> bool:
            return need in self.ended and (self.ended[need] or self.units[need.unit].optional)

        return [place for place, task in self.added.items() if place not in self.ended and all(map(released, task.needs))]

    @precondition(lambda self: len(self.landed) < self.pieces)
    @rule(data=st.data())
    def land(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from(sorted(set(range(self.pieces)) - self.landed)))
        self.landed.add(index)
        self.feed(PieceLanded(index))

    @precondition(lambda self: self.over is None)
    @rule(name=st.sampled_from(["audio-1", "audio-2"]))
    def land_track(self, name: str) -> None:
        self.tracks.add(name)
        self.feed(TrackLanded(name))

    @precondition(lambda self: not self.closed)
    @rule()
    def close(self) -> None:
        """Also before the news of the last pieces has come."""
        self.closed = True
        self.feed(UploadClosed(self.pieces))

    @precondition(lambda self: self.runnable() and self.over is None)
    @rule(data=st.data(), ok=st.sampled_from([True, True, True, False]))
    def end_task(self, data: st.DataObject, ok: bool) -> None:
        place = data.draw(st.sampled_from(self.runnable()))
        self.ended[place] = ok
        self.feed(TaskEnded(place, ok))

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        before = len(self.added), self.over
        self.feed(data.draw(st.sampled_from(self.history)))
        assert (len(self.added), self.over) == before

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A scheduler rebuilt from the past, told in any order but of tracks before the end, knows the same tasks and the same end."""
        again = self.make_scheduler()
        orders: list[Instruction] = list(again.start())
        ends: list[Event] = [TaskEnded(place, ok) for place, ok in self.ended.items()]
        past: list[Event] = [PieceLanded(index) for index in data.draw(st.permutations(sorted(self.landed)))]
        for name in sorted(self.tracks):
            past.insert(data.draw(st.integers(0, len(past))), TrackLanded(name))
        if self.closed:
            known = max((place for place, event in enumerate(past, 1) if isinstance(event, TrackLanded)), default=0)
            past.insert(data.draw(st.integers(known, len(past))), UploadClosed(self.pieces))
        for event in past + data.draw(st.permutations(ends)):
            orders += again.handle(event)
        rebuilt = {order.place for order in orders if isinstance(order, AddTask)}
        assert [order for order in orders if isinstance(order, EndRun)] == ([] if self.over is None else [self.over])
        if self.over is None or self.over.failed is None:
            assert rebuilt == set(self.added)
            self.scheduler = again  # and it can go on from there

    @invariant()
    def everything_known_is_added(self) -> None:
        if not hasattr(self, "definition") or (self.over is not None and self.over.failed is not None):
            return
        assert set(self.added) == {place for unit in self.units.values() for place in self.due(unit)}

    def due(self, unit: Unit) -> list[Place]:
        """The tasks of a unit that must exist by now: those whose piece has landed, or whose time has come, with all that they need."""
        if unit.scope == "video":
            return [Place(unit.name)] if self.has_come(unit) else []
        if unit.scope == "track":
            is_whole = self.closed and len(self.landed) == self.pieces
            return [Place(unit.name, None, name) for name in self.tracks] if is_whole else []
        rungs = RUNGS if unit.scope == "rung" else (None,)
        return [
            Place(unit.name, index, rung)
            for index in self.landed
            if unit.has_tasks_for(index) and self.is_free(unit, index)
            for rung in rungs
        ]

    def is_free(self, unit: Unit, index: int) -> bool:
        """Whether all video's units have come that a piece's tasks need, themselves or through others of the piece."""
        above = [self.units[name] for name in unit_needs(unit, self.units)]
        return all(
            self.has_come(need) if need.scope == "video" else self.is_free(need, index)
            for need in above
            if need.scope == "video" or need.has_tasks_for(index)
        )

    def has_come(self, unit: Unit) -> bool:
        """A video's unit comes with the last piece that is above it or that it asks for, or at once."""
        above = [self.units[name] for name in unit_needs(unit, self.units)]
        opening = min(OPENING_PIECES, self.pieces if self.closed else OPENING_PIECES)
        if unit.pieces == "opening" and not self.landed >= set(range(opening)):
            return False
        for need in above:
            if need.scope == "video":
                if not self.has_come(need):
                    return False
            elif need.pieces == "opening":
                if not self.landed >= set(range(opening)):
                    return False
            elif not (self.closed and len(self.landed) == self.pieces):
                return False
        return True

    @invariant()
    def it_ends_when_it_should(self) -> None:
        if not hasattr(self, "definition"):
            return
        broken = [place for place, ok in self.ended.items() if not ok and not self.units[place.unit].optional]
        complete = self.closed and len(self.landed) == self.pieces and set(self.ended) == set(self.added)
        if broken:
            assert self.over == EndRun(failed=broken[0].unit)
        else:
            assert self.over == (EndRun() if complete else None)


SchedulerHistory.TestCase.settings = settings(max_examples=count_examples(150), stateful_step_count=40, deadline=None)
TestSchedulerHistory = SchedulerHistory.TestCase


def make(*stages: dict[str, object]) -> DagScheduler:
    made = tuple(Stage.model_validate({"op": "x", "scope": "piece", **stage}) for stage in stages)
    return DagScheduler(Definition(name="made", stages=made), FACTS, RUNGS)


def added(instructions: Sequence[Instruction]) -> dict[Place, tuple[Place, ...]]:
    return {order.place: order.needs for order in instructions if isinstance(order, AddTask)}


def test_the_needs_of_a_closing_stage_are_all_pieces():
    scheduler = make({"name": "encode"}, {"name": "package", "scope": "video", "needs": ["encode"]})
    assert scheduler.start() == []
    assert added(scheduler.handle(PieceLanded(1))) == {Place("encode", 1): ()}
    assert scheduler.handle(UploadClosed(2)) == []
    assert added(scheduler.handle(PieceLanded(0))) == {Place("encode", 0): (), Place("package"): (Place("encode", 0), Place("encode", 1))}


def test_rungs_are_tasks_of_their_own():
    scheduler = make(
        {"name": "encode", "scope": "rung"}, {"name": "score", "scope": "rung", "needs": ["encode"]}, {"name": "tiles", "needs": ["encode"]}
    )
    high, low = Place("encode", 0, "720p"), Place("encode", 0, "240p")
    assert added(scheduler.handle(PieceLanded(0))) == {
        high: (),
        low: (),
        Place("score", 0, "720p"): (high,),
        Place("score", 0, "240p"): (low,),
        Place("tiles", 0): (high, low),
    }


def test_audio_tracks_wait_for_all_pieces_and_are_tasks_of_their_own():
    scheduler = make({"name": "encode"}, {"name": "dub", "scope": "track", "needs": ["encode"], "optional": True})
    assert added(scheduler.handle(TrackLanded("audio-1"))) == {}
    assert added(scheduler.handle(PieceLanded(0))) == {Place("encode", 0): ()}
    assert added(scheduler.handle(UploadClosed(1))) == {Place("dub", None, "audio-1"): (Place("encode", 0),)}
    assert added(scheduler.handle(TrackLanded("audio-2"))) == {Place("dub", None, "audio-2"): (Place("encode", 0),)}
    assert added(scheduler.handle(TrackLanded("audio-2"))) == {}


def test_a_stage_of_pieces_waits_for_what_the_opening_pieces_say():
    scheduler = make(
        {"name": "sample", "pieces": "opening"},
        {"name": "choose", "scope": "video", "needs": ["sample"]},
        {"name": "encode", "needs": ["choose"]},
    )
    samples = [Place("sample", index) for index in range(3)]
    assert scheduler.start() == []
    assert [list(added(scheduler.handle(PieceLanded(index)))) for index in (0, 3, 1)] == [[samples[0]], [], [samples[1]]]
    last = added(scheduler.handle(PieceLanded(2)))
    assert last[Place("choose")] == tuple(samples)
    assert {place for place in last if place.unit == "encode"} == {Place("encode", index) for index in range(4)}


def test_a_short_upload_has_fewer_opening_pieces():
    scheduler = make({"name": "sample", "pieces": "opening"}, {"name": "choose", "scope": "video", "needs": ["sample"]})
    scheduler.handle(PieceLanded(0))
    assert added(scheduler.handle(UploadClosed(1))) == {Place("choose"): (Place("sample", 0),)}


def test_a_group_is_one_task():
    scheduler = make(
        {"name": "encode", "group": "work"},
        {"name": "tiles", "group": "work", "needs": ["encode"], "optional": True},
        {"name": "sheets", "scope": "video", "needs": ["tiles"]},
    )
    assert added(scheduler.handle(PieceLanded(0))) == {Place("work", 0): ()}
    assert added(scheduler.handle(UploadClosed(1))) == {Place("sheets"): (Place("work", 0),)}
    assert scheduler.handle(TaskEnded(Place("work", 0), ok=True)) == []
    assert scheduler.handle(TaskEnded(Place("sheets"), ok=True)) == [EndRun()]


@pytest.mark.parametrize(("name", "count"), [("poster", 1), ("look", 3), ("choice", 3), ("package", None)])
def test_a_stage_of_the_video_sees_what_it_has_waited_for(name: str, count: int | None):
    """And no more: how many pieces have landed when it starts is chance."""
    stages = (
        Stage(name="poster", op="x", scope="video"),
        Stage(name="look", op="x", scope="video", pieces="opening"),
        Stage(name="sample", op="x", scope="piece", pieces="opening"),
        Stage(name="choice", op="x", scope="video", needs=("sample", "poster")),
        Stage(name="encode", op="x", scope="piece", needs=("choice", "look")),
        Stage(name="package", op="x", scope="video", needs=("encode",)),
    )
    definition = Definition(name="seen", stages=stages)
    assert count_readable_pieces(definition, {}, name) == count
    scheduler = DagScheduler(definition, {}, ())
    told: list[Instruction] = list(scheduler.start())
    for index in range(count or 5):
        assert not [order for order in told if isinstance(order, AddTask) and order.place == Place(name)] or name == "poster"
        told += scheduler.handle(PieceLanded(index))
    if count is None:
        told += scheduler.handle(UploadClosed(5))
    assert [order for order in told if isinstance(order, AddTask) and order.place == Place(name)]
