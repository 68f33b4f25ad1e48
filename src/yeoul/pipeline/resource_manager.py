"""The resource manager: best task for the best worker, and when a failed attempt is tried again. Pure.

The task queue and the running queue are rows (`catalog/queue.py`), the worker queue is what the engine says is free;
here is what decides between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots

RETRIES_AT_ONCE = 2
RETRIES_ELSEWHERE = 6
NORMAL_DELAY_S = 60.0
MAX_ATTEMPTS = 21  # bounds even those attempts that are nobody's failure


@dataclass(frozen=True)
class Candidate:
    """A ready task, as the task queue orders it."""

    task: TaskId
    slots: Slots


@dataclass(frozen=True)
class Assignment:
    """Start this task on this worker."""

    task: TaskId
    worker: WorkerId


@dataclass(frozen=True)
class Retry:
    """Try again after `delay_s`; counts: whether it uses up one of the retries."""

    delay_s: float
    counts: bool = True


@dataclass(frozen=True)
class GiveUp:
    """The task has failed for good."""


def make_due_at(born_s: float, *, latency_sensitive: bool) -> float:
    """A task's place in the queue: its birth, plus a delay for what may wait, so that the oldest is served in the end."""
    return born_s + (0.0 if latency_sensitive else NORMAL_DELAY_S)


def assign(ready: Sequence[Candidate], free: Mapping[WorkerId, Slots]) -> Sequence[Assignment]:
    """Place ready tasks, in their order, each on the fitting worker with the least room (best fit).

    A task that fits nowhere does not hold up smaller ones behind it, unless it is the first: then nothing behind it may take
    the room it waits for, or it would starve.
    """
    room = dict(free)
    placed: list[Assignment] = []
    for position, candidate in enumerate(ready):
        fitting = [worker for worker, slots in room.items() if candidate.slots.fits(slots)]
        if not fitting:
            if position == 0:
                break
            continue
        best = min(fitting, key=lambda worker: (room[worker].cpu, room[worker].memory_bytes, worker))
        room[best] = room[best] - candidate.slots
        placed.append(Assignment(candidate.task, best))
    return placed


def after_failure(code: str, *, retryable: bool, failures: int, tries: int) -> Retry | GiveUp:
    """What follows a failed attempt: 2 retries at once, then up to 6 with growing delays, then the end.

    failures: failed attempts before this one. tries: attempts including this one, lost ones too, full disks not.
    A full disk uses up no retry: work pauses and goes on when there is room.
    """
    if code == "storage.full":
        return Retry(delay_s=2.0, counts=False)
    if not retryable or tries >= MAX_ATTEMPTS:
        return GiveUp()
    if failures < RETRIES_AT_ONCE:
        return Retry(delay_s=0.0)
    if failures < RETRIES_AT_ONCE + RETRIES_ELSEWHERE:
        return Retry(delay_s=float(2 ** (failures - RETRIES_AT_ONCE)))
    return GiveUp()
