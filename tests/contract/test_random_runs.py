"""Random graphs through the real dispatcher and database: arrivals, failures, kills, news that come twice, late or in another order.

The pure parts have such tests of their own in `tests/unit`; here the rows are looked at, by what a person would say of the graph.
"""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select

from tests.contract.databases import SqliteFiles
from tests.contract.pipeline_world import LADDER, SOURCE, VIDEO, World
from tests.random_definitions import definitions
from yeoul.base.errors import MediaToolError, UnreadableError, WorkerLostError
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox, run
from yeoul.catalog.schema.pipeline import attempt as attempt_table
from yeoul.catalog.schema.row.pipeline import TaskRow
from yeoul.model.event import PieceLanded, UploadClosed
from yeoul.model.work import Slots, Work
from yeoul.pipeline.dag.condition import make_facts
from yeoul.pipeline.dag.definition import GROUP_OP, OPENING_PIECES, Definition, Stage, make_units, unit_needs
from yeoul.pipeline.dag.scheduler import Place, TaskEnded
from yeoul.pipeline.scheduler_cache import read_run_log
from yeoul.pipeline.story.run_log import RunRecorder, read_entry
from yeoul.pipeline.task.data import TaskInput

FACTS = make_facts(SOURCE, LADDER)
RUNGS = tuple(rung.name for rung in LADDER)
ERRORS = {"chance": MediaToolError("x"), "input": UnreadableError("x"), "crash": WorkerLostError("x", reason="SIGSEGV")}
ENDED = {"done", "failed", "cancelled"}
_files: list[SqliteFiles] = []


def files() -> SqliteFiles:
    """One folder for all examples of a test run; its tables are made once."""
    if not _files:
        _files.append(SqliteFiles(Path(tempfile.mkdtemp(prefix="yeoul-random-"))))
    return _files[0]


class RandomRuns(RuleBasedStateMachine):
    """One upload of a random graph. What has run is written down as the engine is given it."""

    @initialize(definition=definitions(), pieces=st.integers(1, 4), retries=st.integers(0, 2), cpu=st.integers(1, 9))
    def begin(self, definition: Definition, pieces: int, retries: int, cpu: int) -> None:
        stages = tuple(stage.model_copy(update={"retries": retries}) for stage in definition.stages)
        self.units = make_units(definition.model_copy(update={"stages": stages}).active_stages(FACTS))
        self.url = files().migrated()
        known = {"standard": definition.model_copy(update={"stages": stages})}
        slots = Slots(cpu=cpu, memory_bytes=4 * 2**30)
        self.world = World(Database(self.url), pieces=pieces, slots=slots, definitions=known)
        self.checked: set[tuple[str, int]] = set()
        self.draws = random.Random(pieces)
        self.reports: list[Any] = []
        self.landed: set[int] = set()
        self.tracks: list[str] = []
        self.closed = False
        self.upload = self.world.open()

    # --- what happens ---

    @precondition(lambda self: len(self.landed) < self.world.pieces)
    @rule(data=st.data())
    def land(self, data: st.DataObject) -> None:
        index = data.draw(st.sampled_from(sorted(set(range(self.world.pieces)) - self.landed)))
        self.world.land(self.upload, index)
        self.landed.add(index)

    @precondition(lambda self: len(self.landed) == self.world.pieces and not self.closed)
    @rule()
    def close(self) -> None:
        self.world.uploads.complete(self.upload, self.world.pieces)
        self.closed = True

    @precondition(lambda self: len(self.tracks) < 2 and not self.is_over())
    @rule()
    def add_track(self) -> None:
        self.tracks.append(self.world.add_track(b"%d" % len(self.tracks)))

    def is_over(self) -> bool:
        with self.world.database.read() as connection:
            row = run.find_of_video(connection, VIDEO)
        return (row is not None and row["state"] == "failed") or self.world.state() == "failed"

    @precondition(lambda self: self.landed)
    @rule(data=st.data())
    def tell_again(self, data: st.DataObject) -> None:
        """News of a piece, or of the upload's end, come again."""
        index = data.draw(st.sampled_from(sorted(self.landed)))
        with self.world.database.write() as connection:
            outbox.emit(connection, PieceLanded(video_id=VIDEO, upload_id=self.upload, index=index), self.world.clock.now())
            if self.closed:
                closed = UploadClosed(video_id=VIDEO, upload_id=self.upload, mode="pieces", pieces=self.world.pieces)
                outbox.emit(connection, closed, self.world.clock.now())

    @rule()
    def step(self) -> None:
        self.world.settle()

    @rule(count=st.integers(1, 9), how=st.sampled_from(["done", "done", "done", "done", *ERRORS]), data=st.data())
    def end(self, count: int, how: str, data: st.DataObject) -> None:
        """Some attempts end before the dispatcher looks again, and it hears of them in another order."""
        for key in data.draw(st.permutations(self.world.engine.open_keys()))[:count]:
            self.world.engine.end(key, self.run if how == "done" else lambda _, how=how: self.fail(how))
        self.note_reports()
        self.draws.shuffle(self.world.engine._reports)

    @precondition(lambda self: self.reports)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """A report comes again, maybe of an attempt that was taken for lost, and of one that another dispatcher had."""
        self.world.engine.repeat(data.draw(st.sampled_from(self.reports)))

    @rule(data=st.data(), quietly=st.booleans())
    def lose(self, data: st.DataObject, quietly: bool) -> None:
        """A worker dies; quietly: nobody says so, until the heartbeat finds it."""
        keys = self.world.engine.open_keys()
        if keys:
            key = data.draw(st.sampled_from(keys))
            self.world.engine.drop_quietly(key) if quietly else self.world.engine.lose(key)

    @rule()
    def kill(self) -> None:
        """The dispatcher dies with its engine; another begins with what the rows say."""
        self.note_reports()
        self.world.restart()

    @rule()
    def forget(self) -> None:
        """What is held in memory goes."""
        self.world.dispatcher._schedulers.evict()

    @rule(seconds=st.sampled_from([0.5, 11.0, 300.0]))
    def wait(self, seconds: float) -> None:
        self.world.wait(seconds)

    def run(self, work: Work) -> Mapping[str, Any]:
        if work.op == "inspect":
            return self.world.ops(work)
        task = TaskInput.model_validate(work.params)
        mine = {"made_by": f"{work.task}#{work.attempt}"}
        return {"members": {member.stage: mine for member in task.members}, "errors": {}} if work.op == GROUP_OP else mine

    def fail(self, how: str) -> Mapping[str, Any]:
        raise ERRORS[how]

    def note_reports(self) -> None:
        self.reports += [report for report in self.world.engine._reports if report.kind == "done" and report not in self.reports]

    # --- what must hold ---

    def rows(self) -> dict[Place, TaskRow]:
        return {Place(row["stage"], row["piece"], row["rung"]): row for row in self.world.tasks() if row["stage"] != "inspect"}

    def needs_of(self, place: Place) -> set[Place]:
        """The tasks that one needs, as a person would say."""
        found: set[Place] = set()
        for name in unit_needs(self.units[place.unit], self.units):
            above = self.units[name]
            pieces = range(self.world.pieces) if place.piece is None else [place.piece]
            taken = [index for index in pieces if above.pieces == "all" or (index < OPENING_PIECES) == (above.pieces == "opening")]
            own = [place.rung] if self.units[place.unit].scope == "rung" else list(RUNGS)
            rungs = own if above.scope == "rung" else [None]
            found |= {Place(name)} if above.scope == "video" else {Place(name, index, rung) for index in taken for rung in rungs}
        return found

    @invariant()
    def nothing_runs_before_its_needs(self) -> None:
        """And it is given what each of them made, in the attempt that counted."""
        if not hasattr(self, "world"):
            return
        rows = self.rows()
        by_id = {row["id"]: place for place, row in rows.items()}
        for key, work in self.world.engine.works.items():
            if key in self.checked or work.op == "inspect":
                continue
            self.checked.add(key)
            place = by_id[work.task]
            needs = {need: rows[need] for need in self.needs_of(place)}
            for need, row in needs.items():
                assert row["state"] == "done" or (row["state"] == "failed" and row["optional"]), (place, need, row["state"])
            given = TaskInput.model_validate(work.params).needs
            wanted = Counter(
                (stage.name, need.piece, need.rung, f"{row['id']}#{row['attempt']}" if row["state"] == "done" else None)
                for need, row in needs.items()
                for stage in self.members_above(place, need)
            )
            found = Counter((one.stage, one.piece, one.rung, one.outputs and one.outputs["made_by"]) for one in given)
            assert found == wanted

    def members_above(self, place: Place, need: Place) -> list[Stage]:
        named = {name for stage in self.units[place.unit].stages for name in stage.needs}
        return [stage for stage in self.units[need.unit].stages if stage.name in named]

    @invariant()
    def every_task_ends_once(self) -> None:
        """Of its attempts at most one counted, and only one runs."""
        if not hasattr(self, "world"):
            return
        with self.world.database.read() as connection:
            attempts = connection.execute(select(attempt_table)).mappings().all()
        done = Counter(row["task_id"] for row in attempts if row["outcome"] == "done")
        open_ = Counter(row["task_id"] for row in attempts if row["outcome"] is None)
        for row in self.world.tasks():
            assert done[row["id"]] == (row["state"] == "done"), row
            assert open_[row["id"]] == (row["state"] == "running"), row
        assert not [row for row in attempts if (row["error"] or {}).get("facts", {}).get("reason") == "start"]  # what did not fit

    @invariant()
    def rebuilt_from_rows_it_is_the_same(self) -> None:
        if not hasattr(self, "world"):
            return
        with self.world.database.read() as connection:
            row = run.find_of_video(connection, VIDEO)
            kept = None if row is None else self.world.dispatcher._schedulers._kept.get(row["id"])
            if row is None or kept is None or kept[0] != row["version"]:
                return  # it would be rebuilt
            written = read_run_log(connection, row)
        again = RunRecorder(written.definition, written.facts, written.rungs)
        for step in written.steps:
            again.feed(read_entry(step.event))
        assert vars(again._scheduler) == vars(kept[1]._scheduler)
        assert (again.events, again.count, again.is_over, again._added) == (kept[1].events, kept[1].count, kept[1].is_over, kept[1]._added)
        ends = {TaskEnded(place, row["state"] == "done") for place, row in self.rows().items() if row["state"] in {"done", "failed"}}
        assert ends == {event for event in again.events if isinstance(event, TaskEnded)} or row["state"] != "open"

    def teardown(self) -> None:
        """Nothing fails any more: the run ends, with every task that belongs to it."""
        if not hasattr(self, "world"):
            return
        for index in set(range(self.world.pieces)) - self.landed:
            self.world.land(self.upload, index)
        self.world.uploads.complete(self.upload, self.world.pieces)
        for _ in range(12):
            self.world.clock.advance(130)  # longer than any delay and lease
            self.finish_what_runs()
            if {row["state"] for row in self.world.tasks()} <= ENDED:
                break
        rows = self.rows()
        broken = [place for place, row in rows.items() if row["state"] == "failed" and not row["optional"]]
        failed_before = self.world.task("inspect")["state"] == "failed"
        assert self.world.state() == ("failed" if broken or failed_before else "ready")
        if not broken and not failed_before:
            assert set(rows) == {place for unit in self.units for place in self.all_places(unit)}
        assert {row["state"] for row in self.world.tasks()} <= ENDED
        self.every_task_ends_once()
        self.world.dispatcher.close()
        self.world.database.close()
        files().drop(self.url)

    def finish_what_runs(self) -> None:
        for _ in range(100):
            self.world.settle()
            self.nothing_runs_before_its_needs()
            if not self.world.engine.end_all(self.run):
                return
        raise AssertionError("the run never ends")

    def all_places(self, name: str) -> list[Place]:
        unit = self.units[name]
        if unit.scope == "video":
            return [Place(name)]
        if unit.scope == "track":
            return [Place(name, None, track) for track in self.tracks]
        taken = [
            index for index in range(self.world.pieces) if unit.pieces == "all" or (index < OPENING_PIECES) == (unit.pieces == "opening")
        ]
        return [Place(name, index, rung) for index in taken for rung in (RUNGS if unit.scope == "rung" else (None,))]


# Drawn the same each time: a race cannot hide here, and a failure shows to everyone.
RandomRuns.TestCase.settings = settings(max_examples=12, stateful_step_count=20, deadline=None, derandomize=True)
TestRandomRuns = pytest.mark.slow(RandomRuns.TestCase)


def test_a_member_of_a_group_that_takes_no_part_is_not_run():
    """Found by the above: a group's task ran all its members, whatever their conditions said."""
    stages = (
        Stage(name="a", op="x", scope="piece", group="g"),
        Stage(name="b", op="x", scope="piece", group="g", needs=("a",), when="hdr"),
        Stage(name="c", op="x", scope="piece", group="g"),
        Stage(name="d", op="x", scope="video", needs=("a", "b")),
    )
    url = files().migrated()
    world = World(Database(url), pieces=1, definitions={"standard": Definition(name="made", stages=stages)})
    world.upload_all()
    seen: dict[str, TaskInput] = {}

    def run_work(work: Work) -> Mapping[str, Any]:
        seen[work.op] = TaskInput.model_validate(work.params)
        return {"members": {member.stage: {} for member in seen[work.op].members}, "errors": {}} if work.op == GROUP_OP else {}

    while world.engine.end_all(lambda work: world.ops(work) if work.op == "inspect" else run_work(work)) or not seen:
        world.settle()
    assert world.state() == "ready"
    assert [member.stage for member in seen[GROUP_OP].members] == ["a", "c"]
    assert [need.stage for need in seen["x"].needs] == ["a"]
    world.dispatcher.close()
    world.database.close()
    files().drop(url)
