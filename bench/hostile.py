"""Measures what ordinary visitors notice while one client attacks the server (`attacks.py`).

    python -m bench.hostile [--seconds 8] [--only WORD]

Attackers come from another address of the loopback network than the visitors and run at a lower priority, since real ones would not use
the server's processors. A visitor must be answered, and 99 of 100 answers must come within 250 ms.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import queue
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np

from bench.attacks import API, ATTACKS, Attack, Prey
from bench.chaos import make_clip
from bench.process import tree_memory_bytes
from bench.server import Server
from yeoul.media.binaries import ffmpeg_path

MOST_S: Final = 0.25
_PAUSE_S: Final = 0.02
_VISITORS: Final = 2
_NICE: Final = 10
_TEXT_TRACKS: Final = 900
_Context = multiprocessing.get_context("spawn")


@dataclass
class Seen:
    """What visitors saw: (path, seconds, status) of each answer, 0 for none; the attackers' answers by status; the server's memory."""

    answers: list[tuple[str, float, int]] = field(default_factory=list[tuple[str, float, int]])
    attackers: Counter[int] = field(default_factory=Counter[int])
    memory_bytes: int = 0

    def share_s(self, percent: float) -> float:
        return float(np.percentile([lasted_s for _, lasted_s, _ in self.answers], percent))

    @property
    def refused(self) -> list[str]:
        """What ordinary visitors were not given."""
        return [f"{path} {status}" for path, _, status in self.answers if status not in (200, 206)]

    @property
    def is_wrong(self) -> bool:
        return bool(self.refused) or self.share_s(99) > MOST_S

    def row(self, name: str) -> str:
        """A line of the table."""
        told = ", ".join(f"{count}x {status}" for status, count in sorted(self.attackers.items()) if status) or "none"
        slowest = max(self.answers, key=lambda answer: answer[1])
        shares = " | ".join(f"{1000 * self.share_s(percent):.0f}" for percent in (50, 99))
        last = f"{1000 * slowest[1]:.0f} ({slowest[0][:24]})"
        counts = f"{len(self.answers)} | {len(self.refused)} | {shares} | {last} | {self.memory_bytes >> 20}"
        return f"| {name} | {told} | {counts} | {'WRONG' if self.is_wrong else 'held'} |"


_HEAD: Final = (
    "| attack | attackers' answers | visitors' requests | not answered well | p50, ms | p99, ms | slowest, ms | PSS, MiB | |\n|"
    + "---|" * 9
)


def _attack(attack: Attack, prey: Prey, answers: Any) -> None:
    """In a process of its own, until it is ended."""
    os.nice(_NICE)
    with suppress(KeyboardInterrupt):
        while True:
            try:
                for status in attack(prey):
                    answers.put(status)
            except (httpx.HTTPError, OSError, ValueError, IndexError):
                answers.put(0)
                time.sleep(0.05)


def suffer(server: Server, pages: Sequence[str], prey: Prey, name: str, seconds: float) -> Seen:
    """What visitors see in so many seconds of an attack; name "": of none."""
    seen = Seen()
    attack, count = ATTACKS[name] if name else (None, 0)
    answers = _Context.Queue()
    attackers = [_Context.Process(target=_attack, args=(attack, prey, answers), daemon=True) for _ in range(count)]
    for attacker in attackers:
        attacker.start()
    if attackers:
        with suppress(TimeoutError):
            seen.attackers[_first(answers)] += 1
    until_s = time.monotonic() + seconds
    try:
        with ThreadPoolExecutor(_VISITORS) as pool:
            visits = [pool.submit(_visit, server.url, pages, until_s, seen) for _ in range(_VISITORS)]
            while not all(visit.done() for visit in visits):
                seen.memory_bytes = max(seen.memory_bytes, tree_memory_bytes(server.pid))
                time.sleep(0.2)
            for visit in visits:
                visit.result()
    finally:
        for attacker in attackers:
            attacker.terminate()
        while any(attacker.is_alive() for attacker in attackers) or not answers.empty():
            seen.attackers.update(_drain(answers))
    return seen


def _first(answers: Any) -> int:
    """Wait until attackers have begun, some seconds at most: those that are never answered have, too."""
    try:
        return int(answers.get(timeout=10))
    except queue.Empty as error:
        raise TimeoutError from error


def _drain(answers: Any) -> list[int]:
    found: list[int] = []
    time.sleep(0.02)
    while not answers.empty():
        found.append(int(answers.get()))
    return found


def _visit(url: str, pages: Sequence[str], until_s: float, seen: Seen) -> None:
    with httpx.Client(base_url=url, timeout=30) as client:
        while time.monotonic() < until_s:
            for page in pages:
                began_s = time.monotonic()
                try:
                    status = client.get(page).status_code
                except httpx.TransportError:
                    status = 0
                seen.answers.append((page, time.monotonic() - began_s, status))
                time.sleep(_PAUSE_S)


@contextmanager
def besieged(folder: Path) -> Iterator[tuple[Server, list[str], Prey]]:
    """A server with a public video, the pages that its visitors go to, and an ordinary account with a video of its own."""
    with Server(folder / "data") as server:
        clip = make_clip(folder / "clip.mp4", clip_s=4)
        video = server.upload(clip, "--visibility", "public", "--title", "Ordinary")
        assert video["state"] == "ready", (video, server.read_log())
        prey = _make_prey(server, folder)
        yield server, [*_pages(server, video["id"])], prey


def _pages(server: Server, video_id: str) -> Iterator[str]:
    yield from ("/", f"{API}/feed", f"/watch/{video_id}", f"{API}/videos/{video_id}", f"{API}/search?q=ordinary")
    base = f"/stream/public/{video_id}"
    yield (master := f"{base}/master.m3u8")
    playlist = _first_address(server, master)
    yield playlist
    yield _first_address(server, playlist)


def _first_address(server: Server, playlist: str) -> str:
    """The first address that a playlist names, from the server's root."""
    status, text = server.request("GET", playlist, token=None)
    assert status == 200, (playlist, status, text)
    return str(httpx.URL(playlist).join(next(line for line in text.splitlines() if line and not line.startswith("#"))))


def _make_prey(server: Server, folder: Path) -> Prey:
    said = {"handle": "mallory", "email": "mallory@example.com", "password": "a long password"}
    with httpx.Client(base_url=server.url, headers={"Origin": server.url}) as client:
        client.post(f"{API}/accounts", json=said).raise_for_status()
        client.post(f"{API}/sessions", json={"handle": "mallory", "password": said["password"]}).raise_for_status()
        answer = client.post(f"{API}/tokens", json={"name": "hostile", "scopes": ["read", "write"]}).raise_for_status().json()
        video = client.post(f"{API}/videos", json={"title": "mine"}).raise_for_status().json()
    _make_tracks(folder / "tracks.mkv")
    return Prey(server.url, answer["token"], video["id"], folder)


def _make_tracks(file: Path) -> None:
    subtitle = file.with_suffix(".srt")
    subtitle.write_text("1\n00:00:00,000 --> 00:00:01,000\nx\n")
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=2", "-i", str(subtitle)]
    words += ["-map", "0:v", *["-map", "1:s"] * _TEXT_TRACKS, "-c:v", "libx264", "-preset", "ultrafast", "-c:s", "srt", str(file)]
    subprocess.run(words, check=True)


def run_hostile(folder: Path, seconds: float, only: str = "") -> dict[str, Seen]:
    """What visitors saw under each attack, printed as it is measured; "" is no attack."""
    print(_HEAD, flush=True)
    found: dict[str, Seen] = {}
    with besieged(folder) as (server, pages, prey):
        for name in ("", *(name for name in ATTACKS if only in name)):
            found[name] = suffer(server, pages, prey, name, seconds)
            print(found[name].row(name or "(none)"), flush=True)
    return found


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table; 0 when all visitors were served."""
    parser = argparse.ArgumentParser(prog="python -m bench.hostile", description="Attack a server, and ask what its visitors notice.")
    parser.add_argument("--seconds", type=float, default=8.0, help="of each attack (default: 8)")
    parser.add_argument("--only", metavar="WORD", default="", help="attacks whose name has this word in it")
    arguments = parser.parse_args(argv)
    print(f"load before {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory(prefix="yeoul-hostile-") as folder:
        found = run_hostile(Path(folder), arguments.seconds, arguments.only)
    wrong = [name for name, seen in found.items() if seen.is_wrong]
    print(f"load after {os.getloadavg()[0]:.1f}; attacks that visitors noticed: {', '.join(wrong) or 'none'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
