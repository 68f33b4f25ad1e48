"""Process trees: finds, limits and kills the processes below this one, so that none outlives it."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import FrameType

import psutil

from yeoul.base.sandbox.system_call import prctl

# An environment variable of the zygote and of all processes below it. Its value is the scratch folder. It identifies orphans.
MARK = "YEOUL_ENGINE_SCRATCH"

_LINUX = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36
_NICE = 10  # a ninth of the weight of a server


def adopt_orphans() -> None:
    """Makes this process the parent of every descendant that loses its own (Linux; elsewhere process 1 adopts orphans)."""
    if _LINUX:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def open_child_wakeup() -> tuple[socket.socket, socket.socket]:
    """Returns a pair of sockets. The first becomes readable when a child process has ended. Close both after a fork."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    signal.signal(signal.SIGCHLD, _ignore)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    return reading, writing


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Does nothing. A signal without a handler would not reach the wake-up descriptor."""


def thread_count() -> int:
    """Returns the number of threads of this process, including those of C libraries."""
    return psutil.Process().num_threads()


def child_pids() -> frozenset[int]:
    """Returns the direct children of this process, including adopted ones."""
    if not _LINUX:
        return frozenset(child.pid for child in psutil.Process().children())
    # Any thread of this process may have adopted an orphan, so all threads are read.
    files = (task / "children" for task in Path("/proc/self/task").iterdir())
    return frozenset(int(pid) for file in files for pid in file.read_text().split())


def kill(pid: int) -> None:
    """Sends SIGKILL to a child process."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """Sends SIGKILL to a child process and its process group.

    On Linux, descendants in other groups become children of this process (`adopt_orphans`) and are killed then. On other systems they are
    found and killed here.
    """
    descendants: list[psutil.Process] = []
    if not _LINUX:
        with suppress(psutil.Error):
            descendants = psutil.Process(pid).children(recursive=True)
    # Kill the child itself too, because its group does not exist before it calls setsid.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    kill(pid)
    for process in descendants:
        with suppress(psutil.Error):
            process.kill()


def kill_marked(mark: str, sessions: Collection[int]) -> None:
    """Kills every process whose environment has `mark`, or whose session is in `sessions`. Returns when none is left, or after 10 s.

    It is for processes of a dead zygote, which process 1 has adopted.
    """
    give_up_s = time.monotonic() + 10
    while matches := [process for process in psutil.process_iter() if _belongs(process, mark, sessions)]:
        for process in matches:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(matches, timeout=1)
        if time.monotonic() > give_up_s:
            return


def _belongs(process: psutil.Process, mark: str, sessions: Collection[int]) -> bool:
    if process.pid == os.getpid():
        return False
    with suppress(psutil.Error, OSError):
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get(MARK) == mark or os.getsid(process.pid) in sessions
    return False


def limit_memory(memory_bytes: int) -> None:
    """Limits the private writable memory of this process, and of each process that it starts (RLIMIT_DATA, on Linux since 4.7).

    The limit is twice `memory_bytes` plus 256 MiB: x264, x265 and SVT-AV1 reserve 1.06 to 1.6 times their resident memory at 1080p and
    2160p, and a forked attempt starts with the zygote's memory. Another 64 MiB are held in reserve for reporting a failure.
    """
    inherited_limit = resource.getrlimit(resource.RLIMIT_DATA)[1]
    limit = 2 * memory_bytes + 320 * 2**20
    hard = limit if inherited_limit == resource.RLIM_INFINITY else min(limit, inherited_limit)
    resource.setrlimit(resource.RLIMIT_DATA, (max(0, hard - 64 * 2**20), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def release_memory_reserve() -> None:
    """Makes the reserve of `limit_memory` available."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def lower_priority() -> None:
    """Lowers the CPU priority below API and database, and makes this process a first choice of the kernel's out-of-memory killer.

    Child processes inherit both. This process must be the first of its session: where the kernel groups processes by session, it shares
    the CPU among the groups first, and the priority within a group means nothing to the others (sched(7), autogroup).
    """
    os.nice(max(0, _NICE - os.nice(0)))
    for name, value in (("autogroup", _NICE), ("oom_score_adj", 500)):
        with suppress(OSError):
            Path(f"/proc/self/{name}").write_text(str(value))
