"""The cores and memory that this process may use, within the limits of its container."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

import psutil

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def count_cores() -> int:
    """Returns the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def find_memory_bytes() -> int:
    """Returns the machine's memory in bytes, or the memory limit of this process's control group if that is lower."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([installed, *read_memory_limits(_OWN_GROUPS, _CGROUPS)])


def own_memory_bytes() -> int:
    """Returns the resident memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


def read_memory_limits(own_groups: Path, cgroups: Path) -> list[int]:
    """Returns the memory limits, in bytes, of a process's control groups and their parents; empty if there are none.

    own_groups: the process's /proc/PID/cgroup, see cgroups(7); cgroups: where the groups are mounted. Reads version 2 (`memory.max`)
    and version 1 (`memory/**/memory.limit_in_bytes`).
    """
    limits: list[int] = []
    for line in _read(own_groups).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            limits += _read_limits(cgroups, group, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _read_limits(cgroups / "memory", group, "memory.limit_in_bytes")
    return limits


def _read_limits(root: Path, group: str, name: str) -> list[int]:
    """Returns the limits of a group and its parents, including the root.

    A container without its own cgroup namespace sees its path on the host, but its own group is mounted as the root.
    """
    path = PurePosixPath(group.lstrip("/"))
    texts = [_read(root / folder / name).strip() for folder in (path, *path.parents) if ".." not in folder.parts]
    return [int(text) for text in texts if text.isdecimal()]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
