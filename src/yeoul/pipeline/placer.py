"""The placer: reads the lanes' heads, lets the resource manager choose, claims what it chose, and gives it to the engine."""

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
from yeoul.catalog.queue import many as queue_many
from yeoul.catalog.queue import outbox, run, worker
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
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

Row = Mapping[str, Any]
_BATCH = 64
_LANES = 16  # accounts looked at in one turn; the next turn looks at the next ones
_AGAIN_S = 1.0
_LEAVE_TO_OTHERS_S = 30.0
_FORGET_WORKERS_S = 600.0
_RECALLED = 200  # attempts that tell what tasks take


class Placer:
    """Starts tasks for one dispatcher. `room` says whether the store has room for more work."""

    def __init__(
        self,
        database: Database,
        engine: Engine,
        clock: Clock,
        owner: str,
        options: DispatchOptions,
        *,
        room: Callable[[], bool],
    ) -> None:
        self._database = database
        self._engine = engine
        self._manager = ResourceManager(options.policy)
        self._clock = clock
        self._owner = owner
        self._room = room
        self._lease_s = options.lease_s
        self._after = ""
        self._others: list[Row] = []
        self._without_room: list[str] = []  # videos that were told
        self.wake_at = 0.0

    def place(self) -> list[Report]:
        """Give ready tasks to workers, as many as fit; reports of those that could not be started after all."""
        free = self._engine.free()
        now_s = self._clock.now()
        self.wake_at = now_s + _AGAIN_S
        if not any(slots.cpu > 0 for slots in free.values()):
            return []
        if not self._room():
            self._note_no_room(now_s)
            return []
        hosts = self._manager.hosts(free, now_s)
        with self._database.write() as connection:
            candidates = self._candidates(connection, hosts, now_s)
            usage = queue.running_cpu(connection) if candidates and self._manager.policy.account_running else {}
            choice = self._manager.choose(list(candidates.values()), hosts, usage, now_s)
            begun = self._claim(connection, choice.start, now_s)
            soon = [queue.next_ready_at(connection, now_s), outbox.next_at(connection), self._manager.quarantine.next_at(now_s)]
            self._note_room(connection, now_s)
        self.wake_at = min((at for at in soon if at is not None), default=math.inf)
        self._engine.demand([candidate.slots for candidate in choice.waiting])
        for chosen, attempt, _ in begun:
            self._manager.started((chosen.task, attempt), candidates[chosen.task], chosen, now_s)
        return [report for chosen, attempt, work in begun for report in self._start(chosen, attempt, work)]

    def ended(self, report: Report) -> None:
        """Tell the resource manager how an attempt ended, and whether its worker did well."""
        if report.kind in {"started", "progress"}:
            return
        fault = failure_ladder.find_fault(report.error or {"code": WorkerLostError.code, "retryable": True})
        ok: bool | None = report.kind == "done" or fault in {Fault.INPUT, Fault.NO_ROOM}
        if not ok and failure_ladder.is_told(report.error):
            ok = None
        self._manager.ended((TaskId(report.task), report.attempt), self._clock.now(), ok=ok)

    def recall(self, connection: Connection) -> None:
        """Go on from what the rows tell of our workers' past: who is quarantined, and what tasks took lately."""
        for name, row in worker.take_over(connection, self._owner, sorted(self._engine.free())).items():
            if row["quarantined_until"] is not None and row["pause_s"] is not None:
                self._manager.quarantine.restore(WorkerId(name), row["quarantined_until"], row["pause_s"], row["reason"] or "")
        for row in attempts.done_lately(connection, _RECALLED):
            self._manager.effort.note(row["op"], row["cpu"] * max(0.0, row["ended_at"] - row["started_at"]))

    def look(self, connection: Connection, now_s: float) -> Level:
        """See how much waits for how many cores, and say what the workers are; the heartbeat's part."""
        free = self._engine.free()
        hosts = self._manager.hosts(free, now_s)
        self._manager.quarantine.forget_absent(free)
        seen = [row for row in worker.all_workers(connection) if row["seen_at"] > now_s - self._lease_s]
        self._others = [row for row in seen if row["owner"] != self._owner]
        cpu = sum(row["slots"]["cpu"] for row in self._others) + sum(host.total.cpu for host in hosts.values())
        level = self._manager.weigh(queue_view.count_open(connection), cpu)
        rows = [self._worker_row(name, host) for name, host in sorted(hosts.items())]
        worker.say(connection, self._owner, rows, now_s, now_s - _FORGET_WORKERS_S)
        return level

    def _worker_row(self, name: WorkerId, host: Host) -> dict[str, Any]:
        return {
            "id": name,
            "slots": host.total.model_dump(mode="json"),
            "free": host.free.model_dump(mode="json"),
            "quarantined_until": self._manager.quarantine.until(name),
            "reason": self._manager.quarantine.reason(name),
            "pause_s": self._manager.quarantine.pause_s(name),
            "overload": int(self._manager.level),
            "wait_s": self._manager.wait_s,
        }

    # --- what is ready ---

    def _candidates(self, connection: Connection, hosts: Mapping[WorkerId, Host], now_s: float) -> dict[TaskId, Candidate]:
        wants = sorted({word for host in hosts.values() for word in host.total.serves()})
        accounts = self._next_accounts(connection)
        found: list[Row] = queue.ready(connection, now_s, 4) if len(accounts) == _LANES else []  # what an admin put first may be elsewhere
        limit = _BATCH // max(1, len(accounts))
        for account in accounts:
            if self._manager.level >= Level.DEFER:
                found += queue.lane(connection, account, now_s, limit, wants, urgent=True)
            found += queue.lane(connection, account, now_s, limit, wants)
        return {TaskId(row["id"]): _candidate(row) for row in found if not self._is_for_others(row, hosts, now_s)}

    def _next_accounts(self, connection: Connection) -> Sequence[str]:
        """The next accounts in turn that have ready tasks."""
        found = queue.lanes(connection, self._after, _LANES)
        if len(found) < _LANES and self._after:
            found += [account for account in queue.lanes(connection, "", _LANES - len(found)) if account <= self._after]
        self._after = found[-1] if len(found) == _LANES else ""
        return found

    def _is_for_others(self, row: Row, hosts: Mapping[WorkerId, Host], now_s: float) -> bool:
        """Whether a task has failed on all that we have and is left, for a while, to another dispatcher that has a worker for it."""
        avoid = _avoid(row)
        if not avoid or not avoid >= set(hosts) or now_s > row["not_before"] + _LEAVE_TO_OTHERS_S:
            return False
        slots = _slots(row)
        return any(other["id"] not in avoid and slots.fits(Slots.model_validate(other["slots"])) for other in self._others)

    # --- starting ---

    def _claim(self, connection: Connection, start: Sequence[Assignment], now_s: float) -> list[tuple[Assignment, int, Work | YeoulError]]:
        """(assignment, attempt, work) of what could be claimed; an error where the rows do not give a work."""
        lease_until = now_s + self._lease_s
        rows = queue_many.claim_all(connection, {chosen.task: chosen.worker for chosen in start}, self._owner, lease_until, now_s)
        composer = task_input.Composer(connection, list(rows.values()))
        found = [(chosen, rows[chosen.task]) for chosen in start if chosen.task in rows]
        made = {row["id"]: _make_work(composer, row, chosen.slots) for chosen, row in found}
        works = composer.with_earlier({task_id: work for task_id, work in made.items() if isinstance(work, Work)})
        return [(chosen, row["attempt"], works.get(row["id"], made[row["id"]])) for chosen, row in found]

    def _start(self, chosen: Assignment, attempt: int, work: Work | YeoulError) -> list[Report]:
        if isinstance(work, YeoulError):
            return [Report(kind="failed", task=chosen.task, attempt=attempt, worker=chosen.worker, error=work.to_dict())]
        try:
            self._engine.submit(work, chosen.worker)
        except YeoulError as error:  # the worker died between being asked and being used
            lost = WorkerLostError(f"the worker took no work: {error.message}", reason="start")
            return [Report(kind="lost", task=chosen.task, attempt=attempt, worker=chosen.worker, error=lost.to_dict())]
        return []

    # --- a full disk ---

    def _note_no_room(self, now_s: float) -> None:
        """Tell the videos whose tasks wait for room on the disk, once."""
        error = StorageFullError("there is no room left; the work goes on when there is").to_dict()
        with self._database.write() as connection:
            runs = {row["run_id"] for row in queue.ready(connection, now_s, _BATCH)}
            for current in [run.lock(connection, run_id) for run_id in sorted(runs)]:
                if current is not None and current["video_id"] not in self._without_room:
                    self._without_room.append(current["video_id"])
                    video.change(connection, current["video_id"], {"notice": error}, now_s)

    def _note_room(self, connection: Connection, now_s: float) -> None:
        while self._without_room:
            video.change(connection, self._without_room.pop(), {"notice": None}, now_s)


def _make_work(composer: task_input.Composer, row: Row, slots: Slots) -> Work | YeoulError:
    try:
        return composer.make_work(row, slots)
    except YeoulError as error:
        return error
    except (ValueError, LookupError) as error:
        return YeoulError(f"what the task needs cannot be read: {error}"[:2000])


def _avoid(row: Row) -> frozenset[WorkerId]:
    """The first retries may go anywhere."""
    return frozenset(map(WorkerId, row["failed_on"])) if row["failures"] > failure_ladder.RETRIES_AT_ONCE else frozenset()


def _slots(row: Row) -> Slots:
    return Slots(cpu=row["cpu"], memory_bytes=row["memory_bytes"], gpu=row["gpu"], tags=tuple(row["tags"]))


def _candidate(row: Row) -> Candidate:
    return Candidate(
        task=TaskId(row["id"]),
        slots=_slots(row),
        op=row["op"],
        account=row["account_id"],
        due_at=row["due_at"],
        latency_sensitive=row["latency_sensitive"],
        near="" if row["piece"] is None else f"{row['run_id']}/{row['piece']}",
        avoid=_avoid(row),
    )
