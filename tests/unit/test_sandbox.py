"""The sandbox: what gets out of it (nothing), and that each attempt would succeed without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.escapes import ATTEMPTS
from yeoul.base.sandbox.confine import PARTS

pytestmark = pytest.mark.slow
PLAIN_USER = 54321
REPOSITORY = Path(__file__).parents[2]


@contextmanager
def house() -> Iterator[Path]:
    """A folder as a server has it, below one that every user may pass."""
    with tempfile.TemporaryDirectory(prefix="yeoul-house-", dir="/tmp") as name:
        house = Path(name)
        for folder in (house, *(house / name for name in ("data", "work", "open", "root"))):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        (house / "data" / "secret.key").write_bytes(b"secret")
        (house / "open" / "program").write_text("#!/bin/sh\necho ran\n")
        for file in ("data/secret.key", "open/program"):
            (house / file).chmod(0o777)
        yield house


def attempt(name: str, where: str, user: int | None = None) -> tuple[str, list[str]]:
    """("done" or why it was refused, what the sandbox lacks)."""
    # The folder of the tests is reachable in the sandbox as all that Python may import.
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join((str(REPOSITORY), str(REPOSITORY / "src")))}
    with house() as folder:
        argv = [sys.executable, "-P", "-m", "tests.escapes", name, where, str(folder), *([str(user)] if user is not None else [])]
        done = subprocess.run(argv, capture_output=True, text=True, env=environ, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    said, lacks = json.loads(done.stdout)
    return said, lacks


@pytest.mark.parametrize("name", ATTEMPTS)
def test_an_attempt_is_refused_and_succeeds_without_a_sandbox(name: str):
    outside, _ = attempt(name, "outside")
    said, lacks = attempt(name, "inside")
    assert set(lacks) <= set(PARTS)
    if ATTEMPTS[name][1] - set(lacks):
        assert said.startswith("refused"), said
    # A machine that is itself in a container may refuse more than others.
    assert outside == "done" or "refused: [Errno 1]" in outside, outside


@pytest.mark.parametrize("name", [name for name in ATTEMPTS if "ffmpeg" not in name])
def test_a_server_that_is_not_root_shuts_the_same_doors(name: str):
    said, lacks = attempt(name, "inside", PLAIN_USER if os.geteuid() == 0 else None)
    if ATTEMPTS[name][1] - {"user"} - set(lacks):
        assert said.startswith("refused"), said
