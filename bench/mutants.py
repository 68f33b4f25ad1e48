"""Damaged files: each is split and its first piece encoded under the limits of a task, and has to end as an error or as a result.

    python -m bench.mutants [--count 200] [--seed 1] [--first 0]

Mutant N of a seed is always the same file, so that a run can be gathered over several: `--first 500 --count 500` makes those from 500 on.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import resource
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from yeoul.base.errors import YeoulError
from yeoul.engine.local import process
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.flac_audio import convert_audio
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder

_SLOT_BYTES: Final = 700 * 2**20
_DISK_BYTES: Final = 128 * 2**20
_WALL_S: Final = 60.0
_PICTURE: Final = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=1.6")
_SOUND: Final = ("-f", "lavfi", "-i", "sine=440:r=44100:d=1.6")
# Container by its ending, with the codecs that are usual in it.
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-c:a", "aac"),
    "frag.mp4": ("-c:v", "libx264", "-preset", "ultrafast", "-g", "12", "-c:a", "aac", "-movflags", "frag_keyframe+empty_moov"),
    "mov": ("-c:v", "mpeg4", "-g", "12", "-c:a", "pcm_s16le"),
    "mkv": ("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=12", "-c:a", "libopus"),
    "webm": ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g", "12", "-c:a", "libopus"),
    "av1.webm": ("-c:v", "libsvtav1", "-preset", "12", "-g", "12", "-svtav1-params", "lp=1", "-c:a", "libopus"),
    "ts": ("-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2"),
    "avi": ("-c:v", "mpeg4", "-g", "12", "-c:a", "libmp3lame"),
    "wmv": ("-c:v", "wmv2", "-g", "12", "-c:a", "wmav2"),
    "flv": ("-c:v", "flv", "-g", "12", "-c:a", "libmp3lame"),
    "vob": ("-c:v", "mpeg2video", "-g", "12", "-c:a", "mp2"),
    "ogv": ("-c:v", "libvpx", "-deadline", "realtime", "-g", "12", "-c:a", "libopus"),
    "mxf": ("-c:v", "mpeg2video", "-g", "12", "-c:a", "pcm_s16le", "-ar", "48000"),
    "gif": ("-an", "-c:v", "gif", "-pix_fmt", "rgb8"),
    "h264": ("-an", "-c:v", "libx264", "-preset", "ultrafast", "-g", "12"),
    "raw.avi": ("-t", "0.2", "-c:v", "rawvideo", "-c:a", "pcm_s16le"),
}
_BOXES: Final = (
    *(b"moov", b"trak", b"mdia", b"stbl", b"stsd", b"stts", b"ctts"),
    *(b"stsz", b"stsc", b"stco", b"elst", b"moof", b"traf", b"trun"),
)

Mutate = Callable[[bytearray, random.Random], None]


def flip_bits(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice((1, 4, 32, 256))):
        data[chance.randrange(len(data) if chance.random() < 0.5 else min(len(data), 4000))] ^= 1 << chance.randrange(8)


def cut(data: bytearray, chance: random.Random) -> None:
    """The end is missing, or a part in the middle."""
    start = chance.randrange(len(data))
    del data[start : len(data) if chance.random() < 0.5 else start + chance.randrange(1, 20_000)]


def swap_blocks(data: bytearray, chance: random.Random) -> None:
    """Two boxes change places where there are some, else two stretches of the same length."""
    places = [at - 4 for name in _BOXES if (at := data.find(name)) >= 4]
    if len(places) >= 2:
        one, other = sorted(chance.sample(places, 2))
        length = min(struct.unpack_from(">I", data, one)[0], other - one, len(data) - other)
    else:
        length = chance.randrange(4, 4000)
        one, other = sorted(chance.randrange(max(1, len(data) - length)) for _ in range(2))
        length = min(length, other - one)
    data[one : one + length], data[other : other + length] = data[other : other + length], data[one : one + length]


def inflate_counts(data: bytearray, chance: random.Random) -> None:
    """Small numbers in the headers become huge ones."""
    for _ in range(chance.choice((1, 3, 10))):
        at = chance.randrange(max(1, min(len(data), 6000) - 8))
        data[at : at + 4] = struct.pack(">I", chance.choice((0xFFFFFFFF, 0x7FFFFFFF, 0x10000000, 1 << chance.randrange(32))))


def repeat_a_part(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    part = bytes(data[start : start + chance.randrange(1, 8000)])
    data[start:start] = part * chance.choice((1, 10, 100))


_MUTATIONS: Final[tuple[Mutate, ...]] = (flip_bits, cut, swap_blocks, inflate_counts, repeat_a_part)


@dataclass(frozen=True)
class End:
    """How a mutant ended: "ready", a code of ours, or what is wrong with it; with its peak of memory and of disk in bytes, and its time."""

    word: str
    memory_bytes: int
    disk_bytes: int
    wall_s: float

    @property
    def fault(self) -> str:
        """What must not be; empty where all is well."""
        faults = [
            *([self.word] if self.word.startswith("!") else []),
            *([f"{self.memory_bytes >> 20} MiB of memory"] if self.memory_bytes > 3 * _SLOT_BYTES else []),
            *([f"{self.disk_bytes >> 20} MiB of disk"] if self.disk_bytes > 3 * _DISK_BYTES else []),
            *([f"{self.wall_s:.0f} s"] if self.wall_s > _WALL_S else []),
        ]
        return ", ".join(faults)


def make_bases(folder: Path) -> list[Path]:
    """One clip of 1.6 s for each kind of container."""
    made: list[Path] = []
    for kind, words in _KINDS.items():
        path = folder / f"base.{kind}"
        argv = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", *_PICTURE, *_SOUND, "-pix_fmt", "yuv420p", *words, "-shortest", str(path)]
        subprocess.run(argv, check=True)
        made.append(path)
    return made


def make_mutant(bases: Sequence[Path], seed: int, number: int) -> tuple[str, bytes]:
    """(name, bytes) of a mutant."""
    chance = random.Random(f"{seed} {number}")
    base = bases[number % len(bases)]
    data = bytearray(base.read_bytes())
    used = chance.sample(_MUTATIONS, chance.choice((1, 1, 2)))
    for mutate in used:
        if len(data) > 16:
            mutate(data, chance)
    return f"{number}: {base.name} {'+'.join(one.__name__ for one in used)}", bytes(data)


def _folder_bytes(folder: Path) -> int:
    """Returns the size of all files below a folder that another process writes to and deletes from."""
    found = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                found += Path(place, name).lstat().st_size
    return found


def try_file(file: Path, folder: Path) -> End:
    """Split the file and encode a piece of it, in a child process with the limits of a task."""
    reading, writing = os.pipe()
    began_s = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        _live(file, folder, writing)
    os.close(writing)
    watch = subprocess.Popen(["sleep", str(2 * _WALL_S)])
    disk_bytes = 0
    while (found := os.wait4(pid, os.WNOHANG))[0] == 0:
        disk_bytes = max(disk_bytes, _folder_bytes(folder))
        if watch.poll() is not None:
            os.killpg(pid, signal.SIGKILL)
        time.sleep(0.02)
    watch.kill()
    watch.wait()
    _, status, usage = found
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    code = os.waitstatus_to_exitcode(status)
    word = told or (f"!ended by signal {-code}" if code < 0 else f"!ended with {code}")
    return End(word, usage.ru_maxrss * 1024, disk_bytes, time.monotonic() - began_s)


def _live(file: Path, folder: Path, pipe: int) -> None:
    word = "!nothing said"
    try:
        process.limit_memory(_SLOT_BYTES)
        resource.setrlimit(resource.RLIMIT_CPU, (int(2 * _WALL_S), int(2 * _WALL_S)))
        limits = Limits(timeout_s=_WALL_S)
        file = convert_audio(file, folder, limits) or file
        plan = plan_split(file, limits, 1.0)
        for piece, path in cut_pieces(file, plan, folder):
            if piece.index == 0:
                encode_piece(path, piece, plan.source, make_ladder(plan.source)[-1:], folder, limits)
        word = "ready"
    except YeoulError as error:
        word = error.code
    except MemoryError:
        word = "memory"
    except BaseException as error:  # noqa: BLE001 - this is what is looked for
        word = f"!{type(error).__name__}: {error}"[:200]
    finally:
        os.write(pipe, word.encode())
        os._exit(0)


def run_mutants(count: int, seed: int, first: int = 0) -> tuple[Counter[str], list[str]]:
    """(how many ended how, what is wrong) of the mutants from `first` on."""
    ends: Counter[str] = Counter()
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="yeoul-mutants-") as name:
        bases = make_bases(Path(name))
        for number in range(first, first + count):
            what, data = make_mutant(bases, seed, number)
            with tempfile.TemporaryDirectory(dir=name) as place:
                file, folder = Path(place) / "mutant", Path(place) / "work"
                folder.mkdir()
                file.write_bytes(data)
                end = try_file(file, folder)
            ends[end.word] += 1
            if end.fault:
                wrong.append(f"{what}: {end.fault}")
    return ends, wrong


def main(argv: Sequence[str] | None = None) -> int:
    """Print how the mutants ended and what is wrong; 0 when nothing is."""
    parser = argparse.ArgumentParser(prog="python -m bench.mutants", description="Damaged files, each made anew from its number.")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0)
    arguments = parser.parse_args(argv)
    began_s = time.monotonic()
    ends, wrong = run_mutants(arguments.count, arguments.seed, arguments.first)
    print(f"{arguments.count} mutants in {time.monotonic() - began_s:.0f} s, load {os.getloadavg()[0]:.1f}; wrong: {len(wrong)}")
    print("\n".join([*(f"{number:6d} {word}" for word, number in ends.most_common()), *wrong]))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
