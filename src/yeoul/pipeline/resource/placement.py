"""Placing: which of the ready tasks start now, and on which worker. Pure.

Tasks come in the order in which they are to be served (`fair_share.py`). Each goes to the fitting worker that it leaves the fullest
(best fit), so that large holes stay for large tasks; among equals to one that has the task's piece already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots


@dataclass(frozen=True)
class Candidate:
    """A ready task. due_at: virtual deadline. near: names the data that it reads. avoid: workers on which it has failed."""

    task: TaskId
    slots: Slots
    op: str = ""
    account: str = ""
    due_at: float = 0.0
    latency_sensitive: bool = True
    near: str = ""
    avoid: frozenset[WorkerId] = frozenset()


@dataclass(frozen=True)
class Assignment:
    """Start this task on this worker, with these slots (its own, or all there are on a small machine)."""

    task: TaskId
    worker: WorkerId
    slots: Slots


@dataclass(frozen=True)
class Host:
    """A worker as placing sees it. at_most: tasks that may start now, None: as many as fit. holds: names of data that it has."""

    total: Slots
    free: Slots
    at_most: int | None = None
    holds: AbstractSet[str] = frozenset()

    def could_run(self, candidate: Candidate) -> bool:
        """Whether it has what the task needs once nothing else runs there; CPU and memory are cut to what there is."""
        return candidate.slots.gpu <= self.total.gpu + 1e-9 and set(candidate.slots.tags) <= set(self.total.tags)

    def cut(self, slots: Slots) -> Slots:
        """What a task takes here, but never more than there is: a small machine runs it alone."""
        cpu, memory_bytes = min(slots.cpu, self.total.cpu), min(slots.memory_bytes, self.total.memory_bytes)
        return slots.model_copy(update={"cpu": cpu, "memory_bytes": memory_bytes})


class Placement:
    """Places one task after another into the room that is left."""

    def __init__(self, hosts: Mapping[WorkerId, Host]) -> None:
        self._hosts = hosts
        self._room = {worker: host.free for worker, host in hosts.items()}
        self._left = {worker: host.at_most for worker, host in hosts.items()}
        self._kept: set[WorkerId] = set()
        self._holds_door = False

    def place(self, candidate: Candidate) -> Assignment | None:
        """Where it starts now, None when it fits nowhere.

        The first that fits nowhere keeps the worker on which it will start for itself: nothing may take the room it waits for, or it
        would starve. Later ones, and tasks that no worker could ever run, hold up nobody.
        """
        able = self._able(candidate)
        fitting = [worker for worker in able if self._fits(candidate, worker)]
        if fitting:
            best = min(fitting, key=lambda worker: self._rank(candidate, worker))
            slots = self._hosts[best].cut(candidate.slots)
            self._room[best] -= slots
            left = self._left[best]
            self._left[best] = None if left is None else left - 1
            return Assignment(candidate.task, best, slots)
        if able and not self._holds_door:
            self._holds_door = True
            self._kept.add(max(able, key=lambda worker: (self._room[worker].cpu, self._room[worker].memory_bytes, worker)))
        return None

    def _able(self, candidate: Candidate) -> list[WorkerId]:
        """Workers that could run it; those it has failed on only when there is no other. The smallest that it fits whole come first."""
        able = [worker for worker, host in self._hosts.items() if host.at_most != 0 and host.could_run(candidate)]
        whole = [worker for worker in able if candidate.slots.fits(self._hosts[worker].total)]
        able = whole or _largest(able, self._hosts)
        return [worker for worker in able if worker not in candidate.avoid] or able

    def _fits(self, candidate: Candidate, worker: WorkerId) -> bool:
        if worker in self._kept or self._left[worker] == 0:
            return False
        return self._hosts[worker].cut(candidate.slots).fits(self._room[worker])

    def _rank(self, candidate: Candidate, worker: WorkerId) -> tuple[float, float, int, bool, WorkerId]:
        room, host = self._room[worker], self._hosts[worker]
        spare = len(set(host.total.tags) - set(candidate.slots.tags))  # what carries tags is kept for those who need them
        return (room.gpu - candidate.slots.gpu, room.cpu, spare, candidate.near not in host.holds, worker)


def _largest(workers: Sequence[WorkerId], hosts: Mapping[WorkerId, Host]) -> list[WorkerId]:
    """Of workers that are all too small for a task, those on which it keeps the most."""
    sizes = {worker: (hosts[worker].total.cpu, hosts[worker].total.memory_bytes) for worker in workers}
    most = max(sizes.values(), default=None)
    return [worker for worker in workers if sizes[worker] == most]


def assign(ready: Sequence[Candidate], hosts: Mapping[WorkerId, Host]) -> list[Assignment]:
    """Place tasks in their order, as many as fit."""
    placement = Placement(hosts)
    return [placed for placed in map(placement.place, ready) if placed is not None]
