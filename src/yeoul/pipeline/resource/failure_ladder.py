"""The failure ladder: what follows a failed attempt. Pure; chance comes from the task's name, so that the same history gives the same end.

Two retries at once on any worker, then up to six on other workers, later and later, then the end. What crashes whoever touches it is
poison: its tasks end with a code of their own before they take more workers along.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RETRIES = 8
RETRIES_AT_ONCE = 2
MAX_ATTEMPTS = 21  # bounds even those attempts that are nobody's failure
POISON_CRASHES = 3
POISON_LOSSES = 6  # more, since a kill from outside says less about what was worked on
_FULL_DISK_DELAY_S = 2.0
_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 300.0
# Of a program that broke by itself. SIGKILL is somebody's doing: the kernel's, for want of memory, or that of whoever ended the worker.
_CRASH_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 11: "SIGSEGV"}
_NOBODYS_FAULT = frozenset({"cancelled", "zygote", "start", "unknown"})


class Fault(StrEnum):
    """Whose fault a failed attempt is."""

    NO_ROOM = "no_room"  # the disk's: work goes on when there is room, and no retry is used up
    INPUT = "input"  # the input's or the request's: no retry can help
    CRASH = "crash"  # the program broke over it, or ended without a word
    LOSS = "loss"  # the worker is gone, and nobody knows why
    CHANCE = "chance"  # anything that may go better next time


@dataclass(frozen=True)
class Retry:
    """Try again after `delay_s`. counts: whether it uses up one of the retries. elsewhere: not where it has failed."""

    delay_s: float
    counts: bool = True
    elsewhere: bool = False


@dataclass(frozen=True)
class GiveUp:
    """The task has failed for good; poison: because what it works on crashes whoever touches it."""

    poison: bool = False


def find_fault(error: Mapping[str, Any]) -> Fault:
    """Whose fault an error (as `YeoulError.to_dict`) is."""
    code, facts = error.get("code"), _facts(error)
    if code == "storage.full":
        return Fault.NO_ROOM
    if not error.get("retryable"):
        return Fault.INPUT
    if code == "pipeline.worker_lost" and (reason := str(facts.get("reason"))) not in _NOBODYS_FAULT:
        return Fault.CRASH if reason in _CRASH_SIGNALS.values() or reason.startswith("exit") else Fault.LOSS
    if code == "media.tool_failed" and facts.get("signal") in _CRASH_SIGNALS:
        return Fault.CRASH
    return Fault.CHANCE


def is_told(error: Mapping[str, Any] | None) -> bool:
    """Whether an attempt ended because it was told to, or was never there: its worker had no part in it."""
    return error is not None and _facts(error).get("reason") in {"cancelled", "unknown"}


def _facts(error: Mapping[str, Any]) -> Mapping[str, Any]:
    return error.get("facts") or {}


def after_failure(
    task: str, error: Mapping[str, Any], *, failures: int, tries: int, retries: int = RETRIES, crashes: int = 0
) -> Retry | GiveUp:
    """What follows a failed attempt.

    failures: failed attempts before this one. tries: attempts including this one, lost ones too, full disks not.
    crashes: and losses, of all tasks of its piece, this one included.
    """
    fault = find_fault(error)
    if fault is Fault.NO_ROOM:
        return Retry(_FULL_DISK_DELAY_S, counts=False)
    if crashes >= {Fault.CRASH: POISON_CRASHES, Fault.LOSS: POISON_LOSSES}.get(fault, MAX_ATTEMPTS):
        return GiveUp(poison=True)
    if fault is Fault.INPUT or tries >= MAX_ATTEMPTS or failures >= retries:
        return GiveUp()
    if failures < RETRIES_AT_ONCE:
        return Retry(0.0)
    delay_s = min(_FIRST_DELAY_S * 2 ** (failures - RETRIES_AT_ONCE), _LONGEST_DELAY_S)
    return Retry(delay_s * (0.75 + 0.5 * draw(task, tries)), elsewhere=True)


def draw(task: str, attempt: int) -> float:
    """A number from 0 to 1 that looks random, so that what failed together does not come back together."""
    return int.from_bytes(hashlib.sha256(f"{task}:{attempt}".encode()).digest()[:4], "big") / 2**32
