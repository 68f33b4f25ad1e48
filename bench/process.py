"""Measuring what processes cost: CPU seconds of whole trees, wall time, memory."""

from __future__ import annotations

import os
import resource
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil


def own_cores() -> list[int]:
    """The cores that this process may use."""
    return sorted(os.sched_getaffinity(0))


@contextmanager
def pinned(cores: int, skip: int = 0) -> Iterator[None]:
    """Hold this thread, and all threads and processes that it begins meanwhile, to so many cores of those that it may use.

    The first `skip` of them are left out, where there are more.
    """
    before = own_cores()
    os.sched_setaffinity(0, before[skip : skip + cores] or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds of one run."""

    wall_s: float
    cpu_s: float


def run_cost(argv: Sequence[str], cwd: Path | None = None) -> Cost:
    """Run a command to its end; its cost with all its children. Raises CalledProcessError."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.monotonic()
    subprocess.run(argv, check=True, cwd=cwd, stdout=subprocess.DEVNULL)
    wall_s = time.monotonic() - began
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Cost(wall_s, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def tree_cpu_s(pid: int) -> float:
    """CPU seconds so far of a living tree, with children that it has reaped."""
    total = 0.0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def tree_memory_bytes(pid: int) -> int:
    """Resident memory of a living tree; pages that processes share are counted once (PSS)."""
    total = 0
    root = psutil.Process(pid)
    for process in [root, *root.children(recursive=True)]:
        try:
            total += process.memory_full_info().pss
        except (psutil.NoSuchProcess, ProcessLookupError):
            continue
    return total
