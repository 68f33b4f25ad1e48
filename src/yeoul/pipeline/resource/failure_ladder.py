"""The failure ladder: decides what follows a failed attempt. Pure: jitter is derived from the task's id, so that a replay decides the same.

A task gets two immediate retries on any worker, then up to six on other workers with growing delays, and then fails. A piece that
crashes its workers repeatedly is is_poison: its tasks fail with an error code of their own before they crash more workers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RETRIES = 8
IMMEDIATE_RETRIES = 2
MAX_ATTEMPTS = 21  # limits attempts that do not count as failures, too
POISON_CRASHES = 3
POISON_LOSSES = 6  # more than crashes, because a process killed from outside says less about its input
_FULL_DISK_DELAY_S = 2.0
_FIRST_DELAY_S = 1.0
_LONGEST_DELAY_S = 300.0
# Signals of a program that crashed by itself. SIGKILL is not one: it is sent by the kernel (out of memory) or by another process.
_CRASH_SIGNALS = {4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 11: "SIGSEGV"}
_NO_FAULT_REASONS = frozenset({"cancelled", "zygote", "start", "unknown"})


class Fault(StrEnum):
    """The cause of a failed attempt."""

    DISK_FULL = "no_room"  # the disk is full: the task continues when there is space, and uses up no retry
    INPUT = "input"  # the input or the request is wrong: a retry cannot help
    CRASH = "crash"  # the program crashed, or exited without a report
    LOSS = "loss"  # the worker is gone for an unknown reason
    TRANSIENT = "chance"  # any other cause: a retry may succeed


@dataclass(frozen=True)
class Retry:
    """Retry the task after `delay_s`. counts: this uses up one of its retries. elsewhere: avoid workers on which it has failed."""

    delay_s: float
    counts: bool = True
    elsewhere: bool = False


@dataclass(frozen=True)
class GiveUp:
    """Fail the task permanently. is_poison: the reason is that its piece crashes workers."""

    is_poison: bool = False


def find_fault(error: Mapping[str, Any]) -> Fault:
    """Returns the cause of an error, given as by `YeoulError.to_dict`."""
    code, facts = error.get("code"), _facts(error)
    if code == "storage.full":
        return Fault.DISK_FULL
    if not error.get("retryable"):
        return Fault.INPUT
    if code == "pipeline.worker_lost" and (reason := str(facts.get("reason"))) not in _NO_FAULT_REASONS:
        return Fault.CRASH if reason in _CRASH_SIGNALS.values() or reason.startswith("exit") else Fault.LOSS
    if code == "media.tool_failed" and facts.get("signal") in _CRASH_SIGNALS:
        return Fault.CRASH
    return Fault.TRANSIENT


def is_unrelated_to_worker(error: Mapping[str, Any] | None) -> bool:
    """True if an attempt was cancelled or never ran, so that its end says nothing about its worker."""
    return error is not None and _facts(error).get("reason") in {"cancelled", "unknown"}


def _facts(error: Mapping[str, Any]) -> Mapping[str, Any]:
    return error.get("facts") or {}


def after_failure(
    task: str, error: Mapping[str, Any], *, failures: int, tries: int, retries: int = RETRIES, crashes: int = 0
) -> Retry | GiveUp:
    """Returns whether to retry a task after a failed attempt, or to fail it permanently.

    failures: failed attempts before this one. tries: attempts including this one and lost ones, but not those that found the disk full.
    crashes: crashed and lost attempts of all tasks of its piece, including this one.
    """
    fault = find_fault(error)
    if fault is Fault.DISK_FULL:
        return Retry(_FULL_DISK_DELAY_S, counts=False)
    if crashes >= {Fault.CRASH: POISON_CRASHES, Fault.LOSS: POISON_LOSSES}.get(fault, MAX_ATTEMPTS):
        return GiveUp(is_poison=True)
    if fault is Fault.INPUT or tries >= MAX_ATTEMPTS or failures >= retries:
        return GiveUp()
    if failures < IMMEDIATE_RETRIES:
        return Retry(0.0)
    delay_s = min(_FIRST_DELAY_S * 2 ** (failures - IMMEDIATE_RETRIES), _LONGEST_DELAY_S)
    return Retry(delay_s * (0.75 + 0.5 * make_jitter(task, tries)), elsewhere=True)


def make_jitter(task: str, attempt: int) -> float:
    """Returns a number from 0 to 1 that looks random, so that tasks that failed together are not retried together."""
    return int.from_bytes(hashlib.sha256(f"{task}:{attempt}".encode()).digest()[:4], "big") / 2**32
