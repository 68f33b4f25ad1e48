"""The resource manager as a whole: random workers, accounts, arrivals, failures, kills, and reports that come twice or late."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.harness.examples import count_examples
from yeoul.base.errors import MediaToolError, StorageFullError, UnreadableError, WorkerLostError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource import failure_ladder
from yeoul.pipeline.resource.failure_ladder import MAX_ATTEMPTS, GiveUp
from yeoul.pipeline.resource.fair_share import find_priority_class, make_due_at
from yeoul.pipeline.resource.manager import Policy, ResourceManager
from yeoul.pipeline.resource.overload import Level, Limits
from yeoul.pipeline.resource.placement import Candidate

TAGS = ((), (), ("ssd",), ("eu", "ssd"))
ACCOUNTS = ("ann", "ben", "cho")
QUOTA = 4.0
ERRORS: dict[str, dict[str, Any]] = {
    "chance": MediaToolError("x").to_dict(),
    "crash": WorkerLostError("x").to_dict(),
    "input": UnreadableError("x").to_dict(),
    "full": StorageFullError("x").to_dict(),
}


@dataclass
class Row:
    """A task as the durable queue keeps it."""

    candidate: Candidate
    state: str = "ready"
    attempt: int = 0
    tries: int = 0
    failures: int = 0
    crashes: int = 0
    not_before: float = 0.0
    worker: WorkerId | None = None
    slots: Slots = field(default_factory=Slots)
    failed_on: set[WorkerId] = field(default_factory=set[WorkerId])
    ends: int = 0


class Cluster(RuleBasedStateMachine):
    """A queue and workers around the manager; reports are (task, attempt, how it ended)."""

    @initialize(quota=st.booleans())
    def begin(self, quota: bool):
        self.now_s = 1_800_000_000.0
        limits = Limits(defer_after_s=100.0, park_after_s=1000.0)
        self.manager = ResourceManager(Policy(account_running=QUOTA if quota else 0.0, overload=limits))
        self.workers: dict[WorkerId, Slots] = {}
        self.rows: dict[TaskId, Row] = {}
        self.past: list[tuple[TaskId, int, str]] = []
        self.count = 0
        self.join(cpu=4.0, memory=8, gpu=1.0, tags=("eu", "ssd"))

    # --- what happens ---

    @precondition(lambda self: len(self.workers) < 4)
    @rule(cpu=st.sampled_from([1.0, 2.0, 8.0]), memory=st.sampled_from([2, 8]), gpu=st.sampled_from([0.0, 1.0]), tags=st.sampled_from(TAGS))
    def join(self, cpu: float, memory: int, gpu: float, tags: tuple[str, ...]):
        self.count += 1
        self.workers[WorkerId(f"w{self.count}")] = Slots(cpu=cpu, memory_bytes=memory, gpu=gpu, tags=tags)

    @rule(
        account=st.sampled_from(ACCOUNTS),
        number=st.integers(1, 6),
        cpu=st.sampled_from([0.5, 1.0, 3.0, 16.0]),
        memory=st.sampled_from([1, 4]),
        gpu=st.sampled_from([0.0, 0.0, 0.5]),
        tags=st.sampled_from(TAGS),
        sensitive=st.booleans(),
    )
    def arrive(self, account: str, number: int, cpu: float, memory: int, gpu: float, tags: tuple[str, ...], sensitive: bool):
        for _ in range(number):
            self.count += 1
            name = TaskId(f"t{self.count:04}")
            slots = Slots(cpu=cpu, memory_bytes=memory, gpu=gpu, tags=tags)
            due_at = make_due_at(self.now_s, latency_sensitive=sensitive)
            self.rows[name] = Row(Candidate(name, slots, f"op{number}", account, due_at, sensitive))

    @rule(seconds=st.sampled_from([0.1, 1.0, 30.0, 400.0]))
    def wait(self, seconds: float):
        self.now_s += seconds

    @rule(data=st.data(), how=st.sampled_from(["done", "done", "done", *ERRORS]), seconds=st.sampled_from([0.0, 1.0, 20.0]))
    def end(self, data: st.DataObject, how: str, seconds: float):
        running = [(name, row.attempt) for name, row in self.rows.items() if row.state == "running"]
        if running:
            self.now_s += seconds
            name, attempt = data.draw(st.sampled_from(running))
            self._report(name, attempt, how)

    @rule(data=st.data())
    def repeat(self, data: st.DataObject):
        """A report comes again, or one of an attempt that was taken for lost comes late."""
        if self.past:
            self._report(*data.draw(st.sampled_from(self.past)))

    @precondition(lambda self: len(self.workers) > 1)
    @rule(data=st.data())
    def kill(self, data: st.DataObject):
        gone = data.draw(st.sampled_from(sorted(self.workers)))
        del self.workers[gone]
        for name, row in list(self.rows.items()):
            if row.state == "running" and row.worker == gone:
                self._report(name, row.attempt, "crash")
        self.manager.quarantine.remove_absent(self.workers)

    @rule()
    def weigh(self):
        waiting = sum(row.state == "ready" for row in self.rows.values())
        self.manager.update_overload(50 * waiting, sum(slots.cpu for slots in self.workers.values()))

    @rule()
    def place(self):
        ready = {name: self._candidate(row) for name, row in self.rows.items() if row.state == "ready" and row.not_before <= self.now_s}
        usage = {account: self._used_by(account) for account in ACCOUNTS}
        hosts = self.manager.hosts({worker: self._free(worker) for worker in self.workers}, self.now_s)
        choice = self.manager.choose(list(ready.values()), hosts, usage, self.now_s)
        started = {placed.task for placed in choice.start}
        self._check_order(ready, started)
        for placed in choice.start:
            row, host = self.rows[placed.task], hosts[placed.worker]
            assert host.start_limit != 0
            others = [worker for worker, other in hosts.items() if other.start_limit != 0 and row.candidate.slots.fits(other.total)]
            avoid = ready[placed.task].avoided_workers
            assert placed.worker not in avoid or not set(others) - avoid  # not where it failed, while there is another
            row.state, row.worker, row.slots = "running", placed.worker, placed.slots
            row.attempt, row.tries = row.attempt + 1, row.tries + 1
            self.manager.record_start((placed.task, row.attempt), row.candidate, placed, self.now_s)

    # --- what must hold ---

    def _check_order(self, ready: dict[TaskId, Candidate], started: set[TaskId]):
        """Of an account's equal tasks the one that is due first starts first."""
        deferring = self.manager.level >= Level.DEFER
        for late in (ready[name] for name in started):
            for early in ready.values():
                same = (early.account, early.slots, early.avoided_workers) == (late.account, late.slots, late.avoided_workers)
                turns = [find_priority_class(one, self.now_s, deferring=deferring) for one in (early, late)]
                if same and (turns[0], early.due_at, early.task) < (turns[1], late.due_at, late.task):
                    assert early.task in started, (early, late)

    @invariant()
    def slots_and_tags_hold(self):
        for worker, slots in getattr(self, "workers", {}).items():
            mine = [row for row in self.rows.values() if row.state == "running" and row.worker == worker]
            free = self._free(worker)
            assert free.cpu >= -1e-6 and free.memory_bytes >= 0 and free.gpu >= -1e-6
            assert all(set(row.candidate.slots.tags) <= set(slots.tags) for row in mine)

    @invariant()
    def every_task_ends_once(self):
        for row in getattr(self, "rows", {}).values():
            assert row.ends == (row.state in {"done", "failed"})
            assert row.tries <= MAX_ATTEMPTS

    @invariant()
    def quotas_hold(self):
        if hasattr(self, "manager") and self.manager.policy.account_running:
            for account in ACCOUNTS:
                mine = [row for row in self.rows.values() if row.state == "running" and row.candidate.account == account]
                assert self._used_by(account) <= QUOTA + 1e-6 or len(mine) == 1

    @invariant()
    def some_worker_works(self):
        if getattr(self, "workers", None):
            counts = {worker: sum(row.state == "running" and row.worker == worker for row in self.rows.values()) for worker in self.workers}
            at_most = self.manager.quarantine.start_limits(counts, self.now_s)
            assert any(at_most[worker] != 0 or counts[worker] for worker in self.workers)

    def teardown(self):
        """No worker dies any more, and no attempt fails: everything that some worker can run ends, the oldest too."""
        if not hasattr(self, "manager"):
            return
        for _ in range(20 + 4 * len(self.rows)):
            self.place()
            for name, row in list(self.rows.items()):
                if row.state == "running":
                    self._report(name, row.attempt, "done")
            self.now_s += 50.0
        left = [row.candidate for row in self.rows.values() if row.state not in {"done", "failed"}]
        hosts = self.manager.hosts(self.workers, self.now_s)
        assert [candidate for candidate in left if any(host.can_run(candidate) for host in hosts.values())] == []

    # --- the durable queue ---

    def _report(self, name: TaskId, attempt: int, how: str):
        self.past.append((name, attempt, how))
        row = self.rows[name]
        if (row.state, row.attempt) == ("running", attempt):
            self._settle(name, row, how)
        self.manager.record_end((name, attempt), self.now_s, ok=how in {"done", "input", "full"})

    def _settle(self, name: TaskId, row: Row, how: str):
        if how == "done":
            row.state, row.ends = "done", row.ends + 1
            return
        row.crashes += how == "crash"
        verdict = failure_ladder.after_failure(name, ERRORS[how], failures=row.failures, tries=row.tries, crashes=row.crashes)
        if isinstance(verdict, GiveUp):
            row.state, row.ends = "failed", row.ends + 1
            return
        row.state, row.not_before = "ready", self.now_s + verdict.delay_s
        row.failures, row.tries = row.failures + verdict.counts, row.tries - (not verdict.counts)
        if verdict.counts and row.worker is not None:
            row.failed_on.add(row.worker)

    def _candidate(self, row: Row) -> Candidate:
        avoid = frozenset(row.failed_on) if row.failures > failure_ladder.IMMEDIATE_RETRIES else frozenset[WorkerId]()
        one = row.candidate
        return Candidate(one.task, one.slots, one.op, one.account, one.due_at, one.latency_sensitive, "", avoid)

    def _free(self, worker: WorkerId) -> Slots:
        free = self.workers[worker]
        for row in self.rows.values():
            if row.state == "running" and row.worker == worker:
                free -= row.slots
        return free

    def _used_by(self, account: str) -> float:
        return sum(row.slots.cpu for row in self.rows.values() if row.state == "running" and row.candidate.account == account)


TestCluster = Cluster.TestCase
TestCluster.settings = settings(max_examples=count_examples(200), stateful_step_count=50, deadline=None)
