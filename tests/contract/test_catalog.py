"""What the catalogue promises, on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from select import select as select_ready
from typing import Any

import pytest
from sqlalchemy import Connection, event, insert, text

from yeoul.base.clock import ManualClock
from yeoul.base.errors import ConflictError, HandleTakenError, NotFoundError, StorageFullError, UnavailableError
from yeoul.catalog import postgresql
from yeoul.catalog.account import account
from yeoul.catalog.database import Database
from yeoul.catalog.due_turns import DueTurns
from yeoul.catalog.migrate import migrate
from yeoul.catalog.queue import batch, lease, outbox, result, run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.videos import video as video_table
from yeoul.catalog.video import caption, listing, stream, upload, version, video
from yeoul.model.event import TaskEnded
from yeoul.model.rendition import Rendition, Segment
from yeoul.model.video import VideoState

NOW = 1_800_000_000.0
LOST = {"code": "pipeline.worker_lost", "message": "gone", "facts": {}, "retryable": True}


def add_video(database: Database, video_id: str = "v", created_at: float = NOW, **values: Any) -> None:
    with database.write() as connection:
        if account.find_by_handle(connection, "ann") is None:
            account.add_account(connection, "a", "ann", "ann@example.org", "hash", "user", NOW)
        row = {"id": video_id, "owner_id": "a", "title": "", "description": "", "visibility": "public", "pipeline": "standard", **values}
        video.add(connection, row, created_at)


def add_run(database: Database, run_id: str = "r", video_id: str = "v") -> None:
    add_video(database, video_id)
    with database.write() as connection:
        upload.add(connection, upload_row(f"u-{run_id}", video_id), NOW)
        assert run.add(connection, run_id, video_id, f"u-{run_id}", {}, NOW)


def upload_row(upload_id: str = "u", video_id: str = "v") -> dict[str, Any]:
    return {
        "id": upload_id,
        "video_id": video_id,
        "mode": "pieces",
        "file_name": "a.mp4",
        "size_bytes": 100,
        "fingerprint": "f",
        "source": None,
    }


def new_task(task_id: str, *, due_at: float = NOW, needs: tuple[str, ...] = (), optional: bool = False, run_id: str = "r") -> queue.NewTask:
    plain = (task_id, run_id, task_id, None, "op", {"x": 1}, due_at, 1.0, 2**20, 10.0)
    return queue.NewTask(*plain, optional=optional, needs=needs, account_id="a")


def add_tasks(database: Database, *tasks: queue.NewTask) -> None:
    with database.write() as connection:
        for task in tasks:
            queue.add(connection, task, NOW)


def ready(database: Database, now_s: float = NOW) -> list[str]:
    with database.write() as connection:
        return [row["id"] for row in queue.ready_tasks(connection, now_s, 100)]


def claim(database: Database, task_id: str, owner: str = "me", lease_until: float = NOW + 60) -> int:
    with database.write() as connection:
        return batch.claim_all(connection, {task_id: "w"}, owner, lease_until, NOW)[task_id]["attempt"]


def state(database: Database, task_id: str) -> str:
    with database.read() as connection:
        return next(row["state"] for row in queue_view.of_run(connection, "r") if row["id"] == task_id)


def finish(database: Database, task_id: str, attempt: int, owner: str = "me") -> bool:
    with database.write() as connection:
        return lease.finish(connection, task_id, attempt, owner, {"made": task_id}, 1.5, NOW + 1)


def fail(database: Database, task_id: str, attempt: int, owner: str = "me") -> bool:
    with database.write() as connection:
        return lease.fail(connection, task_id, attempt, owner, LOST, 1.0, NOW + 1)


# --- accounts and sessions ---


def test_handles_and_confirmed_addresses_belong_to_one_account(database: Database):
    with database.write() as connection:
        account.add_account(connection, "1", "ann", "ann@example.org", "hash", "user", NOW, confirmed_at=NOW)
    for handle, email in (("ann", "other@example.org"), ("other", "ann@example.org")):
        with pytest.raises(HandleTakenError), database.write() as connection:
            account.add_account(connection, "2", handle, email, "hash", "user", NOW, confirmed_at=NOW)
    with database.read() as connection:
        assert account.count(connection) == 1


def test_two_who_want_one_handle_at_the_same_time(database: Database):
    def sign_up(number: int) -> bool:
        try:
            with database.write() as connection:
                account.add_account(connection, str(number), "ann", f"{number}@example.org", "hash", "user", NOW)
        except HandleTakenError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(sign_up, range(6))) == [False] * 5 + [True]


# --- videos ---


def test_a_video_goes_only_where_it_may(database: Database):
    add_video(database)
    with database.write() as connection:
        assert video.change_state(connection, "v", VideoState.UPLOADING, NOW + 1)
        assert not video.change_state(connection, "v", VideoState.UPLOADING, NOW + 2)
        with pytest.raises(ConflictError, match="uploading and cannot become created"):
            video.change_state(connection, "v", VideoState.CREATED, NOW)
        assert video.change_state(connection, "v", VideoState.READY, NOW + 3, ready_at=NOW + 3)
        with pytest.raises(NotFoundError):
            video.change_state(connection, "nobody", VideoState.READY, NOW)
        row = video.get(connection, "v")
    assert (row["state"], row["ready_at"], row["version"], row["owner_handle"]) == ("ready", NOW + 3, 3, "ann")


def test_every_change_has_a_version_and_deleted_videos_are_gone(database: Database):
    add_video(database)
    with database.write() as connection:
        video.change(connection, "v", {"title": "여울", "notice": LOST}, NOW)
        assert version.find(connection, "v") == 2
        assert video.get(connection, "v")["notice"] == LOST
        video.change_state(connection, "v", VideoState.DELETED, NOW)
        assert video.find(connection, "v") is None
        with pytest.raises(NotFoundError):
            video.lock(connection, "v")
        assert version.find(connection, "v") == 3


def test_pages_neither_miss_nor_repeat_while_videos_come_in(database: Database):
    for number in range(10):
        add_video(database, f"v{number}", NOW + number // 2)  # two of each second
    seen: list[str] = []
    before = None
    for turn in range(5):
        with database.read() as connection:
            rows = video.page(connection, "a", before, 2)
        seen += [row["id"] for row in rows]
        before = (rows[-1]["created_at"], rows[-1]["id"])
        add_video(database, f"new{turn}", NOW + 100 + turn)
    assert seen == [f"v{number}" for number in reversed(range(10))]


def test_the_feed_shows_what_everyone_may_watch(database: Database):
    for number, (visibility, moves) in enumerate(
        [
            ("public", ["uploading", "playable"]),
            ("private", ["uploading", "ready"]),
            ("unlisted", ["uploading", "ready"]),
            ("public", ["uploading"]),
            ("public", ["uploading", "ready"]),
            ("public", ["uploading", "ready", "deleted"]),
        ]
    ):
        add_video(database, f"v{number}", NOW + number, visibility=visibility)
        with database.write() as connection:
            for move in moves:
                video.change_state(connection, f"v{number}", VideoState(move), NOW)
    with database.read() as connection:
        assert [row["video_id"] for row in listing.newest(connection, None, 10)] == ["v4", "v0"]
        assert [row["id"] for row in video.page(connection, "a", None, 10)] == ["v4", "v3", "v2", "v1", "v0"]


def test_captions_are_replaced_as_a_whole(database: Database):
    add_video(database)
    captions = [{"name": name, "language": "en", "label": name, "webvtt": "WEBVTT"} for name in ("text0", "text1")]
    with database.write() as connection:
        caption.set_from_file(connection, "v", captions)
        caption.set_from_file(connection, "v", captions[1:])
        assert [row["name"] for row in caption.of_video(connection, "v")] == ["text1"]


# --- uploads ---


def piece_row(index: int, **values: Any) -> dict[str, Any]:
    return {"index": index, "piece": {"index": index}, "bucket": "original", "key": f"k{index}", "size_bytes": 10, "sha256": "s", **values}


def test_pieces_land_once_and_change_only_before(database: Database):
    add_video(database)
    with database.write() as connection:
        upload.add(connection, upload_row(), NOW)
        upload.declare(connection, "u", "piece", [piece_row(2), piece_row(0), piece_row(1)])
        upload.declare(connection, "u", "piece", [piece_row(1, key="late")])
        upload.declare(connection, "u", "part", [piece_row(0, bucket="temp", landed_at=NOW)])
        upload.redeclare(connection, "u", "piece", 0, {"key": "k0b"})
        assert upload.mark_landed(connection, "u", "piece", 0, NOW)
        assert not upload.mark_landed(connection, "u", "piece", 0, NOW + 5)
        upload.redeclare(connection, "u", "piece", 0, {"key": "k0c"})
        assert upload.mark_landed(connection, "u", "piece", 2, NOW)
    with database.read() as connection:
        assert [row["key"] for row in upload.pieces(connection, "u", "piece")] == ["k0b", "k1", "k2"]
        assert [row["index"] for row in upload.pieces(connection, "u", "piece", [2, 1])] == [1, 2]
        assert upload.landed_indexes(connection, "u", "piece") == [0, 2]
        assert upload.landed_bytes(connection, "u") == 20  # not what the server cut itself
    with database.write() as connection:
        assert upload.close(connection, "u", NOW)
        assert not upload.close(connection, "u", NOW)
        assert upload.lock(connection, "u")["state"] == "closed"
        with pytest.raises(NotFoundError):
            upload.get(connection, "nobody")


def test_what_has_lived_too_long_is_found_by_index(database: Database):
    """The sweep looks for it every few minutes, however many uploads and videos there are."""
    asked: list[tuple[str, Any]] = []

    def listen(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    add_video(database)
    for number, state in enumerate(["open"] * 3 + ["closed"] * 300):
        add_video(database, f"v{number}")
        with database.write() as connection:
            upload.add(connection, upload_row(f"u{number}", f"v{number}"), NOW + number)
            if state == "closed":
                upload.close(connection, f"u{number}", NOW)
            video.change_state(connection, f"v{number}", VideoState.UPLOADING, NOW)
    with database.read() as connection:
        event.listen(database.engine, "before_cursor_execute", listen)
        assert upload.find_stale(connection, NOW + 2, 10) == ["u0", "u1"]
        assert upload.find_stale(connection, NOW + 2, 1) == ["u0"]
        assert upload.find_stale(connection, NOW, 10) == []
        assert (video.find_unused(connection, NOW, 10), video.find_unused(connection, NOW + 1, 10)) == ([], ["v"])
        event.remove(database.engine, "before_cursor_execute", listen)
        explain = "EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN "
        if not database.is_sqlite:
            connection.execute(text("SET enable_seqscan = off"))  # which it would choose for so few rows
        plans = [str(connection.exec_driver_sql(explain + statement, parameters).all()) for statement, parameters in asked]
    assert "upload_life" in plans[0] and "video_unused" in plans[-1], plans


# --- runs ---


def test_an_upload_has_one_run_which_ends_once(database: Database):
    add_run(database)
    with database.write() as connection:
        assert not run.add(connection, "again", "v", "u-r", {}, NOW)
        assert run.end(connection, "r", "failed", NOW)
        assert not run.end(connection, "r", "done", NOW)
        run.reopen(connection, "r")
        run.change(connection, "r", ladder=[{"name": "240p"}])
        row = run.lock_of_upload(connection, "u-r")
        newest = run.find_of_video(connection, "v")
    assert row and newest
    assert (row["id"], row["state"], row["version"], row["ladder"]) == ("r", "open", 3, [{"name": "240p"}])
    assert newest["id"] == "r"


# --- the queue ---


def test_adding_twice_adds_once(database: Database):
    add_run(database)
    with database.write() as connection:
        assert queue.add(connection, new_task("a"), NOW)
        assert not queue.add(connection, new_task("a", due_at=NOW + 9), NOW)
    assert ready(database) == ["a"]


def test_tasks_wait_for_all_their_needs(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"), new_task("b"), new_task("c", needs=("a", "b", "a")), new_task("d", needs=("c",)))
    assert ready(database) == ["a", "b"]
    assert finish(database, "a", claim(database, "a"))
    assert ready(database) == ["b"]
    assert finish(database, "b", claim(database, "b"))
    assert ready(database) == ["c"]
    add_tasks(database, new_task("e", needs=("a", "c")))
    with database.read() as connection:
        needs = result.outputs_of_needs(connection, ["c"])["c"]
    assert [(row["stage"], row["state"], row["outputs"]) for row in needs] == [("a", "done", {"made": "a"}), ("b", "done", {"made": "b"})]
    assert finish(database, "c", claim(database, "c"))
    assert ready(database) == ["d", "e"]


def test_a_need_that_does_not_exist_is_refused(database: Database):
    add_run(database)
    with pytest.raises(Exception, match=r"(?i)foreign key"):
        add_tasks(database, new_task("a", needs=("nobody",)))
    assert ready(database) == []


def test_the_earliest_deadline_comes_first(database: Database):
    add_run(database)
    add_tasks(database, new_task("late", due_at=NOW + 60), new_task("b"), new_task("a"), new_task("early", due_at=NOW - 1))
    assert ready(database) == ["early", "a", "b", "late"]


def test_many_claim_at_once_and_each_task_goes_to_one(database: Database):
    add_run(database)
    add_tasks(database, *(new_task(f"t{number:02d}") for number in range(24)))
    start = threading.Barrier(4)

    def work(owner: str) -> list[str]:
        start.wait()
        mine: list[str] = []
        while True:
            with database.write() as connection:
                rows = queue.ready_tasks(connection, NOW, 3)
                mine += batch.claim_all(connection, {row["id"]: "w" for row in rows}, owner, NOW + 60, NOW)
            if not rows:
                return mine

    with ThreadPoolExecutor(4) as pool:
        claimed = [task for mine in pool.map(work, "abcd") for task in mine]
    # On PostgreSQL a claimer may see nothing while others hold the last rows; then those others have them.
    assert sorted(claimed) == [f"t{number:02d}" for number in range(24)]


def test_claiming_the_same_task_by_name_succeeds_once(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"))

    def attempt(owner: str) -> list[int]:
        with database.write() as connection:
            return [row["attempt"] for row in batch.claim_all(connection, {"a": "w"}, owner, NOW + 60, NOW).values()]

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(attempt, "abcdef"))
    assert sorted(results) == [[]] * 5 + [[1]]


def test_tasks_that_end_together_are_fenced_each(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"), new_task("b"), new_task("c", needs=("a", "b")))
    first, second = claim(database, "a"), claim(database, "b")
    with database.write() as connection:
        assert [row["id"] for row in batch.lock_owned(connection, {"a": first, "b": second}, "me")] == ["a", "b"]
        assert [row["id"] for row in batch.lock_owned(connection, {"a": first, "b": second + 1}, "me")] == ["a"]
        assert batch.lock_owned(connection, {"a": first, "b": second}, "you") == []
    for attempts, owner in (((first, second + 1), "me"), ((first, second), "you")):
        done = [batch.FinishedAttempt(task, attempt, {}) for task, attempt in zip("ab", attempts, strict=True)]
        with pytest.raises(ConflictError), database.write() as connection:
            batch.finish_all(connection, done, owner, NOW)
    assert [state(database, task) for task in "abc"] == ["running", "running", "waiting"]
    with database.write() as connection:
        batch.finish_all(connection, [batch.FinishedAttempt("a", first, {"x": 1}), batch.FinishedAttempt("b", second, {})], "me", NOW)
    assert [state(database, task) for task in "abc"] == ["done", "done", "ready"]


@pytest.mark.parametrize("late", ["finish", "put_back", "fail", "progress"])
def test_who_lost_an_attempt_changes_nothing(database: Database, late: str):
    add_run(database)
    add_tasks(database, new_task("a"), new_task("b", needs=("a",)))
    old = claim(database, "a", "old", NOW + 60)
    with database.write() as connection:
        assert [(row["id"], row["attempt"]) for row in lease.reclaim_expired(connection, NOW + 61, 21)] == [("a", 1)]
    new = claim(database, "a", "new")
    assert (old, new) == (1, 2)
    with database.write() as connection:
        before = queue_view.of_run(connection, "r")
        if late == "put_back":
            assert not lease.retry_later(connection, "a", old, "old", LOST, not_before=NOW, uses_retry=True, now_s=NOW + 9)
        if late == "progress":
            lease.set_progress(connection, "a", old, "old", 0.5, NOW + 9)
    assert late != "finish" or not finish(database, "a", old, "old")
    assert late != "fail" or not fail(database, "a", old, "old")
    with database.read() as connection:
        assert queue_view.of_run(connection, "r") == before
    assert not finish(database, "a", new, "old")
    assert finish(database, "a", new, "new")
    assert not finish(database, "a", new, "new")
    assert ready(database) == ["b"]


def test_a_failed_attempt_waits_and_counts(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"))
    for counts in (True, False):
        attempt = claim(database, "a")
        with database.write() as connection:
            assert lease.retry_later(connection, "a", attempt, "me", LOST, not_before=NOW + 5, uses_retry=counts, now_s=NOW)
    assert ready(database, NOW + 4.9) == []
    with database.read() as connection:
        assert queue.next_ready_at(connection, NOW) == NOW + 5
        assert queue.next_ready_at(connection, NOW + 5) is None
        row = queue_view.of_run(connection, "r")[0]
    assert (row["attempt"], row["tries"], row["failures"], row["error"], row["owner"]) == (2, 1, 1, LOST, None)
    assert ready(database, NOW + 5) == ["a"]


def test_heartbeats_keep_leases(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"), new_task("b"), new_task("c"))
    claim(database, "a", "alive")
    claim(database, "b", "dead")
    with database.write() as connection:
        assert lease.extend(connection, "alive", NOW + 120) == 1
        assert lease.running_attempts(connection, "alive") == {("a", 1)}
        assert lease.reclaim_expired(connection, NOW + 60, 21) == []
        assert [row["id"] for row in lease.reclaim_expired(connection, NOW + 61, 21)] == ["b"]
    assert ready(database) == ["b", "c"]


def test_the_only_dispatcher_takes_back_at_once(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"), new_task("b"))
    claim(database, "a", "before")
    claim(database, "b", "me")
    with database.write() as connection:
        assert [row["id"] for row in lease.reclaim_expired(connection, NOW, 21, "me")] == ["a"]


def test_who_was_lost_too_often_is_not_taken_back(database: Database):
    add_run(database)
    add_tasks(database, new_task("a"))
    for _ in range(3):
        claim(database, "a", "dead", NOW)
        with database.write() as connection:
            taken = lease.reclaim_expired(connection, NOW + 1, 3)
    with database.write() as connection:
        exhausted = lease.find_exhausted(connection, NOW + 1, 3)
        assert lease.find_exhausted(connection, NOW, 3) == []
    assert taken == []
    assert exhausted == [{"id": "a", "run_id": "r", "attempt": 3, "owner": "dead"}]


def test_an_optional_failure_releases_and_another_does_not(database: Database):
    add_run(database)
    add_tasks(
        database,
        new_task("may", optional=True),
        new_task("must"),
        new_task("x", needs=("may",)),
        new_task("y", needs=("must",)),
    )
    assert fail(database, "may", claim(database, "may"))
    assert fail(database, "must", claim(database, "must"))
    assert ready(database) == ["x"]
    assert state(database, "y") == "waiting"
    add_tasks(database, new_task("z", needs=("may",)))
    assert ready(database) == ["x", "z"]


def test_a_cancelled_run_can_be_tried_again(database: Database):
    add_run(database)
    tasks = ["done", "bad", "running", "waiting", "optional"]
    add_tasks(
        database,
        new_task("done"),
        new_task("bad"),
        new_task("running"),
        new_task("waiting", needs=("bad", "done")),
        new_task("optional", optional=True),
    )
    assert finish(database, "done", claim(database, "done"))
    assert fail(database, "bad", claim(database, "bad"))
    assert fail(database, "optional", claim(database, "optional"))
    attempt = claim(database, "running")
    with database.write() as connection:
        assert [(row["id"], row["attempt"]) for row in queue.cancel_run(connection, "r", NOW)] == [("running", 1)]
    assert [state(database, task) for task in tasks] == ["done", "failed", "cancelled", "cancelled", "failed"]
    assert not finish(database, "running", attempt)
    with database.write() as connection:
        assert queue.retry_run(connection, "r", NOW) == 3
    assert [state(database, task) for task in tasks] == ["done", "ready", "ready", "waiting", "failed"]
    assert finish(database, "bad", claim(database, "bad"))
    assert ready(database) == ["running", "waiting"]
    with database.read() as connection:
        assert queue_view.count_states(connection, "r") == {"done": 2, "ready": 2, "failed": 1}
        changed = [row["id"] for row in queue_view.of_run(connection, "r") if row["updated_at"] > NOW]
        assert changed == ["bad", "done", "optional", "waiting"]


# --- the outbox ---


def emit(database: Database, *events: tuple[str, str]) -> None:
    with database.write() as connection:
        for video_id, run_id in events:
            outbox.emit(connection, TaskEnded(video_id=video_id, run_id=run_id), NOW)


def runs_of(entries: Sequence[outbox.Entry]) -> list[str]:
    return [event.run_id for entry in entries if isinstance(event := entry.event(), TaskEnded)]


def pending(database: Database, now_s: float = NOW) -> list[str]:
    with database.write() as connection:
        return runs_of(outbox.peek(connection, now_s, 10))


def test_an_event_and_its_effect_are_one(database: Database):
    add_video(database)
    emit(database, ("v", "title"))

    def handle(*, dies: bool) -> None:
        with database.write() as connection:
            for event in outbox.peek(connection, NOW, 10):
                title = video.get(connection, "v")["title"] + "x"
                video.change(connection, "v", {"title": title}, NOW)
                outbox.delete_entry(connection, event.id)
                if dies:
                    raise InterruptedError

    for _ in range(3):
        with pytest.raises(InterruptedError):
            handle(dies=True)
    handle(dies=False)
    handle(dies=False)
    with database.read() as connection:
        assert video.get(connection, "v")["title"] == "x"


def test_events_come_in_order_one_video_at_a_time(database: Database):
    emit(database, ("v", "1"), ("w", "2"), ("v", "3"))
    with database.write() as connection:
        first = outbox.peek(connection, NOW, 10)
        assert runs_of(first) == ["1", "3"]
        outbox.postpone(connection, first[0].id, NOW + 1)
        outbox.delete_entry(connection, first[1].id)
        assert outbox.next_at(connection) == 0.0
    assert pending(database) == ["2"]
    assert pending(database, NOW + 1) == ["1"]


def test_two_consumers_of_postgresql_do_not_wait_for_each_other(database: Database):
    if database.is_sqlite:  # one writer at a time: the second waits, and finds what the first has left
        emit(database, ("v", "1"))
        assert pending(database) == ["1"]
        return
    emit(database, ("v", "1"), ("w", "2"))
    with database.write() as one, database.write() as other:
        assert runs_of(outbox.peek(one, NOW, 10)) == ["1"]
        assert runs_of(outbox.peek(other, NOW, 10)) == ["2"]


# --- streams ---

RENDITION = Rendition(name="240p", kind="video", codecs="avc1", timescale=1000, init_key="v/init")


def make_segment(index: int) -> Segment:
    return Segment(index=index, key=f"v/{index}", size_bytes=1, start_ticks=index * 1000, duration_ticks=1000, samples=30)


def contiguous(database: Database) -> int:
    with database.read() as connection:
        return stream.playlist_states(connection, "v", 1)["240p"][0]


def test_segments_may_come_in_any_order(database: Database):
    add_video(database)
    counts: list[int] = []
    for index in (1, 2, 0, 0, 4, 3):
        with database.write() as connection:
            stream.add_rendition(connection, "v", 1, RENDITION, 1000)
            stream.add_segment(connection, "v", 1, "240p", make_segment(index))
        counts.append(contiguous(database))
    assert counts == [0, 0, 3, 3, 3, 5]
    with database.write() as connection:
        stream.mark_listed(connection, "v", 1, ["240p"])
        (track,) = stream.tracks(connection, "v", 1)
        assert track.listed and [segment.index for segment in track.segments] == [0, 1, 2, 3, 4]
        assert stream.blob_keys(connection, "v") == {"v/init", *(f"v/{index}" for index in range(5))}
        stream.delete_renditions(connection, "v", 1, ["240p"])
        assert stream.tracks(connection, "v", 1) == ()


def test_segments_that_come_at_once_are_all_counted(database: Database):
    add_video(database)
    with database.write() as connection:
        stream.add_rendition(connection, "v", 1, RENDITION, 1000)

    def add(index: int) -> None:
        with database.write() as connection:
            stream.add_segment(connection, "v", 1, "240p", make_segment(index))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(16)))
    assert contiguous(database) == 16


# --- waiting for changes ---


def in_another_process(database: Database, code: str) -> subprocess.Popen[bytes]:
    """A process with `database` open that runs `code`."""
    url = database.engine.url.render_as_string(hide_password=False)
    modules = ("catalog.database import Database", "catalog.queue import outbox", "model.event import TaskEnded")
    head = "".join(f"from yeoul.{name}\n" for name in modules) + f"database = Database({url!r})\n"
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-c", head + code], stdout=subprocess.PIPE, env=environ)


def by_thread(database: Database) -> None:
    thread = threading.Thread(target=emit, args=(database, ("v", "news")))
    thread.start()
    thread.join()


def by_process(database: Database) -> None:
    code = "with database.write() as c: outbox.emit(c, TaskEnded(video_id='v', run_id='r'), 1.0)"
    with in_another_process(database, code) as process:
        assert process.wait(20) == 0


def _interrupted(database: Database) -> None:
    with database.write() as connection:
        outbox.emit(connection, TaskEnded(video_id="v", run_id="never"), NOW)
        raise InterruptedError


@pytest.mark.parametrize("commit", [by_thread, by_process])
def test_a_watch_wakes_on_a_commit_and_not_before(database: Database, commit: Callable[[Database], None]):
    watch = database.watch()
    assert not watch.wait(0)
    commit(database)
    assert watch.wait(10)
    assert not watch.poll()
    with pytest.raises(InterruptedError):
        _interrupted(database)
    with database.read() as connection:
        outbox.next_at(connection)
    with database.write() as connection:
        outbox.delete_entry(connection, -1)
        outbox.peek(connection, NOW, 1)
    assert not watch.wait(0.05)  # neither what was rolled back nor what changed nothing
    watch.close()


@pytest.mark.parametrize("commit", [by_thread, by_process])
def test_a_descriptor_of_a_watch_is_readable_after_a_commit_alone(database: Database, commit: Callable[[Database], None]):
    """So that whoever waits for it polls neither often nor in vain."""
    watch = database.watch()
    descriptor = watch.fileno()
    assert descriptor is not None and watch.poll_every_s >= 0.5

    def is_readable(timeout_s: float = 0.0) -> bool:
        return select_ready([descriptor], [], [], timeout_s)[0] == [descriptor]

    assert not is_readable()
    with pytest.raises(InterruptedError):
        _interrupted(database)
    with database.write() as connection:
        outbox.delete_entry(connection, -1)
    assert not is_readable(0.05)
    commit(database)
    assert is_readable(10) and watch.poll()
    assert not is_readable() and not watch.poll()
    watch.close()


def test_a_watch_of_some_tables_sleeps_through_changes_of_others(database: Database):
    """On SQLite, which cannot tell them apart, it wakes for all."""
    add_video(database)
    watch = database.watch(("task", "video"))
    emit(database, ("v", "news"))
    assert watch.wait(0.05) is database.is_sqlite
    _retitle(database)
    assert watch.wait(10)
    assert database.count_changes(("video",)) == 2 and database.count_changes(("video", "outbox")) == 3
    watch.close()


def test_a_watch_without_a_signal_polls(tmp_path: Path):
    """On a system without inotify, or in a folder that this process may not write to."""
    database = Database(f"sqlite:///{tmp_path / 'yeoul.db'}")
    migrate(database)
    (tmp_path / "yeoul.db-commits").unlink(missing_ok=True)
    (tmp_path / "yeoul.db-commits").mkdir()
    watch = database.watch()
    assert watch.fileno() is None and watch.poll_every_s < 0.1
    emit(database, ("v", "news"))
    assert watch.wait(10)
    watch.close()
    database.close()


def test_turns_without_work_cost_no_query(database: Database):
    clock = ManualClock(NOW)
    turns = DueTurns(database, clock, ("outbox",))
    assert turns.is_due()
    assert turns.is_due(), "a turn that fails is tried again"
    turns.set_due(NOW + 60)
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    assert not turns.is_due() and statements == []
    clock.advance(60)
    assert turns.is_due() and statements == []
    turns.set_due(None)
    clock.advance(10**6)
    assert not turns.is_due()
    emit(database, ("v", "news"))
    turns.wait()  # PostgreSQL tells of a commit a moment later
    assert turns.is_due()
    turns.close()


def test_commits_and_stops_end_the_wait_of_a_loop(database: Database, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("yeoul.catalog.database._POLL_S", 3600.0)
    turns = DueTurns(database, ManualClock(NOW), ("outbox",))
    with ThreadPoolExecutor(1) as pool:
        for end in (lambda: emit(database, ("v", "news")), turns.wake):
            assert turns.is_due()
            turns.set_due(None)
            waiting = pool.submit(turns.wait)
            end()
            waiting.result(20)
    assert not turns.is_due(), "waking a loop is not a turn"
    turns.close()


def test_a_watch_wakes_while_it_waits(database: Database):
    watch = database.watch()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(watch.wait, 20)
        with database.write() as connection:
            outbox.emit(connection, TaskEnded(video_id="v", run_id="r"), NOW)
            assert not waiting.done()
        assert waiting.result(20)
    watch.close()


def test_a_watch_comes_back_after_its_connection_was_cut(database: Database):
    watch = database.watch()
    if not database.is_sqlite:  # a file has no connection to cut
        with database.write() as connection:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            connection.execute(text(others))
        assert watch.wait(10)
        assert not watch.wait(0)
    emit(database, ("v", "news"))
    assert watch.wait(10)
    watch.close()


# --- what goes wrong ---


def _fill_disk(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(text("DO $$ BEGIN RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"))
        return
    connection.execute(text("PRAGMA max_page_count = 1"))
    fields = ("title", "description", "visibility", "pipeline")
    video.add(connection, {"id": "big", "owner_id": "a", **dict.fromkeys(fields, "x" * 1_000_000)}, NOW)


def test_a_full_disk_has_a_name_of_its_own(database: Database):
    add_video(database)
    with pytest.raises(StorageFullError), database.write() as connection:
        _fill_disk(connection)
    with database.read() as connection:
        assert video.find(connection, "big") is None


def test_a_database_that_is_not_there_is_unavailable(database: Database):
    url = database.engine.url
    gone = "sqlite:////no/such/folder/yeoul.db" if database.is_sqlite else url.set(query={"host": "/no/such/folder"})
    nowhere = Database(gone if isinstance(gone, str) else gone.render_as_string(hide_password=False))
    with pytest.raises(UnavailableError), nowhere.write():
        pass
    with pytest.raises(UnavailableError), nowhere.read():
        pass
    with pytest.raises(UnavailableError):
        nowhere.watch()


def test_who_stands_still_in_a_transaction_holds_up_nobody(database: Database):
    if database.is_sqlite:  # it has one dispatcher, and nobody to hold up
        return
    add_video(database)
    with pytest.raises(UnavailableError):
        _stand_still(database)


def _stand_still(database: Database) -> None:
    """Hold a lock until another gets it, which can only be when ours is taken away; then go on."""
    with database.write() as frozen:
        assert frozen.execute(text("SHOW idle_in_transaction_session_timeout")).scalar() == "10s"
        frozen.execute(text("SET idle_in_transaction_session_timeout = '50ms'"))  # the test need not last that long
        video.lock(frozen, "v")
        with database.write() as other:
            video.lock(other, "v")
        video.lock(frozen, "v")


def test_a_locked_row_is_waited_for_a_limited_time(database: Database):
    if database.is_sqlite:  # its limit is `busy_s`
        return
    add_video(database)
    with database.write() as holder:
        video.lock(holder, "v")
        with pytest.raises(UnavailableError, match="rows were locked"):
            _lock_for(database, "50ms")


def _lock_for(database: Database, limit: str) -> None:
    with database.write() as connection:
        assert connection.execute(text("SHOW lock_timeout")).scalar() == "10s"
        connection.execute(text(f"SET LOCAL lock_timeout = '{limit}'"))  # the test need not last that long
        video.lock(connection, "v")


def test_a_statement_runs_for_a_limited_time(database: Database):
    if database.is_sqlite:  # it runs in this process
        return
    with pytest.raises(UnavailableError, match="ended a statement"):
        _sleep(database, "50ms")


def _sleep(database: Database, limit: str) -> None:
    with database.read() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "15s"
        connection.execute(text(f"SET LOCAL statement_timeout = '{limit}'"))
        connection.execute(text("SELECT pg_sleep(600)"))


def test_a_frozen_database_holds_nobody_up(database: Database):
    """A suspended server acknowledges what it receives, so that only the client can notice."""
    if database.is_sqlite:
        return
    with pytest.raises(UnavailableError, match="cannot be reached"):
        _freeze(database)
    database.ping()  # by another connection


def _freeze(database: Database) -> None:
    with database.read() as connection:
        connection.connection.driver_connection.silence_s = 0.2  # type: ignore[union-attr]
        server = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        os.kill(server, signal.SIGSTOP)
        try:
            connection.execute(text("SELECT 1"))
        finally:
            os.kill(server, signal.SIGCONT)


def test_a_watch_leaves_a_server_that_does_not_answer(database: Database, monkeypatch: pytest.MonkeyPatch):
    """Its connection stays open, and what is committed after a failover is told by another server."""
    if database.is_sqlite:
        return
    monkeypatch.setattr(postgresql, "_ASK_EVERY_S", 0.05)
    monkeypatch.setattr(postgresql, "_ANSWER_WITHIN_S", 600.0)
    watch = database.watch(("outbox",))
    assert not watch.wait(0.5), "an answer is no change"
    with database.read() as connection:
        asked = text("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND query = 'SELECT pg_is_in_recovery()'")
        server = connection.execute(asked).scalar_one()
    os.kill(server, signal.SIGSTOP)
    monkeypatch.setattr(postgresql, "_ANSWER_WITHIN_S", 0.2)
    try:
        assert watch.wait(60)
        monkeypatch.setattr(postgresql, "_ANSWER_WITHIN_S", 600.0)
        assert not watch.wait(0.3)
        emit(database, ("v", "news"))
        assert watch.wait(10)
    finally:
        os.kill(server, signal.SIGCONT)
    watch.close()


def test_a_watch_leaves_a_server_that_has_become_a_standby(database: Database, monkeypatch: pytest.MonkeyPatch):
    if database.is_sqlite:
        return
    monkeypatch.setattr(postgresql, "_ASK_EVERY_S", 0.05)
    watch = database.watch(("outbox",))
    # The function that says so, as a standby has it.
    with database.write() as connection:
        connection.execute(text("CREATE SCHEMA demoted"))
        connection.execute(text("CREATE FUNCTION demoted.pg_is_in_recovery() RETURNS boolean LANGUAGE sql AS 'SELECT true'"))
    watch._raw.execute("SET search_path = demoted, pg_catalog, public")
    assert watch.wait(10)
    assert not watch.wait(0.3)
    watch.close()


def test_migrations_may_take_long(database: Database):
    if database.is_sqlite:
        return
    with database.rebuild() as connection:
        assert [connection.execute(text(f"SHOW {name}_timeout")).scalar() for name in ("statement", "lock")] == ["0", "0"]
        assert connection.connection.driver_connection.silence_s is None  # type: ignore[union-attr]
    with database.write() as connection:
        assert connection.execute(text("SHOW statement_timeout")).scalar() == "15s"
        assert connection.connection.driver_connection.silence_s == 20  # type: ignore[union-attr]


def test_a_wrong_statement_is_not_called_unavailable(database: Database):
    with pytest.raises(Exception, match="nothing") as caught, database.write() as connection:
        connection.execute(text("SELECT * FROM nothing"))
    assert not isinstance(caught.value, UnavailableError)


def test_a_read_sees_one_moment_and_cannot_write(database: Database):
    add_video(database)
    with database.read() as connection:
        assert version.find(connection, "v") == 1
        with ThreadPoolExecutor(1) as pool:
            pool.submit(_retitle, database).result()
        assert version.find(connection, "v") == 1
    with database.read() as connection:
        assert version.find(connection, "v") == 2


def _retitle(database: Database) -> None:
    with database.write() as connection:
        video.change(connection, "v", {"title": "new"}, NOW)


def test_a_writer_that_is_killed_leaves_nothing(database: Database):
    add_video(database)
    code = (
        "import time\n"
        "from yeoul.catalog.video import video\n"
        "with database.write() as connection:\n"
        "    video.change(connection, 'v', {'title': 'half'}, 1.0)\n"
        "    outbox.emit(connection, TaskEnded(video_id='v', run_id='half'), 1.0)\n"
        "    print('in the middle', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with in_another_process(database, code) as writer:
        assert writer.stdout and writer.stdout.readline() == b"in the middle\n"
        os.kill(writer.pid, signal.SIGKILL)
    _retitle(database)  # its lock is gone as well
    with database.read() as connection:
        row = video.get(connection, "v")
    assert (row["title"], row["version"]) == ("new", 2)
    assert pending(database) == []


def test_a_row_without_its_owner_is_refused(database: Database):
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.write() as connection:
        connection.execute(insert(video_table).values(**_orphan()))


def _orphan() -> dict[str, Any]:
    fixed = {"state": "created", "dropped": {}, "progress": 0.0, "version": 1, "created_at": NOW, "updated_at": NOW}
    return {"id": "o", "owner_id": "nobody", "title": "", "description": "", "visibility": "public", "pipeline": "standard", **fixed}
