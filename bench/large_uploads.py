"""How receiving behaves as uploads grow: `python -m bench.large_uploads [--gigabytes 1 4 16]`.

A file of each size is made of some seconds of raw picture, repeated, sent while nothing is encoded, and deleted with its pieces before the
next one. Ends with 1 if the memory of server or client grows by half, or bytes a second fall below the first one's by a fifth.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from bench.delivery import cpu_s, find_role
from bench.server import Server
from yeoul.media.binaries import ffmpeg_path

_SAMPLE_EVERY_S = 0.1
_MOST_GROWTH, _LEAST_SPEED = 1.5, 1 / 1.2


@dataclass(frozen=True)
class Row:
    """One upload: bytes a second, CPU seconds for each GB of server and client, their memory at most in MiB (USS)."""

    gigabytes: float
    mb_per_s: float
    server_s_per_gb: float
    client_s_per_gb: float
    server_mib: float
    client_mib: float

    def line(self) -> str:
        costs = f"CPU for each GB: server {self.server_s_per_gb:.2f} s, client {self.client_s_per_gb:.2f} s"
        memory = f"memory at most: server {self.server_mib:.0f} MiB, client {self.client_mib:.0f} MiB"
        return f"{self.gigabytes:6.2f} GB  {self.mb_per_s:6.1f} MB/s  {costs}  {memory}  (load {os.getloadavg()[0]:.1f})"


def make_raw(size_bytes: int, to: Path) -> None:
    """About so many bytes of raw picture in Matroska: ten seconds, over and over."""
    clip = to.with_name(f"clip-{to.name}")
    picture = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=30", "-t", "10", "-pix_fmt", "yuv420p", "-c:v", "rawvideo"]
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", *picture, str(clip)], check=True)
    loops = max(0, round(size_bytes / clip.stat().st_size) - 1)
    subprocess.run([ffmpeg_path(), "-v", "error", "-y", "-stream_loop", str(loops), "-i", str(clip), "-c", "copy", str(to)], check=True)
    clip.unlink()


class _Peak:
    """The largest memory of a process while it is watched, in MiB."""

    def __init__(self, process: psutil.Process) -> None:
        self._process = process
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self.mib = 0.0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        with suppress(psutil.NoSuchProcess):
            while not self._stop.wait(_SAMPLE_EVERY_S):
                self.mib = max(self.mib, self._process.memory_full_info().uss / 2**20)


def measure(gigabytes: float, folder: Path) -> Row:
    """Makes, sends and deletes one file."""
    large = folder / "large.mkv"
    make_raw(int(gigabytes * 1e9), large)
    size_gb = large.stat().st_size / 1e9
    try:
        with Server(folder / "data") as server:
            (pipeline,), (api,) = find_role(server, "pipeline"), find_role(server, "api")
            pipeline.send_signal(signal.SIGSTOP)
            try:
                before_s, client_before, started_s = cpu_s([api]), resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
                sending = server.start_upload(large, "--wait", "none")
                with _Peak(api) as server_peak, _Peak(psutil.Process(sending.pid)) as client_peak:
                    sending.communicate()
                assert sending.returncode == 0, server.read_log()
                wall_s = time.monotonic() - started_s
                client = resource.getrusage(resource.RUSAGE_CHILDREN)
                client_s = client.ru_utime + client.ru_stime - client_before.ru_utime - client_before.ru_stime
                costs = (cpu_s([api]) - before_s) / size_gb, client_s / size_gb
                return Row(size_gb, 1000 * size_gb / wall_s, *costs, server_peak.mib, client_peak.mib)
            finally:
                pipeline.send_signal(signal.SIGCONT)
    finally:
        large.unlink()
        shutil.rmtree(folder / "data", ignore_errors=True)
        shutil.rmtree(folder / "data-scratch", ignore_errors=True)


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.large_uploads")
    parser.add_argument("--gigabytes", type=float, nargs="+", default=[1, 4, 16])
    parser.add_argument("--folder", type=Path, help="where the files are made, on a disk with twice the size of the largest")
    arguments = parser.parse_args(argv)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(dir=arguments.folder) as name:
        for gigabytes in arguments.gigabytes:
            rows.append(measure(gigabytes, Path(name)))
            print(rows[-1].line(), flush=True)
    first, last = rows[0], rows[-1]
    grows = max(last.server_mib / first.server_mib, last.client_mib / first.client_mib)
    return int(grows > _MOST_GROWTH or last.mb_per_s < _LEAST_SPEED * first.mb_per_s)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
