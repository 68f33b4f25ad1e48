"""Waiting for what will happen, by asking often; a busy machine only makes it longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import psutil

from bench.evidence import find_leftovers
from bench.server import Server
from tests.harness.pace import patience_s
from yeoul.client.source_file import fingerprint

T = TypeVar("T")
PATIENCE_S = patience_s(90.0)
# Between two looks, at first and at last: each look at a server costs it CPU time.
_FIRST_S, _LAST_S = 0.02, 0.1


def wait_for(ask: Callable[[], T | None], what: str, timeout_s: float = PATIENCE_S) -> T:
    """The first answer that is true."""
    deadline = time.monotonic() + timeout_s
    pause_s = _FIRST_S
    while time.monotonic() < deadline:
        answer = ask()
        if answer:
            return answer
        time.sleep(pause_s)
        pause_s = min(_LAST_S, pause_s * 1.1)
    raise AssertionError(f"waited {timeout_s:.0f} s in vain for {what}")


def wait_for_end(server: Server, video_id: str) -> dict[str, Any]:
    """The video when it is ready or has failed."""

    def ended() -> dict[str, Any] | None:
        video = server.get(f"/api/v1/videos/{video_id}")
        return video if video["state"] in ("ready", "failed") else None

    return wait_for(ended, f"the end of {video_id}")


def find_upload(server: Server, path: Path) -> dict[str, Any] | None:
    """The open upload of a file."""
    items = server.get(f"/api/v1/uploads?fingerprint={fingerprint(path)}")["items"]
    return items[0] if items else None


def count_landed(server: Server, path: Path) -> int:
    """Pieces of a file's open upload that have landed."""
    upload = find_upload(server, path)
    return 0 if upload is None else sum(piece["landed"] for piece in upload["pieces"])


def wait_until_clean(server: Server, processes: int = 4) -> None:
    """Nothing is left over: no process besides the tree's own (root, API, pipeline, zygote), no temporary file, no row of work."""
    left: list[str] = []

    def is_clean() -> bool:
        left[:] = find_leftovers(server.data) + [f"process {process.pid}" for process in server.tree()[processes:]]
        return not left

    try:
        wait_for(is_clean, "an empty house")
    except AssertionError as error:
        raise AssertionError(f"left over: {left}\n{server.read_log()}") from error


def delete_unfinished(server: Server) -> None:
    """Delete every video that has neither failed nor become ready."""
    cursor = ""
    while cursor is not None:
        page = server.get(f"/api/v1/videos?limit=100&cursor={cursor}" if cursor else "/api/v1/videos?limit=100")
        for video in page["items"]:
            if video["state"] not in ("ready", "failed"):
                assert server.request("DELETE", f"/api/v1/videos/{video['id']}?forever=true")[0] == 204
        cursor = page["next"]


def find_encoders(server: Server) -> list[psutil.Process]:
    """The processes of running encodes: the ffmpegs below forked children of the zygote."""
    found = []
    for process in server.tree():
        try:
            if any(word.endswith(".m4s") or "libx264" in word for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
