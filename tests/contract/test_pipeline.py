"""The dispatcher from landed pieces to a ready video, on both databases; only media, engine and store are twins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest
from sqlalchemy import insert

from tests.contract.pipeline_world import EXPIRE_S, SOURCE, VIDEO, World, fail_with, filled
from tests.harness.pace import patience_s
from tests.memory_engine import MemoryEngine
from yeoul.base.errors import MediaToolError, NotFoundError, StorageError, StorageFullError, UnreadableError, UploadExpiredError
from yeoul.base.ids import TaskId
from yeoul.blob.store import Bucket
from yeoul.catalog.database import Database
from yeoul.catalog.queue import run
from yeoul.catalog.schema.outgoing import outbox as outbox_table
from yeoul.catalog.video import video
from yeoul.model.source import Chapter
from yeoul.model.work import Report, Slots
from yeoul.pipeline import publish
from yeoul.pipeline.task.data import Output

pytestmark = pytest.mark.either

ALL = {"720p", "480p", "240p", "audio"}


@pytest.fixture
def world(database: Database) -> Iterator[World]:
    made = World(database)
    yield made
    made.dispatcher.close()


def assert_ready(world: World, rungs: set[str] = ALL) -> None:
    """Ready, every segment of every rung once and in order, nothing running, nothing left over."""
    row = world.video()
    assert (row["state"], row["progress"], row["error"]) == ("ready", 1.0, None)
    notice = row["notice"] or {"code": None, "facts": {"rungs": []}}
    assert (notice["code"], notice["facts"]["rungs"]) == ("media.rungs_dropped" if row["dropped"] else None, sorted(row["dropped"]))
    assert world.tracks() == {name: list(range(world.pieces)) for name in sorted(rungs)}
    assert {task["state"] for task in world.tasks()} <= {"done", "failed"}
    assert world.pending_events() == []
    assert world.blobs(Bucket.TEMP) == set()
    assert not [key for key in world.blobs(Bucket.ENCODED) if key.endswith("half")]
    segments = [key for key in world.blobs(Bucket.ENCODED) if key.endswith(".m4s")]
    assert len(segments) == world.pieces * len(rungs)


# --- the good path ---


def test_from_the_first_piece_to_ready(world: World):
    upload_id = world.open()
    assert world.state() == "uploading"
    world.land(upload_id, 0)
    world.settle()
    assert [task["stage"] for task in world.tasks()] == ["inspect"]
    world.engine.end_all(world.ops)
    world.settle()
    assert {(task["stage"], task["piece"]) for task in world.tasks()} == {
        ("inspect", None),
        ("poster", None),
        ("encode_low", 0),
        ("audio", 0),
        ("encode", 0),
        ("tiles", 0),
    }
    world.engine.end(world.key_of("encode_low", 0), world.ops)
    world.settle()
    assert world.state() == "uploading"  # without sound it is not playable
    world.engine.end(world.key_of("audio", 0), world.ops)
    world.settle()
    assert (world.state(), world.listed()) == ("playable", {"240p", "audio"})
    world.work()
    assert (world.state(), world.listed()) == ("playable", ALL)
    first_progress = world.video()["progress"]
    assert 0 < first_progress < 0.5  # a third of the bytes is there
    world.land(upload_id, 1)
    world.land(upload_id, 2)
    world.work()
    assert world.state() == "playable"
    world.uploads.complete(upload_id, 3)
    world.work()
    assert_ready(world)
    assert filled(world.video()["playable_at"]) <= filled(world.video()["ready_at"])


def test_an_upload_that_ends_before_anything_is_encoded(world: World):
    world.upload_all()
    world.settle()
    assert world.state() == "processing"
    world.work()
    assert_ready(world)
    assert Counter(world.ops.ended) == dict.fromkeys(world.ops.ended, 1)


@pytest.mark.parametrize("order", [(2, 1, 0), (1, 0, 2), (2, 0, 1)])
def test_pieces_may_land_in_any_order(world: World, order: tuple[int, ...]):
    upload_id = world.open()
    for index in order:
        world.land(upload_id, index)
        world.work()
    world.uploads.complete(upload_id, 3)
    world.work()
    assert_ready(world)


def test_a_whole_file_is_split_here(world: World):
    upload_id = world.upload_all("whole")
    world.settle()
    assert [task["stage"] for task in world.tasks()] == ["split"]
    world.work()
    assert_ready(world)
    assert len(world.blobs(Bucket.ORIGINAL)) == 3
    with world.database.read() as connection:
        current = run.find_of_video(connection, VIDEO)
    assert current and (current["state"], current["upload_id"]) == ("done", upload_id)


def test_pieces_cannot_land_after_the_end(world: World):
    upload_id = world.open()
    for index in range(3):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, 3)
    with pytest.raises(Exception, match="accepts no more pieces"):
        world.land(upload_id, 3)


def test_what_viewers_wait_for_goes_first(database: Database):
    world = World(database, slots=Slots(cpu=1, memory_bytes=2**30))
    world.upload_all()
    order: list[str] = []
    while world.state() != "ready":
        world.settle()
        for key in world.engine.open_keys():
            order.append(key[0].split(".")[1])
            world.engine.end(key, world.ops)
    assert order.index("encode") > max(position for position, stage in enumerate(order) if stage in {"encode_low", "audio"})
    world.dispatcher.close()


def test_progress_reaches_the_row_at_most_once_a_second(world: World):
    world.upload_all()
    world.settle()
    for progress in (0.2, 0.4):
        world.engine.tell_progress(world.key_of("inspect"), progress)
    world.settle()
    assert world.task("inspect")["progress"] == 0.2


def test_an_idle_dispatcher_writes_nothing(world: World):
    world.upload_all()
    world.work()
    watch = world.database.watch()
    for _ in range(5):
        world.dispatcher.step(0)
    assert not watch.wait(0.05)
    watch.close()


# --- failures ---


def test_the_retry_ladder(world: World):
    """Twice at once, six times later and later, then the end."""
    world.ops.faults = fail_with(MediaToolError("crashed"), "encode", rungs="lowest", piece=1)
    world.upload_all()
    attempts: list[float] = []
    for _ in range(20):
        world.work()
        task = world.task("encode_low", 1)
        attempts.append(world.clock.now())
        if task["state"] == "failed":
            break
        assert task["state"] == "ready" and task["not_before"] > world.clock.now()
        world.clock.advance(task["not_before"] - world.clock.now())
    assert (task["attempt"], task["failures"], filled(task["error"])["code"]) == (9, 9, "media.tool_failed")
    for number, (earlier, later) in enumerate(pairwise(attempts)):
        assert 0.75 * 2**number <= later - earlier <= 1.25 * 2**number
    row = world.video()
    assert (row["state"], filled(row["error"])["code"], filled(row["error"])["stage"], filled(row["error"])["piece"]) == (
        "failed",
        "media.tool_failed",
        "encode_low",
        1,
    )
    assert {task["state"] for task in world.tasks()} <= {"done", "failed", "cancelled"}


def test_other_codecs_hold_up_nobody_and_may_fail(database: Database):
    """They are listed when they are whole; one that fails for good is named, and the video is ready without it."""
    world = World(database, slots=Slots(cpu=64.0, memory_bytes=2**40), pipeline="premium")
    world.ops.faults = fail_with(UnreadableError("this piece"), "encode", codec="hevc", piece=1)
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert (world.state(), world.listed()) == ("playable", {"240p", "audio"})  # what others there are is chosen from more pieces
    world.land(upload_id, 1)
    world.land(upload_id, 2)
    world.uploads.complete(upload_id, 3)
    world.settle()
    for stage in ("sample", "choice", "encode"):
        for task in [task for task in world.tasks() if task["stage"] == stage and task["state"] == "running"]:
            world.engine.end((TaskId(task["id"]), task["attempt"]), world.ops)
        world.settle()
    ladder = ("720p", "480p", "240p")
    for piece, listed in ((0, ALL), (1, ALL), (2, ALL | {f"{name}-av1" for name in ladder})):
        for task in [task for task in world.tasks() if (task["stage"], task["piece"]) == ("av1", piece)]:
            world.engine.end((TaskId(task["id"]), task["attempt"]), world.ops)
        world.settle()
        assert world.listed() == listed
    world.work()
    row = world.video()
    assert set(row["dropped"]) == {f"{name}-hevc" for name in ladder}
    assert row["dropped"]["240p-hevc"]["stage"] == "hevc"
    assert_ready(world, ALL | {f"{name}-{codec}" for name in ladder for codec in ("vp9", "av1")})
    world.dispatcher.close()


def test_chapters_of_what_is_shown_take_the_place_of_the_sources(world: World):
    world.upload_all()
    world.work()
    shown = (Chapter(start_s=0.0, end_s=3.5, title="Talk"),)
    with world.database.write() as connection:
        current = run.find_of_video(connection, VIDEO)
        assert current is not None
        publish.publish(connection, current, Output(chapters=shown), world.clock.now())
    assert world.video()["source"] == SOURCE.model_copy(update={"chapters": shown}).model_dump(mode="json")


def test_what_cannot_be_read_fails_at_once(world: World):
    world.ops.faults = fail_with(UnreadableError("no demuxer knows it"), "inspect")
    world.upload_all()
    world.work()
    row = world.video()
    assert (row["state"], filled(row["error"])["code"], filled(row["error"])["stage"]) == ("failed", "media.unreadable", "inspect")
    assert [(task["state"], task["attempt"]) for task in world.tasks()] == [("failed", 1)]


def test_a_failed_video_goes_on_where_it_failed(world: World):
    world.ops.faults = fail_with(UnreadableError("this piece"), "encode", rungs="lowest", piece=1)
    upload_id = world.upload_all("whole")
    world.work()
    assert world.state() == "failed"
    assert upload_id
    before = Counter(world.ops.ended)
    world.ops.faults = lambda _: None
    world.retry()
    world.work()
    assert_ready(world)
    assert Counter(world.ops.ended) - before == Counter(set(world.ops.ended) - set(before))  # what was done is not done again


def test_running_attempts_of_a_failed_video_are_killed(world: World):
    world.upload_all()
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    victim, *others = world.engine.open_keys()
    world.ops.faults = fail_with(UnreadableError("broken"), world.engine.works[victim].op)
    world.engine.end(victim, world.ops)
    world.settle()
    assert world.state() == "failed"
    assert others and world.engine.running() == frozenset()
    assert {task["state"] for task in world.tasks()} == {"done", "failed", "cancelled"}


def test_a_rung_that_fails_for_good_is_dropped(world: World):
    world.ops.faults = fail_with(UnreadableError("poison"), "encode", rungs="others", piece=1)
    world.upload_all()
    world.work()
    assert_ready(world, {"240p", "audio"})
    dropped = world.video()["dropped"]
    assert set(dropped) == {"720p", "480p"}
    assert dropped["720p"]["code"] == "media.unreadable" and dropped["720p"]["stage"] == "encode"


def test_pieces_of_a_dropped_rung_do_not_bring_it_back(world: World):
    """The first piece fails for good while later ones have not landed yet."""
    world.ops.faults = fail_with(UnreadableError("poison"), "encode", rungs="others", piece=0)
    upload_id = world.open()
    for index in range(3):
        world.land(upload_id, index)
        world.work()
        assert set(world.tracks()) == {"240p", "audio"}
    world.uploads.complete(upload_id, 3)
    world.work()
    assert_ready(world, {"240p", "audio"})


def test_a_failed_poster_is_no_reason_to_fail(world: World):
    world.ops.faults = fail_with(UnreadableError("black"), "poster")
    world.upload_all()
    world.work()
    assert_ready(world)
    assert world.video()["poster_key"] is None and world.video()["dropped"] == {}


def test_a_full_store_holds_up_and_uses_no_retry(world: World):
    world.ops.faults = fail_with(StorageFullError("no room"), "encode", times=40, rungs="lowest", piece=0)
    world.upload_all()
    world.work()
    assert filled(world.video()["notice"])["code"] == "storage.full"
    for _ in range(40):
        world.wait(2.0)
        world.work()
    row = world.task("encode_low", 0)
    assert (row["state"], row["attempt"], row["failures"], row["tries"]) == ("done", 41, 0, 1)
    assert_ready(world)


def test_without_room_nothing_starts(world: World):
    world.has_room = False
    world.upload_all()
    world.settle()
    assert world.engine.started == []
    world.has_room = True
    world.wait(1.0)
    world.work()
    assert_ready(world)


def test_a_lost_worker_is_replaced(world: World):
    world.upload_all()
    world.settle()
    world.engine.lose(world.key_of("inspect"))
    world.settle()
    assert world.task("inspect")["attempt"] == 2
    world.work()
    assert_ready(world)


def test_an_op_that_gives_back_nonsense_fails_its_task_alone(world: World):
    world.upload_all()
    world.settle()
    world.engine.end(world.key_of("inspect"), lambda _: {"tracks": "none", "what": 1})
    world.settle()
    row = world.task("inspect")
    assert (row["failures"], filled(row["error"])["code"]) == (1, "pipeline.task_crashed")
    world.engine.end(world.key_of("inspect"), lambda _: {})  # no source, no ladder
    world.settle()
    assert world.task("inspect")["failures"] == 2
    world.work()
    assert_ready(world)


def test_reports_that_mean_nothing_are_dropped(world: World):
    for kind in ("done", "failed", "lost", "progress"):
        world.engine.repeat(Report(kind=kind, task="nobody", attempt=1, worker="memory"))
    world.upload_all()
    world.work()
    assert_ready(world)


def test_a_report_that_comes_twice_counts_once(world: World):
    world.upload_all()
    world.settle()
    key = world.key_of("inspect")
    world.engine.end(key, world.ops)
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    task, attempt = world.engine.started[2]
    outputs = next(row["outputs"] for row in world.tasks() if row["id"] == task)
    world.engine.repeat(Report(kind="done", task=task, attempt=attempt, worker="memory", outputs=outputs))
    world.engine.repeat(Report(kind="lost", task=task, attempt=attempt, worker="memory"))
    world.work()
    assert_ready(world)


def test_an_attempt_that_vanished_is_found_by_the_heartbeat(world: World):
    world.upload_all()
    world.settle()
    world.engine.drop_quietly(world.key_of("inspect"))
    world.settle()
    assert world.task("inspect")["attempt"] == 1
    world.wait(10.0)
    world.settle()
    assert world.task("inspect")["attempt"] == 2
    world.work()
    assert_ready(world)


def test_a_clock_that_is_set_back_holds_up_nobody(world: World):
    """Neither the heartbeat nor what was put off waits until the clock is where it was."""
    world.upload_all()
    world.settle()
    world.ops.faults = fail_with(MediaToolError("broken"), "inspect", times=3)
    for _ in range(3):
        world.engine.end_all(world.ops)
        world.settle()
    assert world.task("inspect")["state"] == "ready", "the third attempt is put off"
    world.wait(-7200.0)
    world.settle()
    assert world.task("inspect")["state"] == "running"
    world.engine.drop_quietly(world.key_of("inspect"))
    world.wait(-7200.0)
    world.settle()
    assert world.task("inspect")["failures"] == 4
    world.wait(60.0)
    world.work()
    assert_ready(world)


def insert_event(world: World, topic: str, video_id: str, payload: dict[str, Any]) -> None:
    """Adds a row to the outbox as no program of ours writes it."""
    with world.database.write() as connection:
        row = {"topic": topic, "video_id": video_id, "payload": payload, "not_before": 0.0, "created_at": world.clock.now()}
        connection.execute(insert(outbox_table).values(**row))


def test_an_event_that_can_never_be_handled_fails_its_video_alone(world: World):
    for topic, video_id in (("piece.landed", VIDEO), ("upload.closed", "nobody"), ("no.such.topic", "nobody")):
        insert_event(world, topic, video_id, {"no": "upload"})
    world.settle()
    assert (world.state(), world.pending_events()) == ("failed", [])
    assert filled(world.video()["error"])["code"] == "internal.error"


@pytest.mark.parametrize("payload", [{}, {"what": "everything"}, {"what": ["all"]}, {"what": "all", "and": "more"}])
def test_a_wrong_event_about_objects_holds_up_no_other(world: World, payload: dict[str, Any]):
    world.upload_all()
    insert_event(world, "blobs.free", VIDEO, payload)
    world.work()
    assert_ready(world)
    world.delete()
    world.settle()
    assert not any(world.blobs(bucket) for bucket in Bucket)


def test_freeing_waits_while_the_store_is_away(world: World, monkeypatch: pytest.MonkeyPatch):
    world.upload_all()
    with monkeypatch.context() as away:

        def refuse(*_: object) -> int:
            raise StorageError("the store is away")

        away.setattr(world.store, "delete_prefix", refuse)
        world.work()
        assert world.state() == "ready"
        assert any(key.endswith("half") for key in world.blobs(Bucket.ENCODED))
    world.wait(1.0)
    world.settle()
    assert_ready(world)


# --- uploads that nobody goes on with ---


def upload_state(world: World, upload_id: str) -> str:
    return world.uploads.status(upload_id)[0]["state"]


def test_an_upload_that_nobody_goes_on_with_is_given_up(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    assert world.state() == "playable"
    world.wait(EXPIRE_S - 1)
    assert upload_state(world, upload_id) == "open"
    world.wait(301)
    world.settle()
    row = world.video()
    assert (row["state"], filled(row["error"])["code"], upload_state(world, upload_id)) == ("failed", "upload.expired", "expired")
    world.wait(300)
    world.settle()
    assert [world.blobs(bucket) for bucket in Bucket] == [set(), set(), set()]
    assert (world.tasks(), world.tracks(), world.uploads.status(upload_id)[1]) == ([], {}, [])
    assert (world.video()["poster_key"], world.pending_events()) == (None, [])


def test_who_comes_back_too_late_is_told(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    world.wait(EXPIRE_S + 301)
    for come_back in (
        world.open,
        lambda: world.land(upload_id, 1),
        lambda: world.uploads.land(upload_id, [0]),
        lambda: world.uploads.complete(upload_id, 1),
    ):
        with pytest.raises(UploadExpiredError, match="upload the file again"):
            come_back()
        world.wait(300)


def test_an_upload_of_which_nothing_landed_leaves_nothing(world: World):
    upload_id = world.open()
    world.declare(upload_id, 0)
    world.put(upload_id, 0)  # and never reported
    world.wait(EXPIRE_S + 301)
    world.settle()
    with pytest.raises(NotFoundError):
        world.video()
    with pytest.raises(NotFoundError):
        world.uploads.status(upload_id)
    assert (world.blobs(Bucket.ORIGINAL), world.pending_events()) == (set(), [])


def test_a_video_that_never_gets_an_upload_is_dropped(world: World):
    world.wait(EXPIRE_S - 1)
    assert world.state() == "created"
    world.wait(301)
    with pytest.raises(NotFoundError):
        world.video()


@pytest.mark.parametrize("sign", ["a piece lands", "an address is asked for", "the title is edited"])
def test_every_sign_of_life_keeps_an_upload(world: World, sign: str):
    upload_id = world.open()
    world.land(upload_id, 0)
    world.work()
    world.wait(EXPIRE_S - 400)
    if sign == "a piece lands":
        world.land(upload_id, 1)
    elif sign == "an address is asked for":
        world.declare(upload_id, 1)
    else:
        with world.database.write() as connection:
            video.change(connection, VIDEO, {"title": "still here"}, world.clock.now())
    world.wait(EXPIRE_S - 400)
    assert upload_state(world, upload_id) == "open"
    for index in (1, 2):
        world.land(upload_id, index)
    world.uploads.complete(upload_id, 3)
    world.work()
    assert_ready(world)


def test_what_is_complete_or_deleted_never_expires(world: World):
    world.upload_all()
    world.work()
    world.wait(EXPIRE_S + 301)
    world.settle()
    assert_ready(world)
    world.delete()
    world.settle()
    world.wait(EXPIRE_S + 301)
    assert world.pending_events() == []


# --- deletion ---


@pytest.mark.parametrize("rounds", range(6))
def test_a_deleted_video_leaves_nothing(world: World, rounds: int):
    world.upload_all("whole" if rounds % 2 else "pieces")
    for _ in range(rounds):
        world.settle()
        world.engine.end_all(world.ops)
    world.delete()
    # What ran ends after the deletion, and may write until then.
    world.engine.end_all(world.ops)
    world.settle()
    world.work()
    assert [world.blobs(bucket) for bucket in Bucket] == [set(), set(), set()]
    assert world.engine.running() == frozenset()
    assert {task["state"] for task in world.tasks()} <= {"done", "cancelled", "failed"}
    assert world.pending_events() == []


def test_an_optional_failure_after_the_deletion_holds_up_nobody(world: World):
    world.upload_all()
    world.settle()
    world.engine.end_all(world.ops)
    world.settle()
    while not any(".encode." in task for task, _ in world.engine.open_keys()):
        world.engine.end_all(world.ops)
        world.settle()
    world.ops.faults = fail_with(UnreadableError("poison"), "encode", rungs="others")
    world.delete()
    world.engine.end_all(world.ops)
    world.settle()
    assert world.blobs(Bucket.ENCODED) == set()
    assert world.pending_events() == []


# --- death of the dispatcher ---


def _steps(world: World) -> Iterator[None]:
    """A whole life in single turns, each of which may be the last of a dispatcher."""
    upload_id = world.open()
    yield
    for index in (1, 0, 2):
        world.land(upload_id, index)
        yield
        for _ in range(2):
            world.dispatcher.step(0)
            yield
        world.engine.end_all(world.ops)
        yield
        world.dispatcher.step(0)
        yield
    world.uploads.complete(upload_id, 3)
    for _ in range(60):
        yield
        world.dispatcher.step(0)
        yield
        world.engine.end_all(world.ops)
        if world.state() == "ready":
            return


@pytest.mark.slow
def test_a_dispatcher_may_die_at_every_step(database: Database):
    """The run always ends ready, nothing is published twice, nothing stays running."""
    life = World(database)
    total = sum(1 for _ in _steps(life))
    life.dispatcher.close()
    assert total > 20
    for fatal in range(0, total, 1 if database.is_sqlite else 3):  # the steps are the same, the databases differ
        _empty(database)
        world = World(database)
        for number, _ in enumerate(_steps(world)):
            if number == fatal:
                world.restart()
        world.work()
        assert_ready(world)
        assert Counter(task["id"] for task in world.tasks()).most_common(1)[0][1] == 1
        world.dispatcher.close()


def _empty(database: Database) -> None:
    from yeoul.catalog.schema.base import metadata

    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())


def test_a_task_that_kills_whoever_runs_it_ends(world: World):
    upload_id = world.open()
    world.land(upload_id, 0)
    for _ in range(21):
        world.settle()
        assert world.task("inspect")["state"] == "running"
        world.restart()
    world.settle()
    row = world.video()
    assert (row["state"], filled(row["error"])["code"]) == ("failed", "pipeline.worker_lost")
    assert (world.task("inspect")["attempt"], world.task("inspect")["state"]) == (21, "failed")
    world.retry()
    world.work()
    assert world.state() == "playable"


# --- two dispatchers ---


def test_two_dispatchers_share_the_work(database: Database):
    world = World(database, pieces=6, slots=Slots(cpu=2, memory_bytes=4 * 2**30))
    other_engine = MemoryEngine(Slots(cpu=2, memory_bytes=4 * 2**30), "other")
    other = world.make_dispatcher(other_engine)
    world.upload_all()
    until_s = monotonic() + patience_s()  # news between the two take real time
    while world.state() != "ready" and monotonic() < until_s:
        for dispatcher in (other, world.dispatcher):
            dispatcher.step(0)
        world.engine.end_all(world.ops)
        other_engine.end_all(world.ops)
    world.settle()
    assert_ready(world)
    assert set(world.engine.started) & set(other_engine.started) == set()
    assert len(world.engine.started) > 5 and len(other_engine.started) > 5
    assert Counter(world.ops.ended) == dict.fromkeys(world.ops.ended, 1)
    other.close()
    world.dispatcher.close()


def test_the_work_of_a_dead_dispatcher_goes_to_the_other(database: Database):
    world = World(database)
    world.upload_all()
    world.settle()
    dead_engine, dead = world.engine, world.dispatcher
    assert dead_engine.open_keys()
    world.start()
    world.settle()
    assert world.engine.started == []
    world.clock.advance(61)
    world.work()
    assert_ready(world)
    # The one that was believed dead comes back: what it did does not count, and it does not go on with it.
    key = dead_engine.open_keys()[0]
    dead_engine.end(key, world.ops)
    before = world.blobs(Bucket.ENCODED)
    dead.step(0)
    assert dead_engine.running() == frozenset()
    assert {blob for blob in before if "half" not in blob} == world.blobs(Bucket.ENCODED)
    assert_ready(world)
    dead.close()
    world.dispatcher.close()


def test_a_dispatcher_that_drains_hands_its_tasks_back(database: Database):
    """Another has them at once, and the attempt was nobody's failure; what the first still says changes nothing."""
    world = World(database)
    world.upload_all()
    world.settle()
    (key,) = world.engine.open_keys()
    old, old_engine = world.dispatcher, world.engine
    old.stop_starting()
    old.release_all()
    row = world.task("inspect")
    assert (row["state"], row["owner"], row["lease_until"], row["tries"], row["failures"]) == ("ready", None, None, 0, 0)
    world.start()
    world.settle()
    assert world.key_of("inspect") == (key[0], key[1] + 1)
    old_engine.end(key, world.ops)
    old.step(0)
    assert world.task("inspect")["state"] == "running"
    old.close()
    world.work()
    assert_ready(world)
    world.dispatcher.close()


def test_what_was_lost_to_another_is_killed(database: Database):
    world = World(database)
    world.upload_all()
    world.settle()
    late_engine, late = world.engine, world.dispatcher
    world.start()
    world.clock.advance(61)
    world.settle()
    assert world.engine.open_keys()
    late.step(0)
    late.step(0)
    assert late_engine.running() == frozenset()
    world.work()
    assert_ready(world)
    late.close()
    world.dispatcher.close()


def test_a_task_larger_than_the_machine_runs_alone(database: Database):
    world = World(database, slots=Slots(cpu=0.5, memory_bytes=256 * 2**20))
    world.upload_all()
    world.work()
    assert_ready(world)
    world.dispatcher.close()


def test_what_is_written_after_a_deletion_is_freed(database: Database):
    """Another dispatcher handles the deletion while ours has attempts running; their outputs come late."""
    world = World(database)
    world.upload_all()
    while not any(".encode" in task for task, _ in world.engine.open_keys()):
        world.engine.end_all(world.ops)
        world.settle()
    late_engine, late = world.engine, world.dispatcher
    world.start()
    world.delete()
    world.settle()
    assert world.blobs(Bucket.ORIGINAL) == set()
    for work in late_engine.works.values():
        world.store.put_bytes(Bucket.ENCODED, f"{VIDEO}/init/late.mp4", b"init")
        world.store.put_bytes(Bucket.ENCODED, f"{work.output_prefix}late.m4s", b"media")
    for key in late_engine.open_keys():
        late_engine.end(key, lambda _: {})
    late.step(0)
    assert world.blobs(Bucket.ENCODED) == set()
    late.close()
    world.dispatcher.close()
