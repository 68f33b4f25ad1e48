"""The DAG scheduler under random graphs and random histories, against what a person would say of the graph."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from yeoul.pipeline.dag import Definition, Stage
from yeoul.pipeline.dag_scheduler import AddTask, DagScheduler, EndRun, Event, Instruction, PieceLanded, TaskEnded, UploadClosed

Place = tuple[str, int | None]
FACTS = {"has_audio": True, "has_more_rungs": False}


@st.composite
def definitions(draw: st.DrawFn) -> Definition:
    stages: list[Stage] = []
    for number in range(draw(st.integers(1, 6))):
        scope = draw(st.sampled_from(["piece", "video"]))
        allowed = [stage.name for stage in stages if scope == "video" or stage.scope == "piece"]
        needs = draw(st.lists(st.sampled_from(allowed), unique=True, max_size=3)) if allowed else []
        when = draw(st.sampled_from([None, None, "has_audio", "has_more_rungs"]))
        optional = draw(st.booleans())
        stages.append(
            Stage.model_validate({"name": f"s{number}", "op": "x", "scope": scope, "needs": needs, "when": when, "optional": optional})
        )
    return Definition(name="random", stages=tuple(stages))


class SchedulerHistory(RuleBasedStateMachine):
    """Feeds one scheduler; the model knows which tasks exist, which have ended, and what must exist by now."""

    @initialize(definition=definitions(), pieces=st.integers(1, 4))
    def begin(self, definition: Definition, pieces: int) -> None:
        self.definition = definition
        self.active = {stage.name: stage for stage in definition.active(FACTS)}
        self.pieces = pieces
        self.landed: set[int] = set()
        self.closed = False
        self.added: dict[Place, AddTask] = {}
        self.ended: dict[Place, bool] = {}
        self.over: EndRun | None = None
        self.history: list[Event] = []
        self.scheduler = DagScheduler(definition, FACTS)
        self.take(self.scheduler.start())

    def take(self, instructions: Sequence[Instruction]) -> None:
        for instruction in instructions:
            assert self.over is None, "an instruction after the end"
            if isinstance(instruction, EndRun):
                self.over = instruction
                continue
            place = (instruction.stage.name, instruction.piece)
            assert place not in self.added, "added twice"
            assert all(need in self.added for need in instruction.needs), "added before its needs"
            self.added[place] = instruction

    def feed(self, event: Event) -> None:
        self.history.append(event)
        self.take(self.scheduler.handle(event))

    def runnable(self) -> list[Place]:
        """What a queue would run: added, not ended, all needs released."""

        def released(need: Place) -> bool:
            return need in self.ended and (self.ended[need] or self.active[need[0]].optional)

        return [place for place, task in self.added.items() if place not in self.ended and all(map(released, task.needs))]

    @precondition(lambda self: len(self.landed) < self.pieces)
    @rule(data=st.data())
    def land(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from(sorted(set(range(self.pieces)) - self.landed)))
        self.landed.add(index)
        self.feed(PieceLanded(index))

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
        self.feed(TaskEnded(place[0], place[1], ok))

    @precondition(lambda self: self.history)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        before = len(self.added), self.over
        self.feed(data.draw(st.sampled_from(self.history)))
        assert (len(self.added), self.over) == before

    @rule(data=st.data())
    def replay(self, data: st.DataObject) -> None:
        """A scheduler rebuilt from the past, told in any order, knows the same tasks and the same end."""
        again = DagScheduler(self.definition, FACTS)
        orders: list[Instruction] = list(again.start())
        ends: list[Event] = [TaskEnded(stage, piece, ok) for (stage, piece), ok in self.ended.items()]
        past: list[Event] = [PieceLanded(index) for index in data.draw(st.permutations(sorted(self.landed)))]
        if self.closed:
            past.insert(data.draw(st.integers(0, len(past))), UploadClosed(self.pieces))
        for event in past + data.draw(st.permutations(ends)):
            orders += again.handle(event)
        rebuilt = {(order.stage.name, order.piece) for order in orders if isinstance(order, AddTask)}
        assert [order for order in orders if isinstance(order, EndRun)] == ([] if self.over is None else [self.over])
        if self.over is None or self.over.failed is None:
            assert rebuilt == set(self.added)
            self.scheduler = again  # and it can go on from there

    @invariant()
    def everything_known_is_added(self) -> None:
        if not hasattr(self, "definition") or (self.over is not None and self.over.failed is not None):
            return
        complete = self.closed and len(self.landed) == self.pieces
        for stage in self.active.values():
            if stage.scope == "piece":
                assert {piece for name, piece in self.added if name == stage.name} == self.landed
            elif complete or not self.waits_for_pieces(stage):
                assert (stage.name, None) in self.added
            else:
                assert (stage.name, None) not in self.added

    def waits_for_pieces(self, stage: Stage) -> bool:
        above = [self.active[need] for need in stage.needs]
        return any(need.scope == "piece" or self.waits_for_pieces(need) for need in above)

    @invariant()
    def it_ends_when_it_should(self) -> None:
        if not hasattr(self, "definition"):
            return
        broken = [place for place, ok in self.ended.items() if not ok and not self.active[place[0]].optional]
        complete = self.closed and len(self.landed) == self.pieces and set(self.ended) == set(self.added)
        if broken:
            assert self.over == EndRun(failed=broken[0][0])
        else:
            assert self.over == (EndRun() if complete else None)


SchedulerHistory.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestSchedulerHistory = SchedulerHistory.TestCase


def test_the_needs_of_a_closing_stage_are_all_pieces():
    stages = (
        Stage.model_validate({"name": "encode", "op": "x", "scope": "piece"}),
        Stage.model_validate({"name": "package", "op": "x", "scope": "video", "needs": ["encode"]}),
    )
    scheduler = DagScheduler(Definition(name="two", stages=stages), FACTS)
    assert scheduler.start() == []
    assert [order.piece for order in scheduler.handle(PieceLanded(1)) if isinstance(order, AddTask)] == [1]
    assert scheduler.handle(UploadClosed(2)) == []
    first, last = scheduler.handle(PieceLanded(0))
    assert isinstance(first, AddTask) and first.piece == 0
    assert isinstance(last, AddTask) and last.needs == (("encode", 0), ("encode", 1))
