"""The resource manager: chooses the best task for the best worker, fairly, within quotas, and avoids broken workers. Pure.

The task queue and the running queue are rows (`catalog/queue/task.py`); the worker queue is the free slots that the engine reports. The
manager matches them with the help of `fair_share.py` (order), `placement.py` (worker), `quarantine.py` (excluded workers), `overload.py`
(deferred tasks) and `failure_ladder.py` (retries). It remembers the tasks that it has started; callers pass in everything else.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource.fair_share import FairShare, PriorityClass, find_priority_class
from yeoul.pipeline.resource.overload import CostEstimate, Level, Limits, next_level
from yeoul.pipeline.resource.placement import Assignment, Candidate, Host, Placement
from yeoul.pipeline.resource.quarantine import Outcome, Quarantine

_NEAR_KEPT = 64
Key = tuple[TaskId, int]


@dataclass(frozen=True)
class Policy:
    """The limits from the settings. account_running: CPU slots that one account may use at a time, 0 for no limit."""

    account_running: float = 0.0
    overload: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Running:
    """A started task: its worker, account, op and slots, the slot-seconds charged for it, and its start time."""

    worker: WorkerId
    account: str
    op: str
    slots: Slots
    charged: float
    started_s: float


@dataclass
class Choice:
    """The tasks to start now, and the tasks that wait for free slots."""

    start: list[Assignment] = field(default_factory=list[Assignment])
    waiting: list[Candidate] = field(default_factory=list[Candidate])


class ResourceManager:
    """Chooses tasks for the workers of one dispatcher."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.fair_share = FairShare()
        self.quarantine = Quarantine()
        self.costs = CostEstimate()
        self.level = Level.NORMAL
        self.wait_s = 0.0
        self._running: dict[Key, Running] = {}
        self._near: dict[WorkerId, OrderedDict[str, None]] = {}

    # --- events ---

    def record_start(self, key: Key, candidate: Candidate, assignment: Assignment, now_s: float) -> None:
        """Records that a task was started, and charges its account."""
        charged = self._cost(candidate)
        self.fair_share.charge(candidate.account, charged)
        self._running[key] = Running(assignment.worker, candidate.account, candidate.op, assignment.slots, charged, now_s)
        if candidate.data_key:
            near = self._near.setdefault(assignment.worker, OrderedDict())
            near[candidate.data_key] = None
            near.move_to_end(candidate.data_key)
            if len(near) > _NEAR_KEPT:
                near.popitem(last=False)

    def record_end(self, key: Key, now_s: float, *, ok: bool | None) -> None:
        """Records the end of an attempt. ok: whether its worker did well, None if unknown. Ignores attempts that it did not start."""
        run = self._running.pop(key, None)
        if run is None:
            return
        wall_s = max(0.0, now_s - run.started_s)
        self.fair_share.adjust(run.account, run.slots.cpu * wall_s - run.charged)
        if ok:
            self.costs.record(run.op, run.slots.cpu * wall_s)
        if ok is not None:
            self.quarantine.record(run.worker, Outcome(key[0], ok=ok, wall_s=wall_s, at_s=now_s))

    def update_overload(self, tasks: int, cpu: float) -> Level:
        """Updates and returns the overload level. tasks: number of waiting tasks; cpu: number of cores."""
        self.wait_s = self.costs.estimate_wait_s(tasks, cpu)
        self.level = next_level(self.level, self.wait_s, self.policy.overload)
        return self.level

    # --- decisions ---

    def hosts(self, free: Mapping[WorkerId, Slots], now_s: float) -> Mapping[WorkerId, Host]:
        """Returns the workers as placement sees them."""
        totals, counts = dict(free), dict.fromkeys(free, 0)
        for run in self._running.values():
            if run.worker in totals:
                totals[run.worker] += run.slots
                counts[run.worker] += 1
        at_most = self.quarantine.start_limits(counts, now_s)
        return {worker: Host(totals[worker], free[worker], at_most[worker], frozenset(self._near.get(worker, ()))) for worker in free}

    def choose(self, ready: Sequence[Candidate], hosts: Mapping[WorkerId, Host], usage: Mapping[str, float], now_s: float) -> Choice:
        """Chooses the tasks to start now. usage: CPU slots that each account uses already, on the workers of all dispatchers."""
        self.fair_share.advance(now_s, sum(host.total.cpu for host in hosts.values()))
        deferring = self.level >= Level.DEFER
        placement, used, choice = Placement(hosts), dict(usage), Choice()
        costs = {candidate.task: self._cost(candidate) for candidate in ready}
        is_blocked = False  # a latency-sensitive task has found no free slots
        for candidate in self.fair_share.order(ready, costs, now_s, deferring=deferring):
            if not self._is_within_quota(candidate, used):
                continue
            is_deferred = find_priority_class(candidate, now_s, deferring=deferring) is PriorityClass.DEFERRED
            assignment = None if is_deferred and is_blocked else placement.place(candidate)
            if assignment is None:
                choice.waiting.append(candidate)
                is_blocked = is_blocked or (candidate.latency_sensitive and any(host.can_run(candidate) for host in hosts.values()))
            else:
                choice.start.append(assignment)
                used[candidate.account] = used.get(candidate.account, 0.0) + assignment.slots.cpu
        self.fair_share.end_turn({candidate.account for candidate in choice.waiting})
        return choice

    def _is_within_quota(self, candidate: Candidate, used: Mapping[str, float]) -> bool:
        """True if the task's account may use this many more slots. An account without running tasks may always start one."""
        quota, used_cpu = self.policy.account_running, used.get(candidate.account, 0.0)
        return quota <= 0 or used_cpu <= 0 or used_cpu + candidate.slots.cpu <= quota + 1e-9

    def _cost(self, candidate: Candidate) -> float:
        return self.costs.estimate(candidate.op)
