"""Fair share, quotas and the overload ladder: who is served when, and what is put off."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource.fair_share import FIRST_DUE_AT, FairShare, make_due_at
from yeoul.pipeline.resource.manager import Policy, ResourceManager
from yeoul.pipeline.resource.overload import CostEstimate, Level, Limits, next_level
from yeoul.pipeline.resource.placement import Candidate

NOW = 1_800_000_000.0
ONE = Slots(cpu=1, memory_bytes=1)
WORKER = WorkerId("w")


def task(name: str, account: str, due_at: float = NOW, *, sensitive: bool = True) -> Candidate:
    return Candidate(TaskId(name), ONE, account=account, due_at=due_at, latency_sensitive=sensitive)


def order(ready: list[Candidate], now_s: float = NOW, *, deferring: bool = False) -> list[str]:
    return [candidate.task for candidate in FairShare().order(ready, {}, now_s, deferring=deferring)]


class Machine:
    """One worker of some cores; tasks last as long as they are told."""

    def __init__(self, cores: int, policy: Policy | None = None) -> None:
        self.manager = ResourceManager(policy or Policy())
        self.cores = cores
        self.now_s = NOW
        self.waiting: list[Candidate] = []
        self.running: dict[TaskId, tuple[Candidate, float]] = {}
        self.started: list[Candidate] = []

    def turn(self, lengths: dict[TaskId, float]) -> None:
        """Start what is chosen; then let the first of what runs end."""
        free = {WORKER: Slots(cpu=self.cores - len(self.running), memory_bytes=1000)}
        usage = Counter(candidate.account for candidate, _ in self.running.values())
        by_name = {candidate.task: candidate for candidate in self.waiting}
        heads = [one for account in {one.account for one in self.waiting} for one in [t for t in self.waiting if t.account == account][:8]]
        choice = self.manager.choose(heads, self.manager.hosts(free, self.now_s), usage, self.now_s)
        for placed in choice.start:
            candidate = by_name.pop(placed.task)
            self.manager.record_start((placed.task, 1), candidate, placed, self.now_s)
            self.running[placed.task] = (candidate, self.now_s + lengths.get(placed.task, 10.0))
            self.started.append(candidate)
        self.waiting = list(by_name.values())
        if self.running:
            first = min(self.running, key=lambda name: self.running[name][1])
            self.now_s = self.running.pop(first)[1]
            self.manager.record_end((first, 1), self.now_s, ok=True)


def test_what_may_wait_comes_a_minute_later():
    assert make_due_at(100.0, latency_sensitive=True) == 100.0
    assert make_due_at(100.0, latency_sensitive=False) == 160.0


def test_accounts_take_turns_and_each_keeps_its_own_order():
    ready = [task(f"a{n}", "a", NOW - 100 + n) for n in range(4)] + [task(f"b{n}", "b", NOW - 1 + n / 10) for n in range(2)]
    assert order(ready) == ["a0", "b0", "a1", "b1", "a2", "a3"]


def test_what_people_wait_for_goes_first_until_the_rest_has_waited_a_minute():
    young = task("later", "a", make_due_at(NOW - 5, latency_sensitive=False), sensitive=False)
    old = task("old", "b", make_due_at(NOW - 70, latency_sensitive=False), sensitive=False)
    assert order([young, old, task("now", "b", NOW - 1)]) == ["old", "now", "later"]


def test_what_an_admin_puts_first_is_first():
    assert order([task("a", "a", NOW - 9), task("b", "b", NOW - 99), task("urgent", "a", FIRST_DUE_AT)])[0] == "urgent"


@pytest.mark.parametrize("cores", [1, 4])
def test_a_thousand_tasks_of_one_do_not_hold_up_the_first_of_another(cores: int):
    machine = Machine(cores)
    machine.waiting = [task(f"a{n:04}", "a", NOW - 1000) for n in range(1000)]
    for _ in range(100):
        machine.turn({})
    machine.waiting.append(task("b", "b", machine.now_s))
    before = len(machine.started)
    while not any(candidate.account == "b" for candidate in machine.started):
        machine.turn({})
    assert len(machine.started) - before <= 2 * cores


@given(st.integers(1, 4), st.integers(2, 4), st.integers(0, 2**32), st.booleans())
@settings(max_examples=25, deadline=None)
def test_the_shares_of_those_who_wait_differ_by_a_bounded_amount(cores: int, accounts: int, seed: int, late: bool):
    """While two both wait, their service differs by what one task of each may take on every core, no matter how long."""
    draws = random.Random(seed)
    names = [f"a{n}" for n in range(accounts)]
    lengths = {TaskId(f"{name}.{n:03}"): draws.choice([1.0, 5.0, 20.0]) for name in names for n in range(100)}
    machine = Machine(cores)
    owner = {name: name.partition(".")[0] for name in lengths}
    machine.waiting = [task(name, owner[name]) for name in lengths if not (late and owner[name] == "a0")]
    if late:  # one comes after the others have had the machine to themselves
        for _ in range(30):
            machine.turn(lengths)
        machine.waiting += [task(name, "a0", machine.now_s) for name in lengths if owner[name] == "a0"]
    began = len(machine.started)
    for _ in range(90):
        machine.turn(lengths)
    got = dict.fromkeys(names, 0.0)
    for candidate in machine.started[began:]:
        got[candidate.account] += lengths[candidate.task]
    assert max(got.values()) - min(got.values()) <= 3 * cores * 20.0


def test_newcomers_without_end_do_not_starve_who_has_had_much():
    machine = Machine(1)
    machine.waiting = [task(f"a{n:04}", "a") for n in range(200)]
    for _ in range(20):
        machine.turn({})
    served = 0
    for number in range(400):
        machine.waiting.append(task(f"n{number:03}", f"new{number:03}", machine.now_s))
        machine.turn({})
        served = sum(candidate.account == "a" for candidate in machine.started) - 20
    assert served >= 5


def test_a_quota_bounds_an_account_and_leaves_the_rest_to_others():
    machine = Machine(4, Policy(account_running=2))
    machine.waiting = [task(f"a{n}", "a", NOW - 9) for n in range(8)] + [task("b", "b")]
    machine.manager.fair_share.charge("b", 1000.0)
    free = {WORKER: Slots(cpu=4, memory_bytes=1000)}
    choice = machine.manager.choose(machine.waiting, machine.manager.hosts(free, NOW), {}, NOW)
    assert sorted(placed.task for placed in choice.start) == ["a0", "a1", "b"]
    choice = machine.manager.choose(machine.waiting[:8], machine.manager.hosts(free, NOW), {"a": 2.0}, NOW)
    assert choice.start == []  # it has them elsewhere


def test_who_has_nothing_may_have_one_task_that_is_larger_than_the_quota():
    manager = ResourceManager(Policy(account_running=2))
    large = Candidate(TaskId("large"), Slots(cpu=4, memory_bytes=1), account="a", due_at=NOW)
    hosts = manager.hosts({WORKER: Slots(cpu=8, memory_bytes=10)}, NOW)
    assert [placed.task for placed in manager.choose([large, task("small", "a")], hosts, {}, NOW).start] == ["large"]


# --- overload ---


def test_levels_come_with_the_wait_and_go_with_hysteresis():
    limits = Limits(defer_after_s=100, park_after_s=1000)
    seen: list[Level] = []
    level = Level.NORMAL
    for wait_s in (50, 101, 99, 51, 1001, 999, 501, 499, 51, 49, 99):
        level = next_level(level, wait_s, limits)
        seen.append(level)
    names = "NORMAL DEFER DEFER DEFER PARK PARK PARK DEFER DEFER NORMAL NORMAL"
    assert seen == [Level[name] for name in names.split()]


def test_the_wait_is_what_tasks_took_times_how_many_there_are():
    effort = CostEstimate()
    assert effort.estimate_wait_s(1000, 4) == 0.0  # nothing is known yet, so nothing is put off
    for _ in range(20):
        effort.record("encode", 8.0)
    assert effort.estimate_wait_s(100, 4) == pytest.approx(200.0)
    assert (effort.estimate("encode"), effort.estimate("never seen")) == (8.0, 8.0)


def test_under_overload_what_nobody_waits_for_is_not_started_while_others_wait():
    manager = ResourceManager(Policy())
    manager.level = Level.DEFER
    hosts = manager.hosts({WORKER: Slots(cpu=2, memory_bytes=10)}, NOW)
    big = Candidate(TaskId("big"), Slots(cpu=2, memory_bytes=1), account="a", due_at=NOW - 1)
    other = Candidate(TaskId("other"), Slots(cpu=2, memory_bytes=1), account="b", due_at=NOW - 1)
    backfill = task("backfill", "c", NOW - 300, sensitive=False)
    assert [placed.task for placed in manager.choose([big, other, backfill], hosts, {}, NOW).start] == ["big"]
    assert [placed.task for placed in manager.choose([backfill], hosts, {}, NOW).start] == ["backfill"]
    nowhere = Candidate(TaskId("nowhere"), Slots(cpu=1, memory_bytes=1, tags=("gone",)), account="a", due_at=NOW - 1)
    assert [placed.task for placed in manager.choose([nowhere, backfill], hosts, {}, NOW).start] == ["backfill"]  # nobody can be waited for
    ancient = task("ancient", "c", NOW - 4000, sensitive=False)
    assert order([task("now", "a", NOW - 1), ancient], deferring=True) == ["ancient", "now"]  # not for ever
