"""Clips that are too much work for the tests, by pieces and as whole files, held against the same checks as the tests hold the others.

`python -m bench.clips [NAME ...]` prints what was found; 1 when something is wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.server import Server
from tests.clips.collection import BIG, HEAVY, SILENT, find_clip
from tests.e2e.clip import Clip
from tests.e2e.clip_checks import (
    check_frames_and_times,
    check_pictures,
    check_same_bytes,
    check_silence,
    check_sizes,
    check_sound,
    check_stream_rules,
)

_NAMES = (*BIG, *HEAVY)
_CHECKS: dict[str, Callable[[Clip], str]] = {
    "frames and times": check_frames_and_times,
    "sizes": check_sizes,
    "pictures": check_pictures,
    "sound": lambda clip: check_silence(clip) if clip.path.name in SILENT else check_sound(clip),
    "stream rules": check_stream_rules,
}
# What a check raises when something is wrong, and when there is too little to look at.
_TROUBLE = (AssertionError, ValueError, LookupError, httpx.HTTPError)


@dataclass(frozen=True)
class Finding:
    """What one check found of one clip."""

    clip: str
    way: str
    check: str
    words: str
    is_wrong: bool = False

    def line(self) -> str:
        return f"| {self.clip} | {self.way} | {self.check} | {'WRONG: ' if self.is_wrong else ''}{self.words} |"


def check_clips(names: Sequence[str]) -> Iterator[Finding]:
    """Upload each clip by both ways to a server of its own, and check what became of them."""
    with (
        tempfile.TemporaryDirectory(prefix="yeoul-clips-") as place,
        httpx.Client(timeout=60) as client,
        Server(Path(place, "data")) as server,
    ):
        for name in names:
            yield from _check_clip(server, client, find_clip(name), Path(place))


def _check_clip(server: Server, client: httpx.Client, path: Path, folder: Path) -> Iterator[Finding]:
    clips: dict[str, Clip] = {}
    for way, options in {"pieces": [], "whole": ["--whole"]}.items():
        upload = server.measure_upload(path, *options, "--visibility", "public")
        times = ", ".join(f"{name} {seconds} s" for name, seconds in upload.result["timings"].items())
        yield Finding(path.name, way, "upload", f"{times}, CPU {upload.cost.cpu_s:.0f} s")
        own = folder / f"{path.stem}-{way}"
        own.mkdir()
        clips[way] = Clip(path, upload.result, server, client, own)
    for check, look in _CHECKS.items():
        yield _look(path, "pieces", check, lambda look=look: look(clips["pieces"]))
    # What is the same byte for byte need not be decoded again; playlists and manifests are made for each.
    yield _look(path, "whole", "same bytes", lambda: check_same_bytes(clips["pieces"], clips["whole"]))
    yield _look(path, "whole", "stream rules", lambda: check_stream_rules(clips["whole"]))


def _look(path: Path, way: str, check: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(path.name, way, check, look())
    except _TROUBLE as trouble:
        return Finding(path.name, way, check, f"{type(trouble).__name__}: {trouble}", is_wrong=True)


def print_findings(names: Sequence[str]) -> int:
    """Print the table as it grows; 0 when nothing is wrong."""
    print("| clip | uploaded by | check | found |\n|---|---|---|---|", flush=True)
    wrong = 0
    for finding in check_clips(names):
        print(finding.line(), flush=True)
        wrong += finding.is_wrong
    print(f"{wrong} checks found something wrong." if wrong else "Nothing is wrong.")
    return 1 if wrong else 0


def main(argv: Sequence[str] | None = None) -> int:
    about = "Upload the big clips by both ways and check what became of them."
    parser = argparse.ArgumentParser(prog="python -m bench.clips", description=about)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(_NAMES)}; default: all")
    names = parser.parse_args(argv).names
    if unknown := sorted(set(names) - set(_NAMES)):
        parser.error(f"there is no big clip {unknown[0]}")
    return print_findings(names or _NAMES)


if __name__ == "__main__":
    sys.exit(main())
