"""What a segment costs as catalogue and audience grow: `python -m bench.many_streams [--videos N...] [--asked N] [--viewers N...]`.

The server holds so many ready videos (copies of the rows of one, which all have the same files), of which a thousand are asked for, each
as often as the others. It has one core, the client another. A viewer is a kept connection with one request in flight, for a segment of
about 64 KB. Printed: requests a second, CPU of a request when its video was not asked for before and after that, and the server's memory.
"""

from __future__ import annotations

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

from bench.delivery import Connections, cpu_s, find_role
from bench.server import Server
from tests.clips.collection import find_clip

_CLIP: Final = "rabbit-480p-8s.mp4"
_SEGMENT_BYTES: Final = 64_000
_WITH_STREAMS: Final = 100_000  # of a larger catalogue, the others have rows of videos alone
_REQUESTS: Final = 20_000


def copy_video(file: Path, video_id: str, count: int) -> None:
    """Copies the rows of a video and its stream; the copies are called c0000000, c0000001 and so on."""
    connection = sqlite3.connect(file, timeout=60)
    with connection:
        for table, column, copies in (("video", "id", count), ("rendition", "video_id", count), ("segment", "video_id", count)):
            columns = [str(row[1]) for row in connection.execute(f"PRAGMA table_info({table})")]
            values = ", ".join("'c' || printf('%07d', i)" if name == column else f'"{name}"' for name in columns)
            names = ", ".join(f'"{name}"' for name in columns)
            numbers = "WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i + 1 < ?)"
            last = copies if table == "video" else min(copies, _WITH_STREAMS)
            connection.execute(
                f"{numbers} INSERT INTO {table} ({names}) SELECT {values} FROM {table}, numbers WHERE {column} = ?",
                (last, video_id),
            )
    connection.close()


def _choose_path(connections: Connections, base: str, names: Sequence[str]) -> str:
    """The path below the base of the segment whose size is nearest to the wanted one."""
    paths = [f"{name}/{index}.m4s" for name in names if not name.startswith("audio") for index in range(2)]
    return min(paths, key=lambda path: abs(connections.get(f"{base}/{path}") - _SEGMENT_BYTES))


def measure(videos: int, asked: int, viewers: Sequence[int]) -> None:
    """Fills one catalogue, asks for its segments, and prints a line for each number of viewers."""
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder) / "data") as server:
        result = server.upload(find_clip(_CLIP), "--visibility", "public")
        copy_video(server.data / "yeoul.db", result["id"], videos)
        base = result["hls"].rpartition("/")[0].removeprefix(server.url)
        names = [rung["name"] for rung in server.get(f"/api/v1/videos/{result['id']}")["renditions"]]
        file = _choose_path(Connections(server.port), base, names)
        chosen = random.Random(1).sample(range(min(videos, _WITH_STREAMS)), min(asked, videos))
        paths = [f"{base.removesuffix(result['id'])}c{number:07}/{file}" for number in chosen]
        (api,) = find_role(server, "api")
        api.cpu_affinity(sorted(os.sched_getaffinity(0))[:1])
        first_ms = 1000 * _take(api, Connections(server.port), paths)[0] / len(paths)
        print(f"{videos} videos, {len(paths)} of them asked for; the first request for each: {first_ms:.2f} ms of CPU", flush=True)
        for count in viewers:
            connections = Connections(server.port, count)
            many = [paths[number % len(paths)] for number in range(_REQUESTS)]
            taken_s, wall_s, total = _take(api, connections, many)
            connections.close()
            speed = f"{len(many) / wall_s:7.0f} requests/s  {1000 * taken_s / len(many):.3f} ms of CPU each"
            memory = api.memory_full_info().uss / 2**20
            print(f"  {count:5} viewers  {speed}  ({total / len(many) / 1000:.0f} KB each, {memory:.0f} MiB)", flush=True)


def _take(api: psutil.Process, connections: Connections, paths: Sequence[str]) -> tuple[float, float, int]:
    """(CPU seconds of the server, wall seconds, bytes)."""
    before_s, started_s = cpu_s([api]), time.monotonic()
    total = connections.get(*paths)
    return cpu_s([api]) - before_s, time.monotonic() - started_s, total


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.many_streams")
    parser.add_argument("--videos", type=int, nargs="+", default=[100, 10_000, 100_000, 1_000_000])
    parser.add_argument("--asked", type=int, default=1000)
    parser.add_argument("--viewers", type=int, nargs="+", default=[1, 100, 1000])
    arguments = parser.parse_args(argv)
    for videos in arguments.videos:
        measure(videos, arguments.asked, arguments.viewers)


if __name__ == "__main__":
    main(sys.argv[1:])
