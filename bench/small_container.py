"""Makes four uploads at once on one core with 1 GiB of memory, which the kernel enforces. All must become ready with all their rungs.

    python -m bench.small_container

The limit is a control group of version 1 or 2. Only root can make one, and not on every machine.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bench.evidence import find_errors, read_made
from bench.server import Server
from tests.clips.collection import find_clip
from yeoul.media.limits import Limits
from yeoul.media.source.probe import probe
from yeoul.media.video.ladder import make_ladder

_BYTES: Final = 2**30
_CLIPS: Final = ("hevc-1080p-10s.mp4", "phone-hevc10-editlist-rotated.mp4", "rabbit-480p-8s.mp4", "pcm-50fps.mov")
_CGROUPS: Final = Path("/sys/fs/cgroup")
_ENTER: Final = 'echo $$ > "$0/cgroup.procs" && exec "$@"'


@contextmanager
def memory_group(most_bytes: int) -> Iterator[Path]:
    """A control group with a limit of memory. Raises PermissionError where none can be made."""
    is_v2 = (_CGROUPS / "cgroup.controllers").exists()
    group = (_CGROUPS if is_v2 else _CGROUPS / "memory") / f"yeoul-{os.getpid()}"
    try:
        group.mkdir()
        (group / ("memory.max" if is_v2 else "memory.limit_in_bytes")).write_text(str(most_bytes))
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        raise PermissionError(f"no control group can be made here: {error}") from error
    try:
        yield group
    finally:
        group.rmdir()


def count_kills(group: Path) -> int:
    """How many processes of a group the kernel has killed for want of memory."""
    told = next(file.read_text() for name in ("memory.events", "memory.oom_control") if (file := group / name).exists())
    return sum(int(line.split()[1]) for line in told.splitlines() if line.startswith("oom_kill "))


def read_peak(group: Path) -> int:
    """The most memory that a group has held, in bytes; with what the kernel keeps of files."""
    return int(next(file.read_text() for name in ("memory.peak", "memory.max_usage_in_bytes") if (file := group / name).exists()))


def run_small_container(folder: Path) -> list[str]:
    """What is wrong."""
    clips = [find_clip(name) for name in _CLIPS]
    with memory_group(_BYTES) as group:
        core = str(min(os.sched_getaffinity(0)))
        under = ["sh", "-c", _ENTER, str(group), "taskset", "-c", core]
        with Server(folder / "data", under=under) as server, ThreadPoolExecutor(len(clips)) as pool:
            results = list(pool.map(server.upload, clips))
            wrong = [line for clip, result in zip(clips, results, strict=True) for line in _check(server, clip, result)]
        print(f"{len(clips)} uploads at once; at most {read_peak(group) >> 20} MiB; killed by the kernel: {count_kills(group)}")
    return wrong


def _check(server: Server, clip: Path, result: dict[str, object]) -> list[str]:
    video_id = str(result["id"])
    error, dropped = find_errors(server.data, video_id)
    if result["state"] != "ready":
        return [f"{clip.name} is {result['state']}: {error}"]
    wanted = {rung.name for rung in make_ladder(probe(clip, Limits()).with_values(duration_s=1.0))}
    missing = wanted - read_made(server.data, video_id).indexes.keys()
    return [f"{clip.name} lacks {', '.join(sorted(missing))}: {dropped}"] if missing or dropped else []


def main() -> int:
    """Print what is wrong; 0 when nothing is, or where no limit can be set."""
    try:
        with tempfile.TemporaryDirectory(prefix="yeoul-small-") as folder:
            wrong = run_small_container(Path(folder))
    except PermissionError as error:
        print(f"not on this machine: {error}")
        return 0
    print("\n".join(wrong) or "All rungs are there.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
