"""The placer: reads the first ready tasks of each account, lets the resource manager choose, claims the chosen tasks and submits them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import StorageFullError, WorkerLostError, YeoulError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.catalog.database import Database
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue import batch, outbox, run, worker
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import WorkerRow
from yeoul.catalog.video import video
from yeoul.model.work import Report, Slots, Work
from yeoul.pipeline.engine import Engine
from yeoul.pipeline.options import DispatchOptions
from yeoul.pipeline.resource import failure_ladder
from yeoul.pipeline.resource.failure_ladder import Fault
from yeoul.pipeline.resource.manager import ResourceManager
from yeoul.pipeline.resource.overload import Level
from yeoul.pipeline.resource.placement import Assignment, Candidate, Host
from yeoul.pipeline.task import input as task_input

_BATCH = 64
_LANES = 16  # accounts considered in one turn; the next turn continues with the accounts after them
_RETRY_DELAY_S = 1.0
_LEAVE_TO_OTHERS_S = 30.0
_FORGET_WORKERS_S = 600.0
_COST_SAMPLES = 200  # recent attempts from which a new dispatcher learns the cost of tasks


class Placer:
    """Starts tasks for one dispatcher. room: returns True if the store has space for more work."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        owner: str,
        options: DispatchOptions,
        *,
        has_space: Callable[[], bool],
    ) -> None:
        self._database = database
        self._engine = engine
        self._manager = ResourceManager(options.policy)
        self._clock = clock
        self._owner = owner
        self._room = has_space
        self._lease_s = options.lease_s
        self._after = ""
        self._others: list[WorkerRow] = []
        self._notified: list[str] = []  # videos with a notice about the full disk
        self.wake_at = 0.0

    def place(self) -> list[Report]:
        """Starts as many ready tasks as fit on the workers. Returns reports of claimed tasks that could not be started."""
        free = self._engine.free_slots()
        now_s = self._clock.now()
        self.wake_at = now_s + _RETRY_DELAY_S
        if not any(slots.cpu > 0 for slots in free.values()):
            return []
        if not self._room():
            self._add_notices(now_s)
            return []
        hosts = self._manager.hosts(free, now_s)
        with self._database.write() as connection:
            candidates = self._candidates(connection, hosts, now_s)
            usage = queue.running_cpu(connection) if candidates and self._manager.policy.account_running else {}
            choice = self._manager.choose(list(candidates.values()), hosts, usage, now_s)
            claims = self._claim(connection, choice.start, now_s)
            due_times = [queue.next_ready_at(connection, now_s), outbox.next_at(connection), self._manager.quarantine.next_probe_at(now_s)]
            self._clear_notices(connection, now_s)
        self.wake_at = min((due_at for due_at in due_times if due_at is not None), default=math.inf)
        self._engine.report_demand([candidate.slots for candidate in choice.waiting])
        for assignment, attempt, _ in claims:
            self._manager.record_start((assignment.task, attempt), candidates[assignment.task], assignment, now_s)
        return [report for assignment, attempt, work in claims for report in self._start(assignment, attempt, work)]

    def record_end(self, report: Report) -> None:
        """Records the end of an attempt in the resource manager, and whether its worker is to blame. Ignores other reports."""
        if report.kind in {"started", "progress"}:
            return
        fault = failure_ladder.find_fault(report.error or {"code": WorkerLostError.code, "retryable": True})
        ok: bool | None = report.kind == "done" or fault in {Fault.INPUT, Fault.DISK_FULL}
        if not ok and failure_ladder.is_unrelated_to_worker(report.error):
            ok = None
        self._manager.record_end((TaskId(report.task), report.attempt), self._clock.now(), ok=ok)

    def restore(self, connection: Connection) -> None:
        """Restores the state of our workers from the rows: their quarantines, and the cost of recent tasks."""
        for name, row in worker.take_over(connection, self._owner, sorted(self._engine.free_slots())).items():
            if row["quarantined_until"] is not None and row["pause_s"] is not None:
                self._manager.quarantine.restore(WorkerId(name), row["quarantined_until"], row["pause_s"], row["reason"] or "")
        for row in attempts.recently_done(connection, _COST_SAMPLES):
            self._manager.costs.record(row["op"], row["cpu"] * max(0.0, row["ended_at"] - row["started_at"]))

    def update_overload(self, connection: Connection, now_s: float) -> Level:
        """Updates the overload level from waiting tasks and all cores, and writes the state of our workers. Call it at each heartbeat."""
        free = self._engine.free_slots()
        hosts = self._manager.hosts(free, now_s)
        self._manager.quarantine.remove_absent(free)
        live_rows = [row for row in worker.all_workers(connection) if row["seen_at"] > now_s - self._lease_s]
        self._others = [row for row in live_rows if row["owner"] != self._owner]
        cpu = sum(row["slots"]["cpu"] for row in self._others) + sum(host.total.cpu for host in hosts.values())
        level = self._manager.update_overload(queue_view.count_unstarted(connection), cpu)
        rows = [self._worker_row(name, host) for name, host in sorted(hosts.items())]
        worker.replace_all(connection, self._owner, rows, now_s, now_s - _FORGET_WORKERS_S)
        return level

    def _worker_row(self, name: WorkerId, host: Host) -> dict[str, Any]:
        return {
            "id": name,
            "slots": host.total.model_dump(mode="json"),
            "free": host.free.model_dump(mode="json"),
            "quarantined_until": self._manager.quarantine.quarantined_until(name),
            "reason": self._manager.quarantine.reason(name),
            "pause_s": self._manager.quarantine.pause_s(name),
            "overload": int(self._manager.level),
            "wait_s": self._manager.wait_s,
        }

    # --- ready tasks ---

    def _candidates(self, connection: Connection, hosts: Mapping[WorkerId, Host], now_s: float) -> dict[TaskId, Candidate]:
        wants = sorted({word for host in hosts.values() for word in host.total.serves()})
        accounts = self._next_accounts(connection)
        rows: list[queue.PlacementRow] = (
            queue.ready_tasks(connection, now_s, 4) if len(accounts) == _LANES else []
        )  # includes tasks that an admin put first
        limit = _BATCH // max(1, len(accounts))
        for account in accounts:
            if self._manager.level >= Level.DEFER:
                rows += queue.lane_head(connection, account, now_s, limit, wants, urgent=True)
            rows += queue.lane_head(connection, account, now_s, limit, wants)
        return {TaskId(row["id"]): _candidate(row) for row in rows if not self._is_for_others(row, hosts, now_s)}

    def _next_accounts(self, connection: Connection) -> Sequence[str]:
        """Returns the next accounts with ready tasks, in turn."""
        accounts = queue.accounts_with_ready_tasks(connection, self._after, _LANES)
        if len(accounts) < _LANES and self._after:
            accounts += [
                account for account in queue.accounts_with_ready_tasks(connection, "", _LANES - len(accounts)) if account <= self._after
            ]
        self._after = accounts[-1] if len(accounts) == _LANES else ""
        return accounts

    def _is_for_others(self, row: queue.PlacementRow, hosts: Mapping[WorkerId, Host], now_s: float) -> bool:
        """True if a task has failed on all our workers, and is left for a while to another dispatcher that has a suitable worker."""
        avoided = _find_avoided(row)
        if not avoided or not avoided >= set(hosts) or now_s > row["not_before"] + _LEAVE_TO_OTHERS_S:
            return False
        slots = _slots(row)
        return any(other["id"] not in avoided and slots.fits(Slots.model_validate(other["slots"])) for other in self._others)

    # --- starting ---

    def _claim(self, connection: Connection, start: Sequence[Assignment], now_s: float) -> list[tuple[Assignment, int, Work | YeoulError]]:
        """Claims tasks. Returns (assignment, attempt, work) of each; an error replaces the work if its input could not be composed."""
        lease_until = now_s + self._lease_s
        workers: dict[str, str] = {assignment.task: assignment.worker for assignment in start}
        rows = batch.claim_all(connection, workers, self._owner, lease_until, now_s)
        composer = task_input.Composer(connection, list(rows.values()))
        claims = [(assignment, rows[assignment.task]) for assignment in start if assignment.task in rows]
        composed = {row["id"]: _make_work(composer, row, assignment.slots) for assignment, row in claims}
        works = composer.with_earlier({task_id: work for task_id, work in composed.items() if isinstance(work, Work)})
        return [(assignment, row["attempt"], works.get(row["id"], composed[row["id"]])) for assignment, row in claims]

    def _start(self, assignment: Assignment, attempt: int, work: Work | YeoulError) -> list[Report]:
        if isinstance(work, YeoulError):
            return [Report(kind="failed", task=assignment.task, attempt=attempt, worker=assignment.worker, error=work.to_dict())]
        try:
            self._engine.submit(work, assignment.worker)
        except YeoulError as error:  # the worker died after it reported free slots
            lost = WorkerLostError(f"the worker could not start the task: {error.message}", reason="start")
            return [Report(kind="lost", task=assignment.task, attempt=attempt, worker=assignment.worker, error=lost.to_dict())]
        return []

    # --- a full disk ---

    def _add_notices(self, now_s: float) -> None:
        """Adds a notice to videos whose tasks wait for space on the disk, once to each."""
        error = StorageFullError("the disk is full; processing continues when there is space").to_dict()
        with self._database.write() as connection:
            runs = {row["run_id"] for row in queue.ready_tasks(connection, now_s, _BATCH)}
            for current in [run.lock(connection, run_id) for run_id in sorted(runs)]:
                if current is not None and current["video_id"] not in self._notified:
                    self._notified.append(current["video_id"])
                    video.change(connection, current["video_id"], {"notice": error}, now_s)

    def _clear_notices(self, connection: Connection, now_s: float) -> None:
        while self._notified:
            video.change(connection, self._notified.pop(), {"notice": None}, now_s)


def _make_work(composer: task_input.Composer, row: batch.ClaimedTaskRow, slots: Slots) -> Work | YeoulError:
    try:
        return composer.make_work(row, slots)
    except YeoulError as error:
        return error
    except (ValueError, LookupError) as error:
        return YeoulError(f"the input of the task cannot be read: {error}"[:2000])


def _find_avoided(row: queue.PlacementRow) -> frozenset[WorkerId]:
    """Returns the workers on which a task has failed; none for its first retries, which may run anywhere."""
    return frozenset(map(WorkerId, row["failed_on"])) if row["failures"] > failure_ladder.IMMEDIATE_RETRIES else frozenset()


def _slots(row: queue.PlacementRow) -> Slots:
    return Slots(cpu=row["cpu"], memory_bytes=row["memory_bytes"], gpu=row["gpu"], tags=tuple(row["tags"]))


def _candidate(row: queue.PlacementRow) -> Candidate:
    return Candidate(
        task=TaskId(row["id"]),
        slots=_slots(row),
        op=row["op"],
        account=row["account_id"],
        due_at=row["due_at"],
        latency_sensitive=row["latency_sensitive"],
        data_key="" if row["piece"] is None else f"{row['run_id']}/{row['piece']}",
        avoided_workers=_find_avoided(row),
    )
