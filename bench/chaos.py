"""Faults over running uploads: some hundred, of every kind, drawn from a seed; what was lost, what was done twice, and how long it took.

`python -m bench.chaos --faults 20 --seed 1` strikes that often with each kind and prints a table. Each kind has a tree of its own. Three
uploads run at once, and are hit again and again; then three others. What each took is held against uploads that nothing hits,
on the same tree. Everything must end ready, each effect must have happened once, and nothing temporary may be left; only what a fault
has destroyed for good may fail, and must say why.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.evidence import (
    Made,
    find_done_since,
    find_doubles,
    find_errors,
    find_leftovers,
    find_missing,
    find_open_attempts,
    find_state,
    read_made,
)
from bench.faults import KINDS, Kind, Strike, Target, plan
from bench.ground import Ground
from bench.mutants import run_mutants
from yeoul.base.errors import error_codes
from yeoul.media.binaries import ffmpeg_path

CLIP_S = 10
RATE = 30
FRAMES = CLIP_S * RATE
_AT_ONCE = 5
_ROUNDS = 10  # for each strike, at most
_PATIENCE_S = 240.0
_CLEAN_S = 30.0


@dataclass(frozen=True)
class Load:
    """How many uploads run at once, and how fast each is sent."""

    uploads: int = 3
    bytes_per_s: int = 250_000


@dataclass
class Outcome:
    """What became of one upload. codes: of errors that it or a rung of it failed with, as its fault may make it.

    lost: of its pieces; doubled: of its effects; unexplained: an end that is none, or has no reason.
    """

    title: str
    state: str
    took_s: float
    codes: list[str] = field(default_factory=list[str])
    lost: list[str] = field(default_factory=list[str])
    doubled: list[str] = field(default_factory=list[str])
    unexplained: list[str] = field(default_factory=list[str])


@dataclass
class Siege:
    """All that one kind of fault did to one tree. left: what should be gone and is not, after any round."""

    kind: str
    hits: list[str] = field(default_factory=list[str])
    unharmed_s: list[float] = field(default_factory=list[float])
    outcomes: list[Outcome] = field(default_factory=list[Outcome])
    left: list[str] = field(default_factory=list[str])
    extra_attempts: int = 0

    @property
    def wrong(self) -> list[str]:
        """Everything that is not as it must be."""
        found = [f"{outcome.title}: {line}" for outcome in self.outcomes for line in outcome.lost + outcome.doubled + outcome.unexplained]
        return found + self.left

    def delays_s(self) -> list[float]:
        """Seconds that each upload that became ready and whole took longer than the median of the unharmed."""
        whole = [outcome for outcome in self.outcomes if outcome.state == "ready" and not outcome.codes]
        return [outcome.took_s - median(self.unharmed_s) for outcome in whole]

    def row(self) -> str:
        """A line of the table."""
        named = sum(bool(outcome.codes) for outcome in self.outcomes)
        lost, doubled, unexplained = (
            sum(bool(getattr(outcome, name)) for outcome in self.outcomes) for name in ("lost", "doubled", "unexplained")
        )
        counts = f"{len(self.hits)} | {len(self.outcomes)} | {lost} | {doubled} | {unexplained} | {named} | {len(self.left)}"
        return f"| {self.kind} | {counts} | {self.extra_attempts} | {median(self.unharmed_s):.1f} | {_shares(self.delays_s())} |"


_HEAD = "| faults | struck | uploads | pieces lost | double effects | unfinished without a reason | error named"
_HEAD += " | left behind | extra attempts | unharmed, s | delay p50, s | p95, s |\n|" + "---|" * 12


def _shares(delays_s: Sequence[float]) -> str:
    if len(delays_s) < 2:
        return "- | -"
    return f"{median(delays_s):+.1f} | {quantiles(delays_s, n=20, method='inclusive')[-1]:+.1f}"


def make_clip(path: Path, clip_s: int = CLIP_S, take: int = 0) -> Path:
    """A generated clip with sound and closed GOPs of 2 s, which gives two rungs; each take has other bytes in every piece."""
    picture, sound = (
        f"testsrc2=s=640x360:r={RATE}:d={clip_s},noise=alls=4:allf=t:all_seed={take}",
        f"sine=f={440 + take}:r=48000:d={clip_s}",
    )
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", picture]
    words += ["-f", "lavfi", "-i", sound, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
    words += ["-g", str(2 * RATE), "-keyint_min", str(2 * RATE), "-sc_threshold", "0", "-flags", "+cgop", "-c:a", "aac", "-shortest"]
    subprocess.run([*words, str(path)], check=True)
    return path


class Round:
    """Some uploads at the same time, and the faults that hit them. Each has a clip of its own: equal ones would be one upload."""

    def __init__(self, ground: Ground, name: str, load: Load, takes: Iterator[int]) -> None:
        self._ground = ground
        folder = ground.data.parent / "clips"
        folder.mkdir(exist_ok=True)
        titles = [f"{name} {letter}" for letter in "abcdefgh"[: load.uploads]]
        clips = [make_clip(folder / f"{title}.mp4", take=next(takes)) for title in titles]
        self._began_s = time.monotonic()
        options = ["--limit-rate", str(load.bytes_per_s)]
        started = [ground.server.start_upload(clip, "--title", title, *options) for clip, title in zip(clips, titles, strict=True)]
        self._running = dict(zip(titles, started, strict=True))
        self._ended: dict[str, tuple[float, dict[str, Any]]] = {}

    def suffer(self, kind: Kind, strikes: deque[Strike], siege: Siege) -> None:
        """Take strikes, as many as fall while uploads run, and not more than a few; before a client has met its server it may give up."""
        while not all(self._is_known(title) for title in self._running):
            self._watch(0.05)
        struck = 0
        while strikes and struck < _AT_ONCE and self._watch(strikes[0].pause_s):
            try:
                hit = kind.strike(Target(self._ground, list(self._running)), strikes[0].aim)
            except AssertionError as error:
                siege.left.append(str(error))
                hit = "in vain"
            if hit is not None:
                strikes.popleft()
                struck += 1
                siege.hits.append(hit)

    def end(self) -> dict[str, tuple[float, dict[str, Any]]]:
        """(seconds, what the command said) of each upload, by title; raises AssertionError when one never ends."""
        if self._watch(_PATIENCE_S):
            log = self._ground.server.read_log()
            for upload in self._running.values():
                upload.kill()
            raise AssertionError(f"never ended: {sorted(self._running)}\n{log}")
        return self._ended

    def _is_known(self, title: str) -> bool:
        return find_state(self._ground.data, title) is not None

    def _watch(self, for_s: float) -> bool:
        """Wait so long, or until all uploads have ended; whether some have not."""
        deadline_s = time.monotonic() + for_s
        while True:
            for title, upload in list(self._running.items()):
                if upload.poll() is not None:
                    took_s = time.monotonic() - self._began_s
                    self._ended[title] = took_s, self._ground.server.end_upload(self._running.pop(title))
            if not self._running or time.monotonic() >= deadline_s:
                return bool(self._running)
            time.sleep(0.02)


def besiege(kind: Kind, strikes: Sequence[Strike], folder: Path, load: Load) -> Siege:
    """Strike at uploads on a fresh tree until all strikes are used up. Raises PermissionError where the kind cannot be had."""
    siege, left, takes = Siege(kind.name), deque(strikes), count()
    with kind.open(folder) as ground:
        twin = _unharmed(ground, load, takes, siege)
        number = 0
        while left:
            number += 1
            assert number <= _ROUNDS * len(strikes), f"there is nothing to strike at: {left[0]}"
            current = Round(ground, f"{kind.name} {number}", load, takes)
            current.suffer(kind, left, siege)
            for title, (took_s, result) in current.end().items():
                outcome, extra = _judge(ground, kind, title, took_s, result, twin)
                siege.outcomes.append(outcome)
                siege.extra_attempts += extra
            siege.left += [f"round {number}: {line}" for line in _left(ground)]
    return siege


def _unharmed(ground: Ground, load: Load, takes: Iterator[int], siege: Siege) -> Made:
    """What an upload makes when nothing hits it; their times go to the siege."""
    ended = Round(ground, "unharmed", load, takes).end()
    siege.unharmed_s = [took_s for took_s, _ in ended.values()]
    results = [result for _, result in ended.values()]
    assert all(result["state"] == "ready" for result in results), (results, ground.server.read_log())
    made = read_made(ground.data, results[0]["id"])
    assert {made.samples[name] for name in made.samples if name != "audio"} == {FRAMES}, made
    return made


def _judge(ground: Ground, kind: Kind, title: str, took_s: float, result: dict[str, Any], twin: Made) -> tuple[Outcome, int]:
    """What became of an upload, and how many attempts it took more than its tasks."""
    outcome = Outcome(title, str(result["state"]), took_s)
    if result["id"] is None:
        outcome.unexplained.append(f"exit {result['exit']}: {result['error']}")
        return outcome, 0
    made = read_made(ground.data, result["id"])
    outcome.doubled += find_doubles(ground.data, result["id"])
    outcome.lost += _read_flipped(ground, title, result["id"])
    error, dropped = find_errors(ground.data, result["id"])
    outcome.codes = sorted({str(one["code"]) for one in (error, *dropped.values()) if one is not None})
    if any(code not in kind.may_fail or code not in error_codes() for code in outcome.codes):
        outcome.unexplained.append(f"failed with {error}, dropped {dropped}")
    if outcome.state == "failed":
        outcome.unexplained += [] if outcome.codes else ["failed without a code"]
    elif (result["exit"], outcome.state) != (0, "ready"):
        outcome.unexplained.append(f"{outcome.state}, exit {result['exit']}: {result['error']}")
    else:
        outcome.lost += _compare(made, twin, set(dropped))
    return outcome, sum(made.attempts.values()) - len(made.attempts)


def _compare(made: Made, twin: Made, dropped: set[str]) -> list[str]:
    """Pieces that are not there once, with all their frames, in a rendition that was not dropped."""
    wanted = twin.indexes.keys() - dropped
    found = [f"{name} has segments {made.indexes.get(name)}" for name in wanted if made.indexes.get(name) != twin.indexes[name]]
    found += [f"{name} has frames {made.frames.get(name)}" for name in wanted if made.frames.get(name) != twin.frames[name]]
    return found + [f"{name} should not be there" for name in made.indexes.keys() - wanted]


def _read_flipped(ground: Ground, title: str, video_id: str) -> list[str]:
    """What was made of a piece after a bit of it was flipped: nothing may read it without noticing."""
    flips = [(piece, at_s) for flipped, piece, at_s in ground.flips if flipped == title]
    return [f"{task} read a flipped bit" for piece, at_s in flips for task in find_done_since(ground.data, video_id, piece, at_s)]


def _left(ground: Ground) -> list[str]:
    """What should be gone and is not, after a moment for the last steps; and what should be there and is not."""
    deadline = time.monotonic() + _CLEAN_S
    while (left := find_leftovers(ground.data) + find_open_attempts(ground.data)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return [*left, *(f"missing {key}" for key in find_missing(ground.data))]


def run_chaos(folder: Path, faults: int, seed: int, kinds: Sequence[Kind] = KINDS, load: Load = Load()) -> list[Siege]:
    """So many strikes of each kind; what cannot be had on this machine is told and left out."""
    planned, sieges = plan(seed, {kind.name: faults for kind in kinds}), list[Siege]()
    print(_HEAD, flush=True)
    for number, kind in enumerate(kinds):
        own = folder / str(number)
        own.mkdir()
        try:
            siege = besiege(kind, planned[kind.name], own, load)
        except PermissionError as error:
            print(f"| {kind.name} | not on this machine: {error} |" + " |" * 10, flush=True)
            continue
        sieges.append(siege)
        print(siege.row(), flush=True)
    return sieges


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table and what is wrong; 0 when nothing is."""
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Strike at running uploads and see what is lost.")
    parser.add_argument("--faults", type=int, default=20, metavar="N", help="of each kind (default: 20)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="WORD", default="", help="kinds whose name has this word in it")
    arguments = parser.parse_args(argv)
    kinds = [kind for kind in KINDS if arguments.only in kind.name]
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="yeoul-chaos-") as folder:
        sieges = run_chaos(Path(folder), arguments.faults, arguments.seed, kinds)
    outcomes = [outcome for siege in sieges for outcome in siege.outcomes]
    wrong = [line for siege in sieges for line in siege.wrong]
    delays_s = [delay_s for siege in sieges for delay_s in siege.delays_s()]
    print(f"{sum(len(siege.hits) for siege in sieges)} faults over {len(outcomes)} uploads in {time.monotonic() - began_s:.0f} s, ", end="")
    print(f"delay of all p50 | p95: {_shares(delays_s)} s; wrong: {len(wrong)}")
    ends, spoilt = run_mutants(10 * arguments.faults, arguments.seed)
    told = ", ".join(f"{number} {word}" for word, number in ends.most_common())
    print(f"{ends.total()} damaged files: {told}; wrong: {len(spoilt)}")
    print("\n".join([*wrong, *spoilt]))
    return 1 if wrong or spoilt else 0


if __name__ == "__main__":
    sys.exit(main())
