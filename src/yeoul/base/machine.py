"""What this process may use of the machine: its cores, and memory up to the limit of its container."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

_CGROUPS = Path("/sys/fs/cgroup")
_OWN_GROUPS = Path("/proc/self/cgroup")


def count_cores() -> int:
    """Returns the number of cores that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def find_memory_bytes() -> int:
    """Returns the machine's memory in bytes, or the limit of the control group of this process where that is less."""
    installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return min([installed, *read_memory_limits(_OWN_GROUPS, _CGROUPS)])


def read_memory_limits(own_groups: Path, cgroups: Path) -> list[int]:
    """Returns the memory limits, in bytes, of the control groups that a process is in, and of those around them.

    own_groups: the process's file of cgroups(7), /proc/PID/cgroup; cgroups: where the groups are mounted. Reads version 2
    (`memory.max`) and version 1 (`memory/**/memory.limit_in_bytes`); no limit, or no such file, adds nothing.
    """
    limits: list[int] = []
    for line in _read(own_groups).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, group = rest.partition(":")
        if controllers == "":
            limits += _walk(cgroups, group, "memory.max")
        elif "memory" in controllers.split(","):
            limits += _walk(cgroups / "memory", group, "memory.limit_in_bytes")
    return limits


def _walk(root: Path, group: str, name: str) -> list[int]:
    """A container that has no namespace of its own for groups sees its path on the host, but mounts its own group as the root."""
    path = PurePosixPath(group.lstrip("/"))
    texts = [_read(root / folder / name).strip() for folder in (path, *path.parents) if ".." not in folder.parts]
    return [int(text) for text in texts if text.isdecimal()]


def _read(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
