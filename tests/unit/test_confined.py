"""What the process outside a sandbox believes of the one inside: nothing that has not its form and its bounds."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from yeoul.base.errors import TaskCrashedError, UnreadableError, YeoulError
from yeoul.base.sandbox.confine import Sandbox
from yeoul.engine.local.attempt import describe
from yeoul.engine.local.confined import Ask, Confined, Folders, Tell
from yeoul.engine.local.frame import pack

pytestmark = pytest.mark.slow


def run(folder: Path, body: Callable[[Ask, Tell], bytes], progress: Tell = lambda _: None) -> bytes:
    folders = Folders.make(folder, "nobody")
    room = Sandbox(readable=(folders.inputs,), writable=(folders.work,), mount_point=folders.root)
    with Confined(room, body, lambda error: describe("op", error)) as confined:
        return confined.run(lambda question, data: data * question["times"], progress)


def test_answers_results_and_errors_come_through(tmp_path: Path):
    told: list[float] = []

    def body(ask: Ask, tell: Tell) -> bytes:
        tell(0.5)
        tell(7.0)
        return ask({"ask": "again", "times": 3}, b"ab")

    assert run(tmp_path, body, told.append) == b"ababab"
    assert told == [0.5, 1.0]


def test_an_error_of_ours_stays_what_it_is(tmp_path: Path):
    def body(_ask: Ask, _tell: Tell) -> bytes:
        raise UnreadableError("no demuxer", file="x")

    with pytest.raises(UnreadableError) as caught:
        run(tmp_path, body)
    assert caught.value.facts == {"file": "x"}


def send_raw(data: bytes) -> None:
    """As a process that somebody has taken over may: the one descriptor that is open leads outside."""
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, data)
        except OSError:
            continue
        break
    os._exit(0)


HOSTILE: dict[str, bytes] = {
    "progress that is no number": pack({"progress": float("nan")}),
    "progress without end": pack({"progress": 1e300}),
    "progress that is text": pack({"progress": "1"}),
    "a frame of 4 GiB": struct.pack(">II", 0xFFFFFFFF, 0xFFFFFFFF),
    "a head that is no JSON": struct.pack(">II", 3, 0) + b"{x}",
    "a head that is a number": struct.pack(">II", 1, 0) + b"7",
    "an error that is no error": pack({"failed": True}, b"[]"),
    "an error of a megabyte": pack({"failed": True}, json.dumps({"code": "media.unreadable", "message": "x" * 2**20}).encode()),
    "an error nested too deeply": pack({"failed": True}, b"[" * 200_000),
    "a question without a form": pack({"ask": ["fetch"]}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_has_no_form_ends_the_attempt(tmp_path: Path, name: str):
    told: list[float] = []

    def body(_ask: Ask, _tell: Tell) -> bytes:
        send_raw(HOSTILE[name])
        return b""

    with pytest.raises((ValueError, TypeError, AttributeError, KeyError, TaskCrashedError)) as caught:
        run(tmp_path, body, told.append)
    assert told == []
    assert not isinstance(caught.value, YeoulError) or len(str(caught.value)) < 1000


def test_a_sandbox_that_is_not_needed_ends(tmp_path: Path):
    folders = Folders.make(tmp_path, "nobody")
    room = Sandbox(readable=(folders.inputs,), writable=(folders.work,), mount_point=folders.root)
    before = set(psutil.Process().children())
    with Confined(room, lambda _ask, _tell: b"", lambda error: describe("op", error)):
        (child,) = set(psutil.Process().children()) - before
    assert not child.is_running()
