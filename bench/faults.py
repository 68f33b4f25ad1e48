"""The kinds of faults of `bench.chaos`: what each does to a running tree, and the plan of which strike when, drawn from a seed."""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

from bench.evidence import find_landed, find_running_on
from bench.ground import LEASE_S, Ground, hit, one_machine, shifted_clock, small_disk, two_machines, wait_until

T = TypeVar("T")
_FULL_S = 2.0
_JUMPS_S = (-7200.0, -600.0, -30.0, -1.0, 1.0, 30.0, 600.0, 7200.0)
_LONGEST_PAUSE_S = 1.5


@dataclass(frozen=True)
class Strike:
    """One planned fault. pause_s: after the one before it; aim: from 0 to 1, what it hits and how."""

    kind: str
    pause_s: float
    aim: float


@dataclass(frozen=True)
class Target:
    """What may be hit: the ground, and the titles of the videos on their way."""

    ground: Ground
    titles: Sequence[str]


@dataclass(frozen=True)
class Kind:
    """One kind of fault. strike: says what was hit, or None when there was nothing to hit just now.

    may_fail: codes of errors that it may make a video fail with.
    """

    name: str
    open: Callable[[Path], AbstractContextManager[Ground]]
    strike: Callable[[Target, float], str | None]
    may_fail: frozenset[str] = frozenset()


def plan(seed: int, counts: dict[str, int]) -> dict[str, list[Strike]]:
    """So many strikes of each kind; the same seed gives the same plan, whatever the other kinds are."""
    return {kind: _plan_kind(random.Random(f"{seed} {kind}"), kind, count) for kind, count in counts.items()}


def _plan_kind(draws: random.Random, kind: str, count: int) -> list[Strike]:
    return [Strike(kind, draws.uniform(0.1, _LONGEST_PAUSE_S), draws.random()) for _ in range(count)]


def _pick(found: Sequence[T], aim: float) -> T | None:
    return found[int(aim * len(found))] if found else None


def _kill(found: Sequence[psutil.Process], aim: float) -> str | None:
    chosen = _pick(found, aim)
    return f"process {chosen.pid}" if chosen is not None and hit(chosen) else None


def kill_worker(target: Target, aim: float) -> str | None:
    """kill -9 to the process of one running attempt."""
    return _kill(target.ground.workers(), aim)


def kill_encoder(target: Target, aim: float) -> str | None:
    """kill -9 to an ffmpeg."""
    return _kill(target.ground.encoders(), aim)


def kill_zygote(target: Target, aim: float) -> str | None:
    """kill -9 to the process that forks all workers."""
    return _kill(target.ground.zygotes(), aim)


def kill_pipeline(target: Target, aim: float) -> str | None:
    """kill -9 to the pipeline while it has something running, so that each strike hits another at its work."""
    return _kill(target.ground.roles("pipeline"), aim) if target.ground.workers() else None


def kill_api(target: Target, aim: float) -> str | None:
    """kill -9 to the API; the next one is waited for."""
    before = target.ground.roles("api")
    struck = _kill(before, aim)
    if struck is not None:
        wait_until(lambda: bool(set(target.ground.roles("api")) - set(before)))
    return struck


def cut_power(target: Target, aim: float) -> str | None:  # noqa: ARG001
    """kill -9 to every process of the tree; it is started again."""
    target.ground.server.kill()
    target.ground.server.start()
    return "everything"


def freeze(target: Target, aim: float) -> str | None:
    """SIGSTOP to a machine that runs tasks until others have taken them, then SIGCONT: it comes back with what is no longer its own.

    Every other time only the process that holds the leases is stopped, so that its workers end meanwhile and their reports come late.
    Raises AssertionError when nobody takes them.
    """
    machines = target.ground.machines()
    name = _pick(sorted(machines), aim)
    if name is None or not find_running_on(target.ground.data, name):
        return None
    pipeline = machines[name]
    alone = int(aim * 1000) % 2 == 0
    stopped = [process for process in [pipeline, *([] if alone else pipeline.children(recursive=True))] if hit(process, signal.SIGSTOP)]
    held = find_running_on(target.ground.data, name)
    try:
        if not wait_until(lambda: not held & find_running_on(target.ground.data, name), 10 * LEASE_S):
            raise AssertionError(f"{name} was stopped for {10 * LEASE_S} s, and its tasks were not taken: {sorted(held)}")
    finally:
        for process in reversed(stopped):
            hit(process, signal.SIGCONT)
    return f"{name} with {len(held)} tasks{', its workers went on' if alone else ''}" if held else None


def fill_disk(target: Target, aim: float) -> str | None:
    """Fill the file system to its last byte, keep it full for a while, and make room again."""
    filler = target.ground.data / "filler"
    until_s = time.monotonic() + _FULL_S * (0.25 + aim)
    with filler.open("wb") as file:
        while time.monotonic() < until_s:
            _fill(file.fileno(), filler)
            time.sleep(0.02)
        filler.unlink()
    return f"{_FULL_S * (0.25 + aim):.1f} s"


def _fill(descriptor: int, filler: Path) -> None:
    room = os.statvfs(filler.parent)
    if room.f_bavail:
        try:
            os.posix_fallocate(descriptor, os.fstat(descriptor).st_size, room.f_bavail * room.f_frsize)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise


def jump(target: Target, aim: float) -> str | None:
    """Let the tree's clock jump, back or on, by a second to two hours."""
    clock = target.ground.clock
    by_s = _pick(_JUMPS_S, aim)
    if clock is None or by_s is None:
        return None
    written = clock.with_suffix(".new")
    written.write_text(str(float(clock.read_text()) + by_s))
    written.replace(clock)
    return f"{by_s:+.0f} s"


def flip_bit(target: Target, aim: float) -> str | None:
    """Flip one bit of a piece of the newest one that has landed, in the store."""
    title = _pick(target.titles, aim)
    landed = find_landed(target.ground.data, title) if title is not None else []
    if title is None or not landed:
        return None
    index, key = landed[-1]
    path = target.ground.data / "blob" / "original" / key
    try:
        with path.open("r+b") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            file.seek(int(aim * size_bytes))
            byte = file.read(1)[0]
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([byte ^ 1 << int(aim * 8 * size_bytes) % 8]))
    except FileNotFoundError:
        return None
    target.ground.flips.append((title, index, time.time()))
    return f"piece {index} of {title}"


KINDS = (
    Kind("kill -9 of a worker", one_machine, kill_worker),
    Kind("kill -9 of an ffmpeg", one_machine, kill_encoder),
    Kind("kill -9 of the zygote", one_machine, kill_zygote),
    Kind("kill -9 of the pipeline", one_machine, kill_pipeline),
    Kind("kill -9 of the API", one_machine, kill_api),
    Kind("kill -9 of the tree", one_machine, cut_power),
    Kind("SIGSTOP past the lease", two_machines, freeze),
    Kind("full disk (ENOSPC)", small_disk, fill_disk),
    Kind("clock jump", shifted_clock, jump),
    Kind("bit flip in a piece", one_machine, flip_bit, frozenset({"storage.checksum_mismatch"})),
)
