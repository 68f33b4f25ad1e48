"""Process trees: who is below us, what may outlive us (nothing), and how it is ended."""

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

# The name in the environment of the zygote and of all below it; its value is the scratch folder. It finds what lost its parents.
MARK = "YEOUL_ENGINE_SCRATCH"

_LINUX = sys.platform == "linux"
_PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of every descendant that loses its own (Linux; elsewhere orphans go to process 1)."""
    if _LINUX:
        prctl(_PR_SET_CHILD_SUBREAPER, 1)


def open_child_wakeup() -> tuple[socket.socket, socket.socket]:
    """A pair of sockets of which the first is readable whenever a child of ours has ended; both need closing after a fork."""
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    signal.signal(signal.SIGCHLD, _ignore)
    signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    return reading, writing


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """A handler that does nothing: a signal without one does not reach the wake-up descriptor."""


def thread_count() -> int:
    """Threads of this process, those of C libraries too."""
    return psutil.Process().num_threads()


def child_pids() -> frozenset[int]:
    """Direct children of this process, adopted ones too."""
    if not _LINUX:
        return frozenset(child.pid for child in psutil.Process().children())
    # An orphan is adopted by any thread of ours, hence all of them.
    lists = (task / "children" for task in Path("/proc/self/task").iterdir())
    return frozenset(int(pid) for file in lists for pid in file.read_text().split())


def kill(pid: int) -> None:
    """SIGKILL to one child of ours."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_tree(pid: int) -> None:
    """SIGKILL to a child of ours and its process group.

    Descendants in other groups become our children on Linux (`adopt_orphans`) and are ended then; elsewhere they are walked now.
    """
    below: list[psutil.Process] = []
    if not _LINUX:
        with suppress(psutil.Error):
            below = psutil.Process(pid).children(recursive=True)
    # The group does not exist yet when the child has not come to setsid; hence the child itself too.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    kill(pid)
    for process in below:
        with suppress(psutil.Error):
            process.kill()


def kill_marked(mark: str, sessions: Collection[int]) -> None:
    """Kill every process whose environment carries `mark`, or whose session is in `sessions`, until none is left.

    For what a dead zygote left: its descendants belong to process 1 by now. Returns when they have ended, or after 10 s.
    """
    give_up_s = time.monotonic() + 10
    while found := [process for process in psutil.process_iter() if _belongs(process, mark, sessions)]:
        for process in found:
            with suppress(psutil.Error):
                process.kill()
        psutil.wait_procs(found, timeout=1)
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
    """Bound private writable memory of this process and, each for itself, of those it starts (Linux counts it so since 4.7).

    Twice what was asked plus 256 MiB: reserved is 1.06 to 1.6 times resident for x264, x265 and SVT-AV1 at 1080p and 2160p, and
    a forked attempt starts with the zygote's own. 64 MiB more are kept back for telling about the failure.
    """
    given = resource.getrlimit(resource.RLIMIT_DATA)[1]
    wanted = 2 * memory_bytes + 320 * 2**20
    hard = wanted if given == resource.RLIM_INFINITY else min(wanted, given)
    resource.setrlimit(resource.RLIMIT_DATA, (max(0, hard - 64 * 2**20), hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def release_memory_reserve() -> None:
    """Allow the part that `limit_memory` kept back."""
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))


def yield_to_servers() -> None:
    """Let API and database have the CPU first, and the kernel's out-of-memory killer choose us first; children inherit both."""
    os.nice(5)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")
