"""Power cuts: kill -9 to the whole process tree at random moments of upload and encode, start again, and see what is lost.

`python -m bench.chaos --kills 20 --seed 1` prints a table. The moments are drawn, as shares of the time that one upload takes unharmed,
so that they fall within upload and encode on any machine. A run must end ready, each effect must have happened once, and nothing temporary
may be left.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.evidence import Made, find_leftovers, find_missing, find_running, find_state, read_made
from bench.server import Server
from yeoul.media.binaries import ffmpeg_path

CLIP_S = 10
RATE = 30
FRAMES = CLIP_S * RATE
_UPLOAD_BYTES_PER_S = 600_000
_UNHARMED_S = 240.0
_CLEAN_S = 30.0


@dataclass(frozen=True)
class Cut:
    """One power cut: after how many seconds, what it hit (the video's state, running tasks), how it ended, and all that is wrong."""

    after_s: float
    state: str
    running: str
    end: str
    attempts: int
    took_s: float
    wrong: tuple[str, ...]


def make_clip(path: Path) -> Path:
    """A generated clip of `FRAMES` frames with sound and closed GOPs of 2 s: three pieces, three rungs."""
    words = [
        ffmpeg_path(),
        "-v",
        "error",
        "-nostdin",
        "-y",
        "-f",
        "lavfi",
        "-i",
        f"testsrc2=s=640x360:r={RATE}:d={CLIP_S},noise=alls=4:allf=t",
    ]
    words += ["-f", "lavfi", "-i", f"sine=f=440:r=48000:d={CLIP_S}", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    words += [
        "-g",
        str(2 * RATE),
        "-keyint_min",
        str(2 * RATE),
        "-sc_threshold",
        "0",
        "-flags",
        "+cgop",
        "-c:a",
        "aac",
        "-shortest",
        str(path),
    ]
    subprocess.run(words, check=True)
    return path


def time_unharmed(server: Server, clip: Path) -> float:
    """Seconds from a video's making until it is ready, when nothing is killed."""
    title = "unharmed"
    upload = server.start_upload(clip, *_options(title))
    began_s = _wait_for_video(server, upload, title)
    while find_state(server.data, title) != "ready" and time.monotonic() < began_s + _UNHARMED_S:
        time.sleep(0.01)
    took_s = time.monotonic() - began_s
    result = server.end_upload(upload)
    assert result["state"] == "ready", (result, server.read_log())
    return took_s


def cut_power(server: Server, clip: Path, after_s: float) -> Cut:
    """Upload a clip, kill the server's tree so many seconds after its video was made, start it again, wait for the upload's end."""
    title = f"cut after {after_s:.6f} s"
    upload = server.start_upload(clip, *_options(title))
    began_s = _wait_for_video(server, upload, title)
    with suppress(subprocess.TimeoutExpired):
        upload.wait(after_s)
    time.sleep(max(0.0, began_s + after_s - time.monotonic()))
    server.kill()
    state = find_state(server.data, title) or "no video"
    running = ", ".join(find_running(server.data))
    server.start()
    result = server.end_upload(upload)
    took_s = time.monotonic() - began_s
    made = read_made(server.data, result["id"]) if result["id"] else Made({}, {}, {})
    wrong = (*_wrong(result, made), *_left(server.data))
    return Cut(after_s, state, running, str(result["state"]), sum(made.attempts.values()) - len(made.attempts), took_s, wrong)


def _options(title: str) -> list[str]:
    return ["--title", title, "--limit-rate", str(_UPLOAD_BYTES_PER_S)]


def _wait_for_video(server: Server, upload: subprocess.Popen[str], title: str) -> float:
    """When the video of an upload is there: a server that has never answered is not waited for by its client."""
    while find_state(server.data, title) is None and upload.poll() is None:
        time.sleep(0.01)
    return time.monotonic()


def _wrong(result: dict[str, Any], made: Made) -> list[str]:
    """What is not as it must be in a result and in what was made."""
    ended = result["exit"], result["state"]
    found = [] if ended == (0, "ready") else [f"ended {result['state']} with exit {result['exit']}: {result['error']}"]
    pieces = set(range(len(made.indexes.get("240p", []))))
    found += [
        f"{name} has segments {indexes}" for name, indexes in made.indexes.items() if set(indexes) != pieces or len(indexes) != len(pieces)
    ]
    found += [f"{name} has {count} frames" for name, count in made.samples.items() if name != "audio" and count != FRAMES]
    if set(made.indexes) != {"240p", "360p", "audio"}:
        found.append(f"renditions are {sorted(made.indexes)}")
    return found


def _left(data: Path) -> list[str]:
    """What should be gone and is not, after a moment for the last steps; and what should be there and is not."""
    deadline = time.monotonic() + _CLEAN_S
    while (left := find_leftovers(data)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [*left, *(f"missing {key}" for key in find_missing(data))]


def run_chaos(folder: Path, kills: int, seed: int) -> list[Cut]:
    """That many power cuts of one server, each in the life of an upload of its own, at a moment before its end drawn from `seed`."""
    chance = random.Random(seed)
    clip = make_clip(folder / "clip.mp4")
    with Server(folder / "data") as server:
        unharmed_s = time_unharmed(server, clip)
        return [cut_power(server, clip, unharmed_s * (1 - chance.random())) for _ in range(kills)]


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 0 when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Kill the server at random moments and see what is lost.")
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="yeoul-chaos-") as folder:
        cuts = run_chaos(Path(folder), arguments.kills, arguments.seed)
    print("| killed after | while | running | ended | extra attempts | whole run | wrong |\n|---|---|---|---|---|---|---|")
    for cut in cuts:
        hit = f"{cut.after_s:.2f} s | {cut.state} | {cut.running or 'nothing'}"
        print(f"| {hit} | {cut.end} | {cut.attempts} | {cut.took_s:.1f} s | {'; '.join(cut.wrong) or 'nothing'} |")
    print(f"{sum(not cut.wrong for cut in cuts)} of {len(cuts)} runs lost nothing.")
    return 1 if any(cut.wrong for cut in cuts) else 0


if __name__ == "__main__":
    sys.exit(main())
