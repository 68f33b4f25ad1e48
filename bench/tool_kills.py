"""Uploads each clip twice and kills three ffmpegs of the second upload by kill -9. Both uploads must give the same bytes.

    python -m bench.tool_kills [NAME ...]

The first ffmpeg is killed at once, the others when a third and two thirds of the encodes have ended. Of a long clip an excerpt is
uploaded.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from bench.evidence import count_done, find_doubles, find_errors, find_leftovers, find_streams, read_made
from bench.ground import Ground, hit, one_machine, wait_until
from tests.clips.collection import BIG, GOOD, find_clip
from yeoul.media.binaries import ffmpeg_path

_KILLS: Final = 3
_LONGEST_S: Final = 12
_EXCERPTS: Final = ("people-noaudio-139s.mp4", "bunny-480p-30s.mp4", "cars-12fps-30s.mp4", *BIG)
_LOOK_S: Final = 0.003


@dataclass(frozen=True)
class Outcome:
    """What became of a clip whose tools were killed. extra_attempts: more than one for each task; wrong: empty where all is as without."""

    clip: str
    kills: int
    extra_attempts: int
    renditions: tuple[str, ...]
    wrong: tuple[str, ...]

    def row(self) -> str:
        return (
            f"| {self.clip} | {self.kills} | {self.extra_attempts} | {', '.join(self.renditions)} | {'; '.join(self.wrong) or 'the same'} |"
        )


def try_clips(names: Sequence[str]) -> Iterator[Outcome]:
    """Each clip on two trees of its own, since a second upload to one would find what the first has made."""
    for name in names:
        with tempfile.TemporaryDirectory(prefix="yeoul-kills-") as place:
            yield try_clip(_excerpt(find_clip(name), Path(place)), Path(place))


def try_clip(clip: Path, folder: Path) -> Outcome:
    """Upload a clip twice, the second time under fire."""
    for own in ("unharmed", "struck"):
        (folder / own).mkdir()
    with one_machine(folder / "unharmed") as ground:
        result = ground.server.upload(clip, "--title", "clip")
        assert result["state"] == "ready", (result, ground.server.read_log())
        wanted = _read_streams(ground.data, result["id"])
        encodes = count_done(ground.data, "clip", "encode")
    with one_machine(folder / "struck") as ground:
        upload = ground.server.start_upload(clip, "--title", "clip")
        kills = _strike(ground, upload, encodes)
        result = ground.server.end_upload(upload)
        found = _read_streams(ground.data, result["id"])
        made = read_made(ground.data, result["id"])
        wait_until(lambda: not find_leftovers(ground.data))
        wrong = [*_compare(ground.data, result, wanted, found), *find_leftovers(ground.data)]
    extra = sum(made.attempts.values()) - len(made.attempts)
    wrong += [f"{kills} kills"] if kills < _KILLS else []
    wrong += [f"{extra} attempts more for {kills} kills"] if extra > kills else []
    return Outcome(clip.name, kills, extra, tuple(sorted(made.indexes)), tuple(wrong))


def _strike(ground: Ground, upload: subprocess.Popen[str], encodes: int) -> int:
    """Returns how many tools were killed."""
    for kill in range(_KILLS):
        moment = encodes * kill // _KILLS
        while not (count_done(ground.data, "clip", "encode") >= moment and any(hit(encoder) for encoder in ground.encoders()[:1])):
            if upload.poll() is not None:
                return kill
            time.sleep(_LOOK_S)
    return _KILLS


def _read_streams(data: Path, video_id: str) -> dict[str, str]:
    """The digest of each init segment and each media segment, by rendition and index."""
    blobs = data / "blob" / "encoded"
    return {name: hashlib.sha256((blobs / key).read_bytes()).hexdigest() for name, key in find_streams(data, video_id).items()}


def _compare(data: Path, result: dict[str, Any], wanted: dict[str, str], found: dict[str, str]) -> list[str]:
    error, dropped = find_errors(data, result["id"])
    wrong = [] if (result["exit"], result["state"]) == (0, "ready") else [f"{result['state']}, exit {result['exit']}: {error}"]
    wrong += [f"{name} was dropped: {reason['code']}" for name, reason in dropped.items()]
    wrong += [f"{name} is {'missing' if name not in found else 'not the same'}" for name in wanted if found.get(name) != wanted[name]]
    wrong += [f"{name} should not be there" for name in found.keys() - wanted.keys()]
    return wrong + find_doubles(data, result["id"])


def _excerpt(clip: Path, folder: Path) -> Path:
    if clip.name not in _EXCERPTS:
        return clip
    part = folder / clip.name
    words = [
        ffmpeg_path(),
        "-v",
        "error",
        "-nostdin",
        "-i",
        str(clip),
        "-t",
        str(_LONGEST_S),
        "-map",
        "0:v:0",
        "-map",
        "0:a?",
        "-c",
        "copy",
    ]
    subprocess.run([*words, str(part)], check=True)
    return part


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table as it grows; 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.tool_kills", description="Kill the tools that make each clip.")
    parser.add_argument("names", nargs="*", metavar="NAME", help="clips; default: all")
    names = parser.parse_args(argv).names or [*GOOD, *BIG]
    if unknown := sorted(set(names) - {*GOOD, *BIG}):
        parser.error(f"there is no clip {unknown[0]}")
    print(
        f"load {os.getloadavg()[0]:.1f}\n| clip | kills | extra attempts | renditions | against the unharmed |\n|---|---|---|---|---|",
        flush=True,
    )
    wrong = 0
    for outcome in try_clips(names):
        print(outcome.row(), flush=True)
        wrong += bool(outcome.wrong)
    print(f"{wrong} clips are not what they are without kills." if wrong else "Nothing was lost.")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
