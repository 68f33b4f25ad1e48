"""The client's own decisions: pace, resuming, patience, what events say, and what its exit code tells."""

from __future__ import annotations

import argparse
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import pytest

from tests.harness.pace import patience_s
from yeoul.base.errors import (
    BadCredentialsError,
    InvalidError,
    NotFoundError,
    StorageFullError,
    TruncatedError,
    UnavailableError,
    UnreadableError,
    YeoulError,
    error_codes,
)
from yeoul.cli.connection import exit_code_of, find_server_url
from yeoul.client.connection import Connection, _parse_events, retry_pauses
from yeoul.client.follow import Follower
from yeoul.client.rate import RateLimit
from yeoul.client.source_file import WholeFile, fingerprint

# --- pace ---


class Time:
    """A clock that moves only by waiting."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def now(self) -> float:
        return self.now_s

    def wait(self, _condition: threading.Condition, seconds: float) -> None:
        self.now_s += seconds


def test_rate_limit_keeps_the_rate_over_time():
    clock = Time()
    limit = RateLimit(100_000, clock.now, clock.wait)
    for _ in range(100):
        limit.acquire(10_000, rank=0)
    assert clock.now_s - 100.0 == pytest.approx(99 * 0.1, rel=0.01)


def test_rate_limit_gives_no_credit_for_idle_time():
    clock = Time()
    limit = RateLimit(100_000, clock.now, clock.wait)
    limit.acquire(10_000, rank=0)
    clock.now_s += 60
    began_s = clock.now_s
    for _ in range(20):
        limit.acquire(10_000, rank=0)
    assert clock.now_s - began_s >= 20 * 0.1 - 0.1 - 0.06, "at most one chunk and 50 ms ahead"


def test_no_rate_limit_waits_for_nothing():
    limit = RateLimit(None, wait=lambda _condition, _seconds: pytest.fail("waited"))
    for _ in range(1000):
        limit.acquire(1 << 30, rank=0)


def test_earlier_pieces_go_first():
    limit = RateLimit(50_000)
    limit.acquire(10_000, rank=0)  # the next may go in 0.2 s; until then both queue up
    order: list[int] = []

    def lane(rank: int) -> None:
        limit.acquire(1000, rank)
        order.append(rank)

    lanes = [threading.Thread(target=lane, args=(rank,)) for rank in (7, 3)]
    for one in lanes:
        one.start()
    for one in lanes:
        one.join(10)
    assert order == [3, 7]


# --- recognising and cutting files ---


def make_file(path: Path, size_bytes: int) -> Path:
    path.write_bytes(bytes(range(256)) * (size_bytes // 256) + bytes(size_bytes % 256))
    return path


def test_fingerprint_is_of_size_start_and_end(tmp_path: Path):
    file = make_file(tmp_path / "a", 3 << 20)
    same = make_file(tmp_path / "b", 3 << 20)
    assert fingerprint(file) == fingerprint(same)
    for position in (0, (3 << 20) - 1):
        changed = bytearray(file.read_bytes())
        changed[position] ^= 1
        same.write_bytes(changed)
        assert fingerprint(file) != fingerprint(same)
    assert fingerprint(make_file(tmp_path / "c", (3 << 20) + 1)) != fingerprint(file)


@pytest.mark.parametrize("size_bytes", [1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 2 << 20])
def test_fingerprint_of_small_files_covers_all_of_them(tmp_path: Path, size_bytes: int):
    file = make_file(tmp_path / "small", size_bytes)
    expected = hashlib.sha256(str(size_bytes).encode() + file.read_bytes()).hexdigest()
    assert fingerprint(file) == expected


def test_an_empty_file_is_refused_before_anything_is_made(tmp_path: Path):
    with pytest.raises(UnreadableError):
        fingerprint(make_file(tmp_path / "empty", 0))


def test_parts_of_a_whole_file_join_to_the_file(tmp_path: Path):
    file = make_file(tmp_path / "whole", 1_000_001)
    whole = WholeFile(file, 300_000)
    items = list(whole.items(tmp_path, range(whole.count)))
    assert [item.size_bytes for item in items] == [300_000, 300_000, 300_000, 100_001]
    bodies = [b"".join(item.chunks(7919)) for item in items]
    assert b"".join(bodies) == file.read_bytes()
    assert [item.declared["sha256"] for item in items] == [hashlib.sha256(body).hexdigest() for body in bodies]
    for item in items:
        item.delete_temporary()
    assert file.exists(), "the user's own file is never deleted"


def test_only_missing_parts_are_made(tmp_path: Path):
    whole = WholeFile(make_file(tmp_path / "whole", 1_000_000), 300_000)
    assert [item.index for item in whole.items(tmp_path, [3, 1])] == [1, 3]


def test_a_file_that_shrinks_while_it_is_sent_is_noticed(tmp_path: Path):
    file = make_file(tmp_path / "whole", 500_000)
    (item,) = WholeFile(file, 1_000_000).items(tmp_path, [0])
    chunks = item.chunks(100_000)
    next(chunks)
    file.write_bytes(b"short")
    with pytest.raises(OSError, match="shorter"):
        list(chunks)


# --- patience ---


def test_pauses_grow_and_end():
    pauses = list(retry_pauses(60.0))
    waited = [pause for pause in pauses if pause is not None]
    assert pauses[-1] is None and len(waited) == len(pauses) - 1
    assert 60.0 <= sum(waited) <= 65.0
    assert waited[0] <= 0.2 and max(waited) <= 5.0
    assert all(later > sooner / 2 for sooner, later in pairwise(waited))


def test_no_patience_means_one_attempt():
    assert list(retry_pauses(0)) == [None]


class Answers(BaseHTTPRequestHandler):
    """Gives the answers of a list one after the other, the last one again and again."""

    queue: ClassVar[list[tuple[int, bytes]]] = []
    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(f"{self.command} {self.path}")
        status, body = self.queue.pop(0) if len(self.queue) > 1 else self.queue[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


# Real connections to this machine: what the client makes of answers, breaks and silence is the subject of the tests that use it.
@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()

    def answer(*queue: tuple[int, bytes]) -> str:
        Answers.queue, Answers.seen = list(queue), []
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield answer
    server.shutdown()
    thread.join()
    server.server_close()


def problem(error: YeoulError) -> tuple[int, bytes]:
    return error.http_status, json.dumps({"code": error.code, "detail": error.message, "facts": error.facts}).encode()


@pytest.mark.loopback
def test_a_retryable_answer_is_tried_again(answering: Callable[..., str]):
    connection = Connection(answering((503, b"<html>proxy</html>"), problem(UnavailableError("soon")), (200, b'{"id": 1}')))
    assert connection.get("videos/1") == {"id": 1}
    assert len(Answers.seen) == 3
    connection.close()


@pytest.mark.loopback
@pytest.mark.parametrize("error", [NotFoundError("no", video="x"), TruncatedError("cut", found=1), StorageFullError("full")])
def test_a_final_answer_is_raised_as_it_was_meant(answering: Callable[..., str], error: YeoulError):
    connection = Connection(answering(problem(error)))
    with pytest.raises(type(error)) as raised:
        connection.get("videos/x")
    assert (raised.value.message, raised.value.facts) == (error.message, error.facts)
    assert len(Answers.seen) == 1
    connection.close()


@pytest.mark.loopback
def test_an_address_where_nobody_ever_answered_is_given_up_soon(answering: Callable[..., str]):
    patience = 300.0
    gone = answering((200, b"{}"))
    connection = Connection(gone.rpartition(":")[0] + ":1", patience_s=patience)
    began_s = time.monotonic()
    with pytest.raises(UnavailableError, match="cannot be reached"):
        connection.get("videos")
    assert time.monotonic() - began_s < patience
    connection.close()


# --- events ---


def test_events_are_read_as_they_are_written():
    lines = ["retry: 1000", "", "event: task", 'data: {"task":"a"}', "", ": still here", "", "event: video", 'data: {"title":"a: b"}', ""]
    assert list(_parse_events(iter(lines))) == [("task", {"task": "a"}), ("video", {"title": "a: b"})]


def events(*states: str) -> bytes:
    return "".join(f'event: video\ndata: {{"state":"{state}"}}\n\n' for state in states).encode()


@pytest.mark.loopback
def test_following_goes_on_after_a_break(answering: Callable[..., str]):
    server = answering((200, events("uploading")), (502, b"bad gateway"), (200, events("playable", "ready")))
    connection = Connection(server)
    follower = Follower(connection, time.monotonic())
    follower.start("x")
    assert follower.wait("ready", patience_s())
    assert follower.video == {"state": "ready"} and follower.error is None
    assert follower.playable_s is not None and follower.ready_s is not None and follower.playable_s <= follower.ready_s
    connection.close()


@pytest.mark.loopback
def test_following_ends_when_the_video_is_gone(answering: Callable[..., str]):
    connection = Connection(answering((200, events("uploading")), problem(NotFoundError("deleted"))))
    follower = Follower(connection, time.monotonic())
    follower.start("x")
    assert follower.wait("ready", patience_s()) and isinstance(follower.error, NotFoundError)
    connection.close()


@pytest.mark.loopback
def test_following_ends_when_the_server_stays_away(answering: Callable[..., str]):
    connection = Connection(answering((200, events("uploading")), (503, b"")), patience_s=0.2)
    follower = Follower(connection, time.monotonic())
    follower.start("x")
    assert follower.wait("ready", patience_s()) and isinstance(follower.error, UnavailableError)
    connection.close()


# --- what the command line makes of it ---


def test_exit_codes_follow_the_area_of_an_error():
    expected = {"media": 3, "account": 5, "request": 2}
    for code, cls in error_codes().items():
        assert exit_code_of(cls("it broke")) == expected.get(code.split(".")[0], 4), code
    assert exit_code_of(BadCredentialsError("no")) == 5


@pytest.mark.parametrize("server", ["localhost:8000", "nonsense", "ftp://host", "http://", "http://a b", "http://h?x"])
def test_an_address_that_is_none_is_wrong_usage(server: str):
    with pytest.raises(InvalidError):
        find_server_url(argparse.Namespace(server=server))


def test_addresses(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("YEOUL_SERVER", "https://video.example:8443/")
    assert find_server_url(argparse.Namespace(server=None)) == "https://video.example:8443"
    assert find_server_url(argparse.Namespace(server="http://[::1]:8000/yeoul")) == "http://[::1]:8000/yeoul"
