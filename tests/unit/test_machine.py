"""How much memory there is for tasks: that of the machine, or of the container around the server, in both versions of control groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from yeoul.base.machine import count_cores, find_memory_bytes, read_memory_limits

GIB = 2**30
# What /proc/self/cgroup says, and the files below /sys/fs/cgroup, as they were found on machines of each kind.
TREES: dict[str, tuple[str, dict[str, str], list[int]]] = {
    "version 2, a container with a namespace of its own": ("0::/\n", {"memory.max": f"{GIB}\n"}, [GIB]),
    "version 2, a service of systemd within a slice": (
        "0::/system.slice/yeoul.service\n",
        {"system.slice/memory.max": f"{2 * GIB}\n", "system.slice/yeoul.service/memory.max": "max\n"},
        [2 * GIB],
    ),
    "version 1, a container that sees its path on the host": (
        "12:cpu,cpuacct:/docker/0a1b\n5:memory:/docker/0a1b\n1:name=systemd:/docker/0a1b\n0::/\n",
        {"memory/memory.limit_in_bytes": f"{GIB}\n"},
        [GIB],
    ),
    "version 1, without a limit": (
        "9:memory:/user.slice\n",
        {"memory/user.slice/memory.limit_in_bytes": "9223372036854771712\n"},
        [9223372036854771712],
    ),
    "both, with the memory in version 1": ("7:hugetlb,memory:/a\n0::/b\n", {"memory/a/memory.limit_in_bytes": "512\n"}, [512]),
    "a path that leads out": ("0::/../../etc\n", {"memory.max": "512\n"}, [512]),
    "none": ("", {}, []),
    "garbage": ("nonsense\n::\n0::/x\n", {"x/memory.max": "-5\n", "memory.max": "1e9\n"}, []),
}


@pytest.mark.parametrize("name", list(TREES))
def test_the_limits_of_a_recorded_tree(name: str, tmp_path: Path):
    own, files, limits = TREES[name]
    (tmp_path / "own").write_text(own)
    for path, text in files.items():
        file = tmp_path / "groups" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    assert read_memory_limits(tmp_path / "own", tmp_path / "groups") == limits


def test_this_machine_has_cores_and_memory():
    assert count_cores() >= 1
    assert 2**28 < find_memory_bytes() < 2**50
