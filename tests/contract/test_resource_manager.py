"""The durable half of the resource manager: fair share, quotas, exclusions, poison, overload and second chances, on both databases."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from sqlalchemy import event, update

from tests.contract.pipeline_world import VIDEO, World, fail_with, filled
from tests.memory_engine import MemoryEngine
from yeoul.base.errors import ConflictError, MediaToolError, UnreadableError, WorkerLostError
from yeoul.blob.store import Bucket
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox, run, worker
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.pipeline import task as task_table
from yeoul.catalog.video import upload, video
from yeoul.model.event import CancelTask, UploadClosed
from yeoul.model.video import VideoState
from yeoul.model.work import Slots, Work
from yeoul.pipeline import retry
from yeoul.pipeline.resource.manager import Policy
from yeoul.pipeline.resource.overload import Level, Limits

SMALL = Slots(cpu=1, memory_bytes=2**30)
ALL = {"720p", "480p", "240p", "audio"}


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def add_upload(world: World, name: str, owner: str) -> None:
    """Another whole-file upload, closed."""
    now_s = world.clock.now()
    with world.database.write() as connection:
        if account.find_by_handle(connection, owner) is None:
            account.add_account(connection, owner, owner, f"{owner}@example.org", "hash", "user", now_s)
        row = {"id": name, "owner_id": owner, "title": "", "description": "", "visibility": "public", "pipeline": "standard"}
        video.add(connection, row, now_s)
        video.change_state(connection, name, VideoState.UPLOADING, now_s)
        sent = {"mode": "whole", "file_name": "f", "size_bytes": 1, "fingerprint": "0" * 64, "source": None}
        upload.add(connection, {"id": f"u-{name}", "video_id": name, **sent}, now_s)
        upload.close(connection, f"u-{name}", now_s)
        outbox.emit(connection, UploadClosed(video_id=name, upload_id=f"u-{name}", mode="whole", pieces=1), now_s)


def started_videos(world: World) -> list[str]:
    owners = {row["id"]: row["account_id"] for row in world.tasks()}
    return [owners[task] for task, _ in world.engine.started]


# --- shares ---


def test_a_long_queue_of_one_account_does_not_hold_up_another(database: Database):
    world = World(database, slots=SMALL)
    for number in range(30):
        add_upload(world, f"a{number:02}", "ann2")
    world.settle()
    world.clock.advance(5)
    add_upload(world, "b", "ben")
    world.settle()
    for _ in range(2):
        world.engine.end_all(lambda _: {})  # they fail, and are tried again later than the others
        world.settle()
    assert "ben" in started_videos(world)[:3]
    world.dispatcher.close()


def test_a_quota_leaves_slots_to_others(database: Database):
    world = World(database, slots=Slots(cpu=4, memory_bytes=8 * 2**30), policy=Policy(account_running=2))
    for number in range(6):
        add_upload(world, f"a{number}", "ann2")
    world.settle()
    assert Counter(started_videos(world)) == {"ann2": 2}
    add_upload(world, "b", "ben")
    world.settle()
    assert Counter(started_videos(world)) == {"ann2": 2, "ben": 1}
    world.dispatcher.close()


def test_lanes_are_found_in_turn(database: Database):
    world = World(database)
    for number in range(7):
        add_upload(world, f"v{number}", f"owner{number}")
    world.engine.slots = Slots(cpu=0, memory_bytes=0)
    world.settle()
    with database.write() as connection:
        assert queue.accounts_with_ready_tasks(connection, "", 3) == ["owner0", "owner1", "owner2"]
        assert queue.accounts_with_ready_tasks(connection, "owner4", 10) == ["owner5", "owner6"]
        now_s = world.clock.now()
        assert [row["account_id"] for row in queue.lane_head(connection, "owner3", now_s, 9, [""])] == ["owner3"]
        assert queue.lane_head(connection, "owner3", now_s, 9, ["ssd"]) == []
        assert [row["account_id"] for row in queue.lane_head(connection, "owner3", now_s, 9, [""], urgent=True)] == ["owner3"]
        assert queue_view.count_unstarted(connection) == 7
        assert sum(row["tasks"] for row in queue_view.count_unfinished(connection)) == 7
        assert len(queue_view.head(connection, 3)) == 3
    world.dispatcher.close()


def test_the_cost_of_a_look_does_not_grow_with_the_queue(database: Database):
    """On SQLite, what placing asks is answered from the small indexes alone; PostgreSQL decides by how many rows there are."""
    if not database.is_sqlite:
        return
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as connection:
        queue.accounts_with_ready_tasks(connection, "", 9)
        queue.lane_head(connection, "a", 1.0, 9, [""])
        queue.lane_head(connection, "a", 1.0, 9, ["", "ssd"], urgent=True)
        queue.next_ready_at(connection, 1.0)
    event.remove(database.engine, "before_cursor_execute", note)
    questions = [question for question in asked if "FROM task" in question[0]]
    with database.read() as connection:
        plans = [" ".join(str(row) for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values)) for sql, values in questions]
    wanted = ("task_lane (account_id>?)", "task_lane (account_id=?)", "task_urgent (account_id=?)", "task_delayed (not_before>?)")
    for plan, index in zip(plans, wanted, strict=True):
        assert index in plan and "task_queue" not in plan and "B-TREE" not in plan, plan


# --- hard limits ---


def test_what_wants_a_tag_waits_for_a_worker_that_carries_it(database: Database):
    world = World(database)
    add_upload(world, "b", "ben")
    world.settle()
    with database.write() as connection:
        (row,) = [task for task in world.tasks() if task["account_id"] == "ben"]
        new = queue.NewTask("tagged", row["run_id"], "x", None, "split", {}, 0.0, 1.0, 2**20, 9.0, tags=("ssd",), account_id="ben")
        queue.add(connection, new, world.clock.now())
    world.settle()
    assert "tagged" not in {task for task, _ in world.engine.started}
    world.engine.slots = world.engine.slots.model_copy(update={"tags": ("eu", "ssd")})
    world.wait(1.0)
    world.settle()
    assert "tagged" in {task for task, _ in world.engine.started}
    world.dispatcher.close()


# --- the failure ladder ---


def test_later_retries_go_to_other_workers(database: Database):
    """Two dispatchers with a worker each: after three failures on one, the other gets the task, though the first is free."""
    world = World(database)
    other_engine = MemoryEngine(Slots(cpu=4, memory_bytes=8 * 2**30), "other")
    other = world.make_dispatcher(other_engine)
    world.clock.advance(11)
    other.step(0)  # it says what it has, and starts nothing: there is nothing
    world.upload_all()
    world.ops.faults = fail_with(MediaToolError("x"), "inspect", times=3)
    for _ in range(3):
        world.settle()
        assert world.task("inspect")["worker"] == "memory"
        world.engine.end_all(world.ops)
    world.settle()
    row = world.task("inspect")
    assert (row["state"], row["failures"], row["failed_on"]) == ("ready", 3, ["memory"])
    world.clock.advance(row["not_before"] - world.clock.now())
    world.settle()
    assert world.task("inspect")["state"] == "ready"
    other._changed = True
    other.step(0)
    assert world.task("inspect")["worker"] == "other"
    other.close()
    world.dispatcher.close()


def test_a_stage_says_how_often_it_is_tried(world: World):
    world.upload_all()
    world.settle()
    with world.database.write() as connection:
        connection.execute(update(task_table).values(retries=1))
    world.ops.faults = fail_with(MediaToolError("x"), "inspect")
    world.work()
    assert (world.state(), world.task("inspect")["attempt"]) == ("failed", 2)


def lose(world: World, op: str, **which: Any) -> None:
    """Attempts of `op` take their worker along; all else is done."""
    world.ops.faults = fail_with(WorkerLostError("the worker process ended without a word", reason="SIGSEGV"), op, **which)


def test_a_poisonous_piece_of_a_high_rung_drops_the_rung(world: World):
    lose(world, "encode", rungs="others", piece=1)
    world.upload_all()
    world.work()
    assert world.state() == "ready"
    row, error = world.task("encode", 1), world.video()["dropped"]["720p"]
    assert (row["attempt"], row["crashes"]) == (3, 2)
    assert (error["code"], error["facts"]["piece"], error["facts"]["crashes"]) == ("pipeline.poison_piece", 1, 3)
    assert error["facts"]["last"]["code"] == "pipeline.worker_lost"
    others = [task for task in world.tasks() if (task["stage"], task["piece"]) != ("encode", 1)]
    assert {task["state"] for task in others} == {"done"}
    assert {task["attempt"] for task in others} == {1}


def test_a_poisonous_piece_of_the_lowest_rung_fails_the_video_with_its_story(world: World):
    lose(world, "encode", rungs="lowest", piece=1)
    world.upload_all()
    world.work()
    error = filled(world.video()["error"])
    assert (world.state(), error["code"], error["stage"], error["piece"]) == ("failed", "pipeline.poison_piece", "encode_low", 1)


def test_crashes_of_a_piece_are_counted_over_its_tasks(world: World):
    """Whatever touches piece 1 crashes: after three crashes in all, each further one is the last of its task."""
    lost = WorkerLostError("x", reason="SIGSEGV")

    def both(work: Work) -> None:
        fail_with(lost, "encode", piece=1)(work)
        fail_with(lost, "audio", piece=1)(work)

    world.ops.faults = both
    world.upload_all()
    world.work()
    attempts = {task["stage"]: task["attempt"] for task in world.tasks() if task["piece"] == 1}
    assert sum(attempts.values()) <= 6
    assert filled(world.video()["error"])["code"] == "pipeline.poison_piece"


# --- quarantine ---


def test_a_worker_that_fails_fast_is_shown_and_slows_down(world: World):
    """It is the only one: it gets one task at a time, and is free again after a good one."""

    def break_all_but_inspect(work: Work) -> None:
        if work.op != "inspect":
            raise MediaToolError("the machine is broken")

    world.ops.faults = break_all_but_inspect
    world.upload_all()
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    assert len(world.engine.open_keys()) == 4
    world.engine.end_all(world.ops)
    world.settle()
    assert len(world.engine.open_keys()) == 1
    world.wait(10.0)
    with world.database.read() as connection:
        (row,) = worker.all_workers(connection)
    assert (row["id"], row["slots"]["cpu"], row["free"]["cpu"]) == ("memory", 4.0, 3.0)
    assert row["quarantined_until"] is not None
    assert row["quarantined_until"] > world.clock.now() and row["reason"] == "4 of its last 5 attempts failed"
    world.ops.faults = lambda _: None
    world.engine.end_all(world.ops)
    world.settle()
    assert len(world.engine.open_keys()) == 4
    world.work()
    assert world.state() == "ready"


def shut_out(world: World) -> float:
    """Make its worker quarantined; until when."""

    def break_all_but_inspect(work: Work) -> None:
        if work.op != "inspect":
            raise MediaToolError("the machine is broken")

    world.ops.faults = break_all_but_inspect
    world.upload_all()
    for _ in range(2):
        world.settle()
        world.engine.end_all(world.ops)
    world.settle()
    world.wait(10.0)
    return the_worker(world)["quarantined_until"]


def the_worker(world: World) -> Mapping[str, Any]:
    with world.database.read() as connection:
        (row,) = worker.all_workers(connection)
    return row


def test_a_quarantine_outlives_its_dispatcher(world: World):
    """Also how long it lasts: a bad probe after the restart doubles it as one before would have."""
    until = shut_out(world)
    assert until > world.clock.now()
    world.restart()
    world.settle()
    assert len(world.engine.open_keys()) == 1
    world.wait(10.0)
    row = the_worker(world)  # the one before speaks no more
    assert (row["quarantined_until"], row["reason"], row["pause_s"]) == (until, "4 of its last 5 attempts failed", 30.0)
    world.clock.advance(until - world.clock.now())
    world.engine.end_all(world.ops)
    world.settle()
    world.wait(10.0)
    world.restart()
    world.settle()
    world.wait(10.0)
    assert the_worker(world)["pause_s"] == 60.0
    world.ops.faults = lambda _: None
    world.engine.end_all(world.ops)
    world.settle()
    assert len(world.engine.open_keys()) == 4
    world.work()
    assert world.state() == "ready"


def test_a_quarantined_worker_is_not_forgotten_while_nobody_speaks_for_it(database: Database):
    row = {"id": "w", "slots": {}, "free": {}, "reason": "bad", "pause_s": 960.0, "overload": 0, "wait_s": 0.0}
    with database.write() as connection:
        worker.replace_all(connection, "one", [{**row, "quarantined_until": 1960.0}], 1000.0, 400.0)
        worker.replace_all(connection, "two", [], 1900.0, 1300.0)
        assert [found["id"] for found in worker.all_workers(connection)] == ["w"]
        worker.replace_all(connection, "two", [], 1970.0, 1370.0)
        assert worker.all_workers(connection) == []


# --- overload ---


def overload(world: World, slot_s: float, waiting: int) -> None:
    """So many tasks wait, and each took so long lately."""
    manager = world.dispatcher._placer._manager
    for _ in range(5):
        manager.costs.record("split", slot_s)
    for number in range(waiting):
        add_upload(world, f"load{number}", "crowd")
    world.settle()
    world.wait(10.0)


def test_new_runs_are_parked_under_overload_and_go_on_by_themselves(database: Database):
    world = World(database, slots=SMALL, policy=Policy(overload=Limits(defer_after_s=100, park_after_s=200)))
    overload(world, slot_s=50.0, waiting=12)
    assert world.dispatcher._placer._manager.level is Level.PARK
    upload_id = world.open()
    world.land(upload_id, 0)
    world.settle()
    assert filled(world.video()["notice"])["code"] == "pipeline.overloaded"
    for index in (1, 2):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, 3)
    world.settle()
    assert [task for task in world.tasks() if task["account_id"] == "a"] == []
    with database.read() as connection:
        assert run.count_parked(connection) == 1
        assert [row["overload"] for row in worker.all_workers(connection)] == [2]
    world.engine.slots = Slots(cpu=8, memory_bytes=8 * 2**30)  # more workers came
    world.wait(10.0)
    for _ in range(40):
        world.settle()
        world.engine.end_all(lambda work: world.ops(work) if VIDEO in work.output_prefix else _refuse())
        world.clock.advance(11)
    world.work()
    assert (world.state(), world.video()["notice"]) == ("ready", None)
    assert world.tracks() == {name: [0, 1, 2] for name in sorted(ALL)}
    world.dispatcher.close()


def test_overload_is_seen_at_once_after_a_restart(database: Database):
    """Runs that wait until there is less to do are not begun only because nobody remembers what tasks take."""
    world = World(database, slots=SMALL, policy=Policy(overload=Limits(defer_after_s=100, park_after_s=200)))
    add_upload(world, "first", "ann2")
    world.settle()
    world.clock.advance(50)
    world.engine.end_all(world.ops)
    world.settle()
    world.wait(10.0)
    for number in range(3):
        add_upload(world, f"load{number}", "crowd")
    world.settle()
    assert count_parked(world) == 3
    world.restart()
    world.wait(10.0)
    assert count_parked(world) == 3
    world.dispatcher.close()


def count_parked(world: World) -> int:
    with world.database.read() as connection:
        return run.count_parked(connection)


def _refuse() -> dict[str, Any]:
    raise UnreadableError("nobody's video")


def test_a_parked_video_can_be_deleted(database: Database):
    world = World(database, slots=SMALL, policy=Policy(overload=Limits(defer_after_s=100, park_after_s=200)))
    overload(world, slot_s=50.0, waiting=12)
    world.upload_all("whole")
    world.settle()
    world.delete()
    world.settle()
    with database.read() as connection:
        assert run.count_parked(connection) == 0
    assert [blob for blob in world.blobs(Bucket.ORIGINAL) if blob.startswith(f"{VIDEO}/")] == []
    world.dispatcher.close()


# --- second chances ---


def test_a_dropped_rung_is_made_again_and_shows_when_it_is_whole(world: World):
    world.ops.faults = fail_with(UnreadableError("x"), "encode", rungs="others", piece=1)
    world.upload_all()
    world.work()
    assert (world.state(), set(world.tracks())) == ("ready", {"240p", "audio"})
    world.ops.faults = lambda _: None
    world.retry(rung="720p")
    world.settle()
    world.engine.end(world.key_of("encode", 0), world.ops)
    world.settle()
    assert (world.state(), world.listed()) == ("ready", {"240p", "audio"})  # it is there in part, and nobody sees it
    world.work()
    assert (world.state(), world.video()["progress"], world.video()["dropped"]) == ("ready", 1.0, {})
    assert world.listed() == ALL
    assert world.tracks() == {name: [0, 1, 2] for name in sorted(ALL)}
    segments = [key for key in world.blobs(Bucket.ENCODED) if key.endswith(".m4s")]
    assert len(segments) == 12


def test_a_rung_that_fails_again_is_dropped_again(world: World):
    world.ops.faults = fail_with(UnreadableError("x"), "encode", rungs="others", piece=1)
    world.upload_all()
    world.work()
    world.retry(piece=1)
    world.work()
    assert (world.state(), set(world.tracks()), set(world.video()["dropped"])) == ("ready", {"240p", "audio"}, {"720p", "480p"})


def test_a_rung_dropped_during_the_upload_can_be_brought_back_before_its_end(world: World):
    world.ops.faults = fail_with(UnreadableError("x"), "encode", times=1, rungs="others", piece=0)
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert set(world.tracks()) == {"240p", "audio"}
    world.retry(rung="480p")
    for index in (1, 2):
        world.land(upload_id, index)
        world.work()
    world.uploads.complete(upload_id, 3)
    world.work()
    assert (world.state(), world.video()["dropped"]) == ("ready", {})
    assert world.tracks() == {name: [0, 1, 2] for name in sorted(ALL)}


@pytest.mark.parametrize("way", ["rung", "task"])
def test_a_rung_dropped_in_one_codec_is_made_again_in_that_codec(way: str, database: Database):
    world = World(database, slots=Slots(cpu=64.0, memory_bytes=2**40), pipeline="premium")
    world.ops.faults = fail_with(UnreadableError("x"), "encode", codec="hevc", piece=1)
    world.upload_all()
    world.work()
    assert (world.state(), set(world.video()["dropped"])) == ("ready", {"720p-hevc", "480p-hevc", "240p-hevc"})
    world.ops.faults = lambda _: None
    before, whole = set(world.ops.ended), world.listed()
    with pytest.raises(ConflictError):
        world.retry(rung="720p")  # in H.264 it is there
    ended = len(world.ops.ended)
    if way == "rung":
        world.retry(rung="720p-hevc")
    else:
        failed = next(row for row in world.tasks() if (row["stage"], row["piece"], row["rung"]) == ("hevc", 1, "720p"))
        with database.write() as connection:
            retry.retry_task(connection, failed, world.clock.now())
    world.work()
    assert (world.state(), set(world.video()["dropped"])) == ("ready", {"480p-hevc", "240p-hevc"})
    assert world.listed() == whole | {"720p-hevc"}
    again = world.ops.ended[ended:]
    assert len(again) == 3 and len(set(again) - before) == 1  # its three pieces, and nothing else
    world.dispatcher.close()


def test_what_did_not_fail_is_not_tried_again(world: World):
    world.upload_all()
    world.work()
    for piece, rung in ((None, None), (None, "720p"), (1, None)):
        with pytest.raises(ConflictError):
            world.retry(piece, rung)


def test_the_pieces_of_a_whole_file_are_gone_when_it_is_ready(world: World):
    world.ops.faults = fail_with(UnreadableError("x"), "encode", rungs="others", piece=1)
    world.upload_all("whole")
    world.work()
    with pytest.raises(ConflictError, match="process the video again"):
        world.retry(rung="720p")


# --- the admin's buttons ---


def test_an_admin_cancels_an_optional_task_and_its_rung_is_dropped(world: World):
    world.upload_all()
    while not any(".encode." in task for task, _ in world.engine.open_keys()):
        world.settle()
        world.engine.end_all(world.ops)
        world.settle()
    key = next(key for key in world.engine.open_keys() if ".encode." in key[0])
    with world.database.write() as connection:
        outbox.emit(connection, CancelTask(video_id=VIDEO, task_id=key[0], attempt=key[1]), world.clock.now())
    world.work()
    assert world.state() == "ready"
    assert {error["code"] for error in world.video()["dropped"].values()} == {"pipeline.task_cancelled"}
    assert world.engine.running() == frozenset()


def test_an_admin_cancels_a_task_that_waits_and_its_video_fails(world: World):
    world.has_room = False
    world.upload_all()
    world.settle()
    with world.database.write() as connection:
        task_id = world.task("inspect")["id"]
        outbox.emit(connection, CancelTask(video_id=VIDEO, task_id=task_id, attempt=0), world.clock.now())
    world.has_room = True
    world.settle()
    assert (world.state(), filled(world.video()["error"])["code"]) == ("failed", "pipeline.task_cancelled")
    world.retry()
    world.work()
    assert world.state() == "ready"


def test_an_admin_lets_a_task_run_now_that_waits_for_its_next_attempt(world: World):
    world.ops.faults = fail_with(MediaToolError("x"), "inspect", times=4)
    world.upload_all()
    world.work()
    row = world.task("inspect")
    assert row["state"] == "ready" and row["not_before"] > world.clock.now()
    with world.database.write() as connection:
        retry.retry_task(connection, queue.get(connection, row["id"]), world.clock.now())
    world.settle()
    assert world.task("inspect")["state"] == "running"


def test_what_an_admin_puts_first_starts_first(database: Database):
    world = World(database, slots=SMALL)
    for number in range(3):
        add_upload(world, f"v{number}", "ann2")
    world.engine.slots = Slots(cpu=0, memory_bytes=0)
    world.settle()
    last = world.tasks()[-1]["id"]
    with database.write() as connection:
        assert queue.set_due_at(connection, last, 0.0, world.clock.now())
    world.engine.slots = SMALL
    world.wait(1.0)
    world.settle()
    assert world.engine.started[0][0] == last
    with database.write() as connection:
        assert not queue.set_due_at(connection, last, 0.0, world.clock.now())
        assert {row["id"] for row in queue_view.running(connection, 9)} == {last}
    world.dispatcher.close()
