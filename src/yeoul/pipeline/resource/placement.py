"""Placement: chooses the ready tasks that start now, and their workers. Pure.

Tasks come in the order in which to serve them (`fair_share.py`). Each goes to the worker on which the fewest slots stay free (best fit), so
that large gaps remain for large tasks. Among equal workers, one that already has the task's piece is preferred.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots


@dataclass(frozen=True)
class Candidate:
    """A ready task. due_at: virtual deadline. data_key: the name of the data that it reads. avoided_workers: those on which it failed."""

    task: TaskId
    slots: Slots
    op: str = ""
    account: str = ""
    due_at: float = 0.0
    latency_sensitive: bool = True
    data_key: str = ""
    avoided_workers: frozenset[WorkerId] = frozenset()


@dataclass(frozen=True)
class Assignment:
    """Start a task on a worker, with these slots: its own, or all slots of a smaller worker."""

    task: TaskId
    worker: WorkerId
    slots: Slots


@dataclass(frozen=True)
class Host:
    """A worker as placement sees it. start_limit: how many tasks may start now, None for no limit. cached_data: names of its data."""

    total: Slots
    free: Slots
    start_limit: int | None = None
    cached_data: AbstractSet[str] = frozenset()

    def can_run(self, candidate: Candidate) -> bool:
        """True if the worker can run the task when idle: it has the GPU and the tags. CPU and memory are reduced to what it has."""
        return candidate.slots.gpu <= self.total.gpu + 1e-9 and set(candidate.slots.tags) <= set(self.total.tags)

    def clamp(self, slots: Slots) -> Slots:
        """Returns the slots that a task gets here, at most the total of the worker. A small worker runs the task alone."""
        cpu, memory_bytes = min(slots.cpu, self.total.cpu), min(slots.memory_bytes, self.total.memory_bytes)
        return slots.model_copy(update={"cpu": cpu, "memory_bytes": memory_bytes})


class Placement:
    """Places one task after another into the slots that are still free."""

    def __init__(self, hosts: Mapping[WorkerId, Host]) -> None:
        self._hosts = hosts
        self._free = {worker: host.free for worker, host in hosts.items()}
        self._left = {worker: host.start_limit for worker, host in hosts.items()}
        self._reserved: set[WorkerId] = set()
        self._has_reservation = False

    def place(self, candidate: Candidate) -> Assignment | None:
        """Returns the assignment of a task that can start now; None if it fits on no worker.

        The first task that fits on no worker reserves the worker on which it will start, because it would starve if later tasks took the
        slots. Later tasks that do not fit, and tasks that no worker can ever run, reserve nothing.
        """
        able = self._find_able(candidate)
        fitting = [worker for worker in able if self._fits(candidate, worker)]
        if fitting:
            best = min(fitting, key=lambda worker: self._rank(candidate, worker))
            slots = self._hosts[best].clamp(candidate.slots)
            self._free[best] -= slots
            left = self._left[best]
            self._left[best] = None if left is None else left - 1
            return Assignment(candidate.task, best, slots)
        if able and not self._has_reservation:
            self._has_reservation = True
            self._reserved.add(max(able, key=lambda worker: (self._free[worker].cpu, self._free[worker].memory_bytes, worker)))
        return None

    def _find_able(self, candidate: Candidate) -> list[WorkerId]:
        """Returns the workers that can run a task: those with enough slots in total, else the largest ones.

        Workers on which it has failed are included only if there is no other.
        """
        able = [worker for worker, host in self._hosts.items() if host.start_limit != 0 and host.can_run(candidate)]
        whole = [worker for worker in able if candidate.slots.fits(self._hosts[worker].total)]
        able = whole or _largest(able, self._hosts)
        return [worker for worker in able if worker not in candidate.avoided_workers] or able

    def _fits(self, candidate: Candidate, worker: WorkerId) -> bool:
        if worker in self._reserved or self._left[worker] == 0:
            return False
        return self._hosts[worker].clamp(candidate.slots).fits(self._free[worker])

    def _rank(self, candidate: Candidate, worker: WorkerId) -> tuple[float, float, int, bool, WorkerId]:
        free, host = self._free[worker], self._hosts[worker]
        spare = len(set(host.total.tags) - set(candidate.slots.tags))  # keeps workers with tags for tasks that need them
        return (free.gpu - candidate.slots.gpu, free.cpu, spare, candidate.data_key not in host.cached_data, worker)


def _largest(workers: Sequence[WorkerId], hosts: Mapping[WorkerId, Host]) -> list[WorkerId]:
    """Returns the largest ones of workers that are all too small for a task."""
    sizes = {worker: (hosts[worker].total.cpu, hosts[worker].total.memory_bytes) for worker in workers}
    largest = max(sizes.values(), default=None)
    return [worker for worker in workers if sizes[worker] == largest]


def assign(ready: Sequence[Candidate], hosts: Mapping[WorkerId, Host]) -> list[Assignment]:
    """Places tasks in their order, as many as fit."""
    placement = Placement(hosts)
    return [assignment for assignment in map(placement.place, ready) if assignment is not None]
