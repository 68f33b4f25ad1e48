"""Workers as they run: what the kernel says of a running encoder, and what an op of a user may do and not do."""

from __future__ import annotations

import json
import os
import pwd
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.chaos import make_clip
from bench.server import Server
from tests.e2e.waiting import find_encoders, wait_for
from yeoul.base.sandbox.confine import find_missing_parts

OPS = """
import os, socket
from pathlib import Path
from yeoul.pipeline.ops import Context, Output, Piece, op

TRIED = {{
    "secret": lambda: Path({secret!r}).read_bytes(),
    "users": lambda: Path("/etc/passwd").read_bytes(),
    "other processes": lambda: os.listdir("/proc/1"),
    "a socket": lambda: socket.socket(),
    "plant": lambda: Path({planted!r}).write_text("x"),
    "own folder": lambda: Path("mine").write_text("x"),
}}

@op(version="1", publishes=True, network={network})
def pry(context: Context, piece: Piece) -> Output:
    found = {{}}
    for name, attempt in TRIED.items():
        try:
            attempt()
            found[name] = "done"
        except OSError:
            found[name] = "refused"
    context.put_sidecar("pry.json", found)
    return Output()
"""
DAG = """
name: prying
stages:
  pry: {op: pry, scope: piece, pieces: opening}
  encode: {op: encode, scope: piece, with: {rungs: all}}
  package: {op: package, scope: video, needs: [encode]}
"""


def status_of(pid: int) -> dict[str, str]:
    return dict(re.findall(r"^(\w+):\s*(.*)$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE))


def test_a_running_encoder_is_shut_in(make_server: Callable[..., Server], tmp_path: Path):
    server = make_server("--workers", "1")
    lacks = server.request("GET", "/readyz", token=None)[1]["sandbox"]["lacks"]
    assert all(part in server.read_log() for part in lacks), "the server says at its start what this machine lacks"
    upload = server.start_upload(make_clip(tmp_path / "clip.mp4"))
    encoder, *_ = wait_for(lambda: find_encoders(server), "an encode to run")
    os.kill(encoder.pid, signal.SIGSTOP)
    try:
        status = status_of(encoder.pid)
        assert status["NoNewPrivs"] == "1"
        assert int(status["CapEff"], 16) == int(status["CapPrm"], 16) == 0
        if "seccomp" not in lacks:
            assert status["Seccomp"] == "2"
        if "user" not in lacks:
            plain = pwd.getpwnam("nobody").pw_uid if os.geteuid() == 0 else os.geteuid()
            assert set(status["Uid"].split()) == {str(plain)} and "0" not in status["Uid"].split()
        if "namespaces" not in lacks:
            view = Path(f"/proc/{encoder.pid}/root")
            assert not Path(f"/proc/{encoder.pid}/ns/net").samefile("/proc/self/ns/net")
            assert not (view / str(server.data).lstrip("/")).exists(), "it does not even see the data folder"
            assert not (view / "proc" / "1").exists()
    finally:
        os.kill(encoder.pid, signal.SIGCONT)
    assert server.end_upload(upload)["state"] == "ready"


def holds(pid: int, text: bytes) -> bool:
    """Whether the memory of a process holds a text."""
    with Path(f"/proc/{pid}/maps").open() as maps, Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps:
            place, rights, *_ = line.split()
            if not rights.startswith("rw"):
                continue
            start, end = (int(part, 16) for part in place.split("-"))
            memory.seek(start)
            if text in memory.read(end - start):
                return True
    return False


def test_the_memory_of_a_sandbox_holds_no_credentials(make_server: Callable[..., Server], tmp_path: Path):
    key = b"AKIA" + os.urandom(12).hex().encode()
    server = make_server("--workers", "1", YEOUL_BLOB__SECRET_KEY=key.decode())
    upload = server.start_upload(make_clip(tmp_path / "clip.mp4"))
    encoder, *_ = wait_for(lambda: find_encoders(server), "an encode to run")
    confined = encoder.parent()
    assert confined is not None
    attempt = confined.parent()
    assert attempt is not None
    zygote = attempt.parent()
    assert zygote is not None
    pipeline = zygote.parent()
    assert pipeline is not None
    os.kill(confined.pid, signal.SIGSTOP)
    try:
        assert holds(pipeline.pid, key), "who gives it to attempts has it"
        assert not holds(confined.pid, key)
        assert not holds(zygote.pid, key)
    finally:
        os.kill(confined.pid, signal.SIGCONT)
    assert server.end_upload(upload)["state"] == "ready"


def write_ops(folder: Path, secret: Path, *, network: bool) -> dict[str, str]:
    """An op that looks for doors, and the settings of a server that has it."""
    (folder / "dags").mkdir()
    (folder / "ops.py").write_text(OPS.format(secret=str(secret), planted=str(folder / "planted"), network=network))
    (folder / "dags" / "prying.yaml").write_text(DAG)
    folder.chmod(0o777)
    return {"YEOUL_PIPELINE__OPS": str(folder / "ops.py"), "YEOUL_PIPELINE__DAGS": str(folder / "dags")}


def run_dag(folder: Path, environ: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "yeoul.cli.main", "dag", *words]
    return subprocess.run(argv, cwd=folder, env={**os.environ, **environ}, capture_output=True, text=True, check=False)


def test_an_op_of_a_user_is_shut_in_too(tmp_path: Path):
    secret = tmp_path / "secret"
    secret.write_text("secret")
    environ = write_ops(tmp_path, secret, network=False)
    done = run_dag(tmp_path, environ, "run", "prying", str(make_clip(tmp_path / "clip.mp4")), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    (sidecar,) = (tmp_path / "out").rglob("pry.json")
    found = json.loads(sidecar.read_text())
    lacks = set(find_missing_parts(Path(tempfile.mkdtemp(dir=tmp_path)), "nobody"))
    files = "done" if {"namespaces", "landlock"} <= lacks else "refused"
    sockets = "done" if "seccomp" in lacks else "refused"
    expected = {**dict.fromkeys(("secret", "users", "other processes", "plant"), files), "a socket": sockets, "own folder": "done"}
    assert found == expected
    assert (tmp_path / "planted").exists() == (files == "done")


def test_an_op_that_needs_the_network_needs_a_grant(tmp_path: Path):
    environ = write_ops(tmp_path, tmp_path / "secret", network=True)
    refused = run_dag(tmp_path, environ, "lint", "prying")
    assert refused.returncode == 2
    assert "op pry needs the network" in refused.stderr and "engine.network_ops" in refused.stderr
    granted = {**environ, "YEOUL_ENGINE__NETWORK_OPS": "pry"}
    assert run_dag(tmp_path, granted, "lint", "prying").returncode == 0
    done = run_dag(tmp_path, granted, "run", "prying", str(make_clip(tmp_path / "clip.mp4")), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    (sidecar,) = (tmp_path / "out").rglob("pry.json")
    assert '"a socket": "done"' in sidecar.read_text() and '"secret": "refused"' in sidecar.read_text()
