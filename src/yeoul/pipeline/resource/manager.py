"""The resource manager: best task for the best worker, fairly, within quotas, away from what is broken. Pure.

The task queue and the running queue are rows (`catalog/queue/task.py`), the worker queue is what the engine says is free; here is what
decides between them, from `fair_share.py` (in which order), `placement.py` (where), `quarantine.py` (where not), `overload.py` (what is put
off) and, for what failed, `failure_ladder.py`. It remembers what it has started; all else is told.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource.fair_share import FairShare, Turn, find_turn
from yeoul.pipeline.resource.overload import Effort, Level, Limits, next_level
from yeoul.pipeline.resource.placement import Assignment, Candidate, Host, Placement
from yeoul.pipeline.resource.quarantine import Outcome, Quarantine

_NEAR_KEPT = 64
Key = tuple[TaskId, int]


@dataclass(frozen=True)
class Policy:
    """What the settings say. account_running: CPU slots that one account may have at a time, 0: all."""

    account_running: float = 0.0
    overload: Limits = field(default_factory=Limits)


@dataclass(frozen=True)
class Running:
    """What was started: where, for whom, of which op, with which slots, and what was charged for it."""

    worker: WorkerId
    account: str
    op: str
    slots: Slots
    charged: float
    started_s: float


@dataclass
class Choice:
    """What to start now, and what of the rest waits for room."""

    start: list[Assignment] = field(default_factory=list[Assignment])
    waiting: list[Candidate] = field(default_factory=list[Candidate])


class ResourceManager:
    """Decides for the workers of one dispatcher."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.fair = FairShare()
        self.quarantine = Quarantine()
        self.effort = Effort()
        self.level = Level.NORMAL
        self.wait_s = 0.0
        self._running: dict[Key, Running] = {}
        self._near: dict[WorkerId, OrderedDict[str, None]] = {}

    # --- what happens ---

    def started(self, key: Key, candidate: Candidate, assignment: Assignment, now_s: float) -> None:
        """A task was started."""
        charged = self._cost(candidate)
        self.fair.serve(candidate.account, charged)
        self._running[key] = Running(assignment.worker, candidate.account, candidate.op, assignment.slots, charged, now_s)
        if candidate.near:
            near = self._near.setdefault(assignment.worker, OrderedDict())
            near[candidate.near] = None
            near.move_to_end(candidate.near)
            if len(near) > _NEAR_KEPT:
                near.popitem(last=False)

    def ended(self, key: Key, now_s: float, *, ok: bool | None) -> None:
        """An attempt has ended; ok: whether its worker did well, None when it had no part in the end. Unknown ones change nothing."""
        run = self._running.pop(key, None)
        if run is None:
            return
        wall_s = max(0.0, now_s - run.started_s)
        self.fair.correct(run.account, run.slots.cpu * wall_s - run.charged)
        if ok:
            self.effort.note(run.op, run.slots.cpu * wall_s)
        if ok is not None:
            self.quarantine.note(run.worker, Outcome(key[0], ok=ok, wall_s=wall_s, at_s=now_s))

    def weigh(self, tasks: int, cpu: float) -> Level:
        """So many tasks wait, for so many cores: how overloaded that is."""
        self.wait_s = self.effort.wait_s(tasks, cpu)
        self.level = next_level(self.level, self.wait_s, self.policy.overload)
        return self.level

    # --- what is decided ---

    def hosts(self, free: Mapping[WorkerId, Slots], now_s: float) -> Mapping[WorkerId, Host]:
        """The workers as placing sees them."""
        totals, counts = dict(free), dict.fromkeys(free, 0)
        for run in self._running.values():
            if run.worker in totals:
                totals[run.worker] += run.slots
                counts[run.worker] += 1
        at_most = self.quarantine.at_most(counts, now_s)
        return {worker: Host(totals[worker], free[worker], at_most[worker], frozenset(self._near.get(worker, ()))) for worker in free}

    def choose(self, ready: Sequence[Candidate], hosts: Mapping[WorkerId, Host], usage: Mapping[str, float], now_s: float) -> Choice:
        """What starts now. usage: CPU slots that each account has already, wherever they run."""
        self.fair.pass_time(now_s, sum(host.total.cpu for host in hosts.values()))
        deferring = self.level >= Level.DEFER
        placement, used, choice = Placement(hosts), dict(usage), Choice()
        costs = {candidate.task: self._cost(candidate) for candidate in ready}
        held_up = False  # something that people wait for finds no room
        for candidate in self.fair.order(ready, costs, now_s, deferring=deferring):
            if not self._within_quota(candidate, used):
                continue
            deferred = find_turn(candidate, now_s, deferring=deferring) is Turn.DEFERRED
            placed = None if deferred and held_up else placement.place(candidate)
            if placed is None:
                choice.waiting.append(candidate)
                held_up = held_up or (candidate.latency_sensitive and any(host.could_run(candidate) for host in hosts.values()))
            else:
                choice.start.append(placed)
                used[candidate.account] = used.get(candidate.account, 0.0) + placed.slots.cpu
        self.fair.settle({candidate.account for candidate in choice.waiting})
        return choice

    def _within_quota(self, candidate: Candidate, used: Mapping[str, float]) -> bool:
        """Whether its account may have this much more; who has nothing may always have one task."""
        quota, mine = self.policy.account_running, used.get(candidate.account, 0.0)
        return quota <= 0 or mine <= 0 or mine + candidate.slots.cpu <= quota + 1e-9

    def _cost(self, candidate: Candidate) -> float:
        return self.effort.expect(candidate.op)
