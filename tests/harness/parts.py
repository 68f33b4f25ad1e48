"""`make test-all`: everything that can be tested, in parts of less than two hours each, going on after a break.

    python -m tests.harness.parts [PART ...]

A part that has passed is not run again until a file of the project changes. Of a part that was broken off or that failed, only the tests
run again that have not passed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.clips.collection import has_real_clips
from tests.harness import examples

_ROOT = Path(__file__).parents[2]
_STATE = _ROOT / ".cache" / "test-all"
_SOURCES = ("src", "tests", "bench", "scripts", "web", "requirements", "pyproject.toml", "Makefile")
_BUILT = {"__pycache__", "node_modules", "web_dist"}
_PYTEST = ("-m", "pytest", "-q", "-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder", "--durations", "10")
# pytest's own code for a run in which nothing was left to do.
_NOTHING_TO_RUN = 5


@dataclass(frozen=True)
class Part:
    """What Python is called with for a part; environ is added to the environment. A part that is not resumable runs whole."""

    arguments: Sequence[str]
    environ: Mapping[str, str] = field(default_factory=dict)
    is_resumable: bool = True


def make_parts() -> dict[str, Part]:
    """Returns the parts by name. Where the real clips are at hand, what uses clips runs over them and over their twins."""
    parts = {folder: Part((*_PYTEST, f"tests/{folder}")) for folder in ("unit", "contract", "media", "e2e")}
    if has_real_clips():
        twins = {"YEOUL_CLIPS": "twins"}
        parts |= {f"{name}-twins": Part((*_PYTEST, f"tests/{name}", "--using", "media_dir"), twins) for name in ("media", "e2e")}
    return parts | {"clips": Part(("-m", "bench.clips"), is_resumable=False)}


def main(argv: Sequence[str]) -> int:
    parts = make_parts()
    parser = argparse.ArgumentParser(prog="make test-all", usage='make test-all PARTS="NAME ..."')
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(parts)}; default: all")
    names = parser.parse_args(argv).names or list(parts)
    if unknown := [name for name in names if name not in parts]:
        parser.error(f"there is no part {unknown[0]}; there are {', '.join(parts)}")
    state = _STATE / _fingerprint()
    failed = [name for name in names if not _run(name, parts[name], state)]
    print(f"failed parts: {', '.join(failed)}" if failed else "all parts passed")
    return 1 if failed else 0


def _run(name: str, part: Part, state: Path) -> bool:
    """True if the part has passed, now or before."""
    done = state / f"{name}.done"
    if done.exists():
        print(f"part {name}: passed before")
        return True
    print(f"part {name}", flush=True)
    resume = ("--resume", str(state / f"{name}.passed")) if part.is_resumable else ()
    began_s = time.monotonic()
    code = subprocess.run(
        [sys.executable, *part.arguments, *resume], cwd=_ROOT, env={**os.environ, examples.VARIABLE: "1", **part.environ}, check=False
    ).returncode
    has_passed = code in (0, _NOTHING_TO_RUN)
    print(f"part {name}: {'passed' if has_passed else 'failed'} after {(time.monotonic() - began_s) / 60:.1f} min", flush=True)
    if has_passed:
        done.parent.mkdir(parents=True, exist_ok=True)
        done.touch()
    return has_passed


def _fingerprint() -> str:
    """Returns a hash of all files that a test may depend on."""
    digest = hashlib.sha256()
    for path in sorted(_files(_ROOT / name for name in _SOURCES)):
        digest.update(f"{path.relative_to(_ROOT)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _files(paths: Iterator[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from _files(child for child in path.iterdir() if child.name not in _BUILT)
        elif path.is_file():
            yield path


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
