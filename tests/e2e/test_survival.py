"""Nothing is lost: processes are killed with kill -9 and disks fill up; every upload still ends ready, and everything was done once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.chaos import FRAMES, Load, make_clip, run_chaos
from bench.evidence import find_missing, read_made
from bench.faults import KINDS
from bench.server import Server
from bench.tool_kills import try_clip
from tests.e2e.waiting import find_encoders, find_upload, wait_for, wait_until_clean
from tests.harness.cut import leave_out
from tests.harness.pace import slowness

_BYTES_PER_S = int(600_000 / slowness())
SLOW = str(_BYTES_PER_S)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """10 s, three pieces, two rungs and sound."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


def assert_whole(server: Server, result: dict[str, Any]) -> dict[str, int]:
    """The result is whole, and nothing is left of how it came to be; the attempts of its tasks."""
    assert (result["exit"], result["state"]) == (0, "ready"), (result, server.read_log())
    made = read_made(server.data, result["id"])
    assert made.indexes == {name: [0, 1, 2] for name in ("240p", "360p", "audio")}
    assert {name: count for name, count in made.samples.items() if name != "audio"} == {"240p": FRAMES, "360p": FRAMES}
    wait_until_clean(server)
    assert find_missing(server.data) == []
    return made.attempts


@pytest.mark.parametrize(
    ("name", "faults"),
    [
        ("kill -9 of the tree", 2),
        pytest.param("SIGSTOP past the lease", 1, marks=pytest.mark.long),
        pytest.param("bit flip in a piece", 1, marks=pytest.mark.long),
    ],
)
def test_faults_lose_nothing(tmp_path: Path, name: str, faults: int):
    """A few over one upload at a time; `make chaos` strikes with all kinds, over several."""
    kinds = [kind for kind in KINDS if kind.name == name]
    (siege,) = run_chaos(tmp_path, faults, seed=7, kinds=kinds, load=Load(uploads=1, bytes_per_s=_BYTES_PER_S))
    assert siege.wrong == []
    assert len(siege.hits) == faults


def running_task(server: Server, video_id: str, stage: str) -> dict[str, Any] | None:
    """A task of a stage while it runs."""
    status, dag = server.request("GET", f"/api/v1/videos/{video_id}/dag")
    if status != 200:
        return None
    return next((task for task in dag["tasks"] if task["stage"] == stage and task["state"] == "running"), None)


@pytest.mark.parametrize("victim", leave_out(["worker", "encoder"], {"worker"}))
def test_what_is_killed_costs_one_retry_of_one_task(victim: str, make_server: Callable[..., Server], clip: Path):
    """Also where only the tool is killed: the task runs again as it was, with all its rungs."""
    server = make_server("--workers", "1")
    upload = server.start_upload(clip)
    (encoder, *_) = wait_for(lambda: find_encoders(server), "an encode to run")
    worker = encoder.parent()
    assert worker is not None and worker.pid != server.pid
    os.kill(worker.pid if victim == "worker" else encoder.pid, signal.SIGKILL)
    attempts = assert_whole(server, server.end_upload(upload))
    assert sorted(attempts.values())[-2:] == [1, 2], attempts
    assert next(task for task, count in attempts.items() if count == 2).startswith("encode")
    assert not psutil.pid_exists(encoder.pid), "what the worker had started died with it"


@pytest.mark.long
def test_a_killed_pipeline_is_started_again(make_server: Callable[..., Server], clip: Path):
    server = make_server()
    upload = server.start_upload(clip, "--limit-rate", SLOW)
    wait_for(lambda: find_encoders(server), "an encode to run")
    (pipeline,) = [process for process in server.tree() if process.cmdline()[-1:] and "pipeline" in process.cmdline()]
    os.kill(pipeline.pid, signal.SIGKILL)
    result = server.end_upload(upload)
    attempts = assert_whole(server, result)
    assert max(attempts.values()) <= 2 and len(server.tree()) == 4
    assert "pipeline ended" in server.read_log()


@pytest.mark.long
def test_a_killed_api_is_started_again(make_server: Callable[..., Server], clip: Path):
    server = make_server()
    upload = server.start_upload(clip, "--limit-rate", SLOW)
    wait_for(lambda: any((server.data / "blob" / ".partial").iterdir()), "a piece on its way")
    (api,) = [process for process in server.tree() if "api" in process.cmdline()]
    os.kill(api.pid, signal.SIGKILL)
    assert_whole(server, server.end_upload(upload))


# --- a full disk ---

FILLER_BYTES = 6 * 2**30
ROOM_BYTES = 3 * 2**30


def test_a_full_disk_pauses_uploads_and_work_and_says_so(make_server: Callable[..., Server], clip: Path, tmp_path: Path):
    """The disk is filled up to the reserve with one large empty file, which is then removed."""
    free = os.statvfs(tmp_path)
    reserve = free.f_bavail * free.f_frsize - ROOM_BYTES
    if reserve < FILLER_BYTES:
        pytest.fail(f"this test needs {(ROOM_BYTES + FILLER_BYTES) / 2**30:.0f} GiB of free disk")
    server = make_server(YEOUL_BLOB__RESERVE_BYTES=str(reserve))
    filler = tmp_path / "filler"
    upload = server.start_upload(clip, "--limit-rate", SLOW)
    known = wait_for(lambda: find_upload(server, clip), "the upload")
    wait_for(lambda: find_encoders(server), "an encode to run")
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, FILLER_BYTES)
    try:

        def refused() -> bool:
            body = {"pieces": [{"index": 0, "size_bytes": 1, "sha256": "0" * 64}]}
            opened = server.request("POST", f"/api/v1/videos/{made['id']}/upload", request)[1]
            status, problem = server.request("POST", f"/api/v1/uploads/{opened['id']}/urls", body)
            return (status, problem.get("code")) == (507, "storage.full")

        made = server.request("POST", "/api/v1/videos", {"title": "no room"})[1]
        request = {"mode": "whole", "file_name": "a", "size_bytes": 1, "fingerprint": "0" * 64}
        wait_for(refused, "uploads to be refused")
        notice = wait_for(lambda: server.get(f"/api/v1/videos/{known['video_id']}")["notice"], "a notice on the video")
        assert notice["code"] == "storage.full" and "disk is full" in notice["message"]
        assert server.get(f"/api/v1/videos/{known['video_id']}")["state"] in ("uploading", "processing", "playable")
        assert upload.poll() is None, "the client waits"
    finally:
        filler.unlink()
    result = server.end_upload(upload)
    assert server.request("DELETE", f"/api/v1/videos/{made['id']}?forever=true")[0] == 204
    assert_whole(server, result)
    assert server.get(f"/api/v1/videos/{result['id']}")["notice"] is None


@pytest.mark.parametrize("name", leave_out(["square-vp9.webm", "phone-hevc10-editlist-rotated.mp4"], {"phone-hevc10-editlist-rotated.mp4"}))
def test_killed_tools_change_nothing_that_is_made(name: str, media_dir: Path, tmp_path: Path):
    """Three of a clip's tools die; `make chaos` does so with every clip."""
    outcome = try_clip(media_dir / name, tmp_path)
    assert outcome.wrong == ()
    assert outcome.kills == 3 and outcome.extra_attempts >= 1
