"""Where faults strike: a server tree with what one kind of fault needs beside it, and the processes that can be hit."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.evidence import CATALOGUE
from bench.server import Server
from tests.contract.databases import running_postgres

WORKERS = "2"
LEASE_S = 3.0
_DISK_BYTES = 512 * 2**20
_SHIFTED_CLOCK = Path(__file__).parent / "shifted_clock"
_GONE = (psutil.NoSuchProcess, psutil.ZombieProcess, ProcessLookupError)
_START_S = 30.0


@dataclass
class Ground:
    """One tree. second: another machine's pipeline on the same catalogue and store; clock: the file that shifts the tree's clock.

    flips: bits that were flipped: (title, piece, when).
    """

    server: Server
    second: subprocess.Popen[bytes] | None = None
    clock: Path | None = None
    flips: list[tuple[str, int, float]] = field(default_factory=list[tuple[str, int, float]])

    @property
    def data(self) -> Path:
        return self.server.data

    def roles(self, role: str) -> list[psutil.Process]:
        """The tree's processes of a role, "api" or "pipeline"."""
        return [process for process in self.server.tree() if role in _words(process)]

    def machines(self) -> dict[str, psutil.Process]:
        """The pipelines by the names of their workers."""
        found = {"first": self.roles("pipeline"), "second": [] if self.second is None else [psutil.Process(self.second.pid)]}
        return {name: processes[0] for name, processes in found.items() if processes}

    def zygotes(self) -> list[psutil.Process]:
        """The processes that fork workers."""
        return [child for pipeline in self.machines().values() for child in _children(pipeline)]

    def workers(self) -> list[psutil.Process]:
        """The processes of running attempts."""
        return [child for zygote in self.zygotes() for child in _children(zygote)]

    def encoders(self) -> list[psutil.Process]:
        """The ffmpegs of running attempts."""
        return [encoder for worker in self.workers() for encoder in self.encoders_of(worker)]

    def encoders_of(self, worker: psutil.Process) -> list[psutil.Process]:
        """The ffmpegs of an attempt; they run below the process of its sandbox."""
        return [process for process in _children(worker, recursive=True) if any("ffmpeg" in word for word in _words(process)[:1])]


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except _GONE:
        return []


def _children(process: psutil.Process, *, recursive: bool = False) -> list[psutil.Process]:
    try:
        return process.children(recursive=recursive)
    except _GONE:
        return []


def hit(process: psutil.Process, number: signal.Signals = signal.SIGKILL) -> bool:
    """Whether the process was still there to get a signal."""
    try:
        process.send_signal(number)
    except _GONE:
        return False
    return True


@contextmanager
def one_machine(folder: Path) -> Iterator[Ground]:
    """The whole on one machine, as `yeoul up` makes it."""
    with Server(folder / "data", YEOUL_ENGINE__WORKERS=WORKERS) as server:
        yield Ground(server)


@contextmanager
def small_disk(folder: Path) -> Iterator[Ground]:
    """The same, with all data in a small file system of its own and no room kept back. Raises PermissionError when none can be made."""
    data = folder / "data"
    data.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES},mode=0700", "tmpfs", str(data)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        raise PermissionError("a small file system can be mounted by root alone")
    try:
        with Server(data, YEOUL_ENGINE__WORKERS=WORKERS, YEOUL_BLOB__RESERVE_BYTES="0") as server:
            yield Ground(server)
    finally:
        subprocess.run(["umount", "--lazy", str(data)], check=True)


@contextmanager
def shifted_clock(folder: Path) -> Iterator[Ground]:
    """The same, with a clock that can be made to jump."""
    clock = folder / "clock"
    clock.write_text("0")
    path = os.pathsep.join(filter(None, (str(_SHIFTED_CLOCK), os.environ.get("PYTHONPATH"))))
    with Server(folder / "data", YEOUL_ENGINE__WORKERS=WORKERS, PYTHONPATH=path, SHIFTED_CLOCK=str(clock)) as server:
        yield Ground(server, clock=clock)


@contextmanager
def two_machines(folder: Path) -> Iterator[Ground]:
    """Two pipelines that share one PostgreSQL and one store, with short leases."""
    with ExitStack() as stack:
        catalogue = stack.enter_context(running_postgres()).empty()
        data = folder / "data"
        data.mkdir()
        (data / CATALOGUE).write_text(catalogue)
        environ = {
            "YEOUL_CATALOG__URL": catalogue,
            "YEOUL_PIPELINE__LEASE_S": str(LEASE_S),
            "YEOUL_PIPELINE__HEARTBEAT_S": "0.5",
            "YEOUL_ENGINE__WORKERS": "1",
        }
        server = stack.enter_context(Server(data, **environ, YEOUL_ENGINE__NAME="first"))
        yield Ground(server, second=stack.enter_context(_second_machine(folder, server, environ)))


@contextmanager
def _second_machine(folder: Path, server: Server, environ: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A pipeline with a folder of its own, in which the store and the secret of the first are seen."""
    own = folder / "second"
    own.mkdir()
    for name in ("blob", "secret.key"):
        (own / name).symlink_to(server.data / name)
    command = [sys.executable, "-m", "yeoul.cli.main", "serve", "pipeline", "--data", str(own), "--port", str(server.port)]
    with server.log.open("ab") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, env={**os.environ, **environ, "YEOUL_ENGINE__NAME": "second"})
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGCONT)
        process.terminate()
        process.wait(60)


def wait_until(ask: Callable[[], bool], timeout_s: float = _START_S) -> bool:
    """Whether something came true in time."""
    deadline_s = time.monotonic() + timeout_s
    while not ask():
        if time.monotonic() > deadline_s:
            return False
        time.sleep(0.01)
    return True
