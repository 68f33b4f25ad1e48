"""The durable task queue: tasks wait, become ready, run under a lease (`lease.py`), and end once.

Each account has its own lane, ordered by `due_at`, a virtual deadline (time of creation, plus a delay for tasks that may wait).
`pipeline/resource/fair_share.py` chooses between lanes.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypedDict

from sqlalchemy import Connection, Float, and_, bindparam, case, func, or_, select, text, update

from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.due import is_due
from yeoul.catalog.row import all_rows, first_row, in_chunks, insert_new
from yeoul.catalog.schema.pipeline import edge, task
from yeoul.catalog.schema.row.pipeline import TaskRow
from yeoul.model.work import Slots

_QUOTA_LOCK = 0x71756F74  # an arbitrary number that our other advisory locks do not use
ENDED = ("done", "failed", "cancelled")
# Literal text instead of parameters: SQLite uses a partial index only if the query repeats its condition.
READY = text("task.state = 'ready'")
_URGENT = text("task.state = 'ready' AND task.latency_sensitive")
# Columns for placement. The inputs are read later, only for tasks that were placed.
_PLACEMENT_COLUMNS = (
    *(task.c.id, task.c.run_id, task.c.account_id, task.c.op, task.c.piece, task.c.due_at, task.c.latency_sensitive),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.not_before, task.c.failures, task.c.failed_on),
)


@dataclass(frozen=True)
class NewTask:
    """A task to add. needs: ids of tasks that must be done before it, or failed if they are optional."""

    id: str
    run_id: str
    stage: str
    piece: int | None
    op: str
    params: Mapping[str, Any]
    due_at: float
    cpu: float
    memory_bytes: int
    timeout_s: float
    rung: str | None = None
    gpu: float = 0.0
    tags: Sequence[str] = ()
    retries: int = 8
    optional: bool = False
    latency_sensitive: bool = True
    account_id: str = ""
    needs: tuple[str, ...] = field(default=())


class PlacementRow(TypedDict):
    """The columns of a ready task that decide when and where it runs."""

    id: str
    run_id: str
    account_id: str
    op: str
    piece: int | None
    due_at: float
    latency_sensitive: bool
    cpu: float
    memory_bytes: int
    gpu: float
    tags: list[str]
    not_before: float
    failures: int
    failed_on: list[str]


class TaskAttemptRow(TypedDict):
    """A task and its latest attempt."""

    id: str
    attempt: int


def is_satisfied(row: Any) -> bool:
    """True if a task no longer blocks its successors. row: its state and whether it is optional."""
    return row.state == "done" or (row.state == "failed" and row.optional)


def _open_needs(connection: Connection, needs: Sequence[str]) -> int:
    """Returns how many of the needs still block. Locks all needs, so that none ends between this read and the commit."""
    statement = select(task.c.id, task.c.state, task.c.optional).where(task.c.id.in_(needs)).order_by(task.c.id)
    rows = connection.execute(statement.with_for_update(read=True)).all()
    return len(set(needs)) - sum(map(is_satisfied, rows))


def make_values(new: NewTask, waiting_on: int, now_s: float) -> dict[str, Any]:
    """Makes the row of a new task. waiting_on: how many of its needs still block it."""
    return {
        "id": new.id,
        "run_id": new.run_id,
        "account_id": new.account_id,
        "stage": new.stage,
        "piece": new.piece,
        "rung": new.rung,
        "op": new.op,
        "state": "waiting" if waiting_on else "ready",
        "due_at": new.due_at,
        "not_before": 0.0,
        "waiting_on": waiting_on,
        "cpu": new.cpu,
        "memory_bytes": new.memory_bytes,
        "gpu": new.gpu,
        "tags": list(new.tags),
        "wants": Slots(gpu=new.gpu, tags=tuple(new.tags)).wants,
        "retries": new.retries,
        "timeout_s": new.timeout_s,
        "optional": new.optional,
        "latency_sensitive": new.latency_sensitive,
        "failed_on": [],
        "crashes": 0,
        "attempt": 0,
        "tries": 0,
        "failures": 0,
        "params": dict(new.params),
        "progress": 0.0,
        "cpu_s": 0.0,
        "created_at": now_s,
        "ready_at": None if waiting_on else now_s,
        "updated_at": now_s,
    }


def add(connection: Connection, new: NewTask, now_s: float) -> bool:
    """Inserts a task; False if it exists already. All needs must exist."""
    waiting_on = _open_needs(connection, new.needs) if new.needs else 0
    if not insert_new(connection, task, [make_values(new, waiting_on, now_s)]):
        return False
    insert_new(connection, edge, [{"needs_id": need, "task_id": new.id} for need in new.needs])
    return True


def find(connection: Connection, task_id: str) -> TaskRow | None:
    """Returns a task; None if it does not exist."""
    return first_row(connection, select(task).where(task.c.id == task_id), TaskRow)


def get(connection: Connection, task_id: str) -> TaskRow:
    """Returns a task. Raises NotFoundError."""
    row = find(connection, task_id)
    if row is None:
        raise NotFoundError(f"there is no task {task_id}", task=task_id)
    return row


def ready_tasks(connection: Connection, now_s: float, limit: int) -> list[PlacementRow]:
    """Returns the earliest ready tasks of all lanes. Skips rows that another dispatcher is claiming."""
    return _heads(connection, READY, now_s, limit)


def lane_head(
    connection: Connection, account_id: str, now_s: float, limit: int, wants: Sequence[str], *, urgent: bool = False
) -> list[PlacementRow]:
    """Returns the first tasks of an account's lane that have one of `wants` (`Slots.serves`). urgent: only latency-sensitive tasks.

    Skips rows that another dispatcher is claiming.
    """
    condition = and_(_URGENT if urgent else READY, task.c.account_id == account_id, task.c.wants.in_(wants))
    return _heads(connection, condition, now_s, limit)


def _heads(connection: Connection, condition: Any, now_s: float, limit: int) -> list[PlacementRow]:
    statement = (
        select(*_PLACEMENT_COLUMNS)
        .where(condition, is_due(task.c.not_before, now_s))
        .order_by(task.c.due_at, task.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return all_rows(connection, statement, PlacementRow)


# One index lookup per account, however many tasks it has.
_LANES = """
WITH RECURSIVE lane(id) AS (
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > :after)
    UNION ALL
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > lane.id) FROM lane WHERE lane.id IS NOT NULL
)
SELECT id FROM lane WHERE id IS NOT NULL LIMIT :limit
"""


def _task_by(connection: Connection, index: str) -> str:
    """Names the table and, for SQLite, the index: SQLite would use the index of the state and read all ready tasks."""
    return f"task INDEXED BY {index}" if connection.dialect.name == "sqlite" else "task"


def accounts_with_ready_tasks(connection: Connection, after: str, limit: int) -> list[str]:
    """Returns the ids of accounts that have ready tasks, in order, starting after `after`."""
    statement = text(_LANES.format(lanes=_task_by(connection, "task_lane")))
    return [str(row.id) for row in connection.execute(statement, {"after": after, "limit": limit})]


def running_cpu(connection: Connection) -> dict[str, float]:
    """Returns the CPU slots of running tasks by account. Callers wait for each other, so that only one at a time starts tasks."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _QUOTA_LOCK})
    statement = select(task.c.account_id, func.sum(task.c.cpu)).where(task.c.state == "running").group_by(task.c.account_id)
    return {str(row[0]): float(row[1]) for row in connection.execute(statement)}


_AT = bindparam("at", type_=Float())
_NEEDS_LEFT = case((task.c.waiting_on > bindparam("ended"), task.c.waiting_on - bindparam("ended")), else_=0)
_IS_UNBLOCKED = (task.c.state == "waiting") & (_NEEDS_LEFT == 0)
_UNBLOCK = (
    update(task)
    .where(task.c.id == bindparam("of_task"), task.c.waiting_on > 0)
    .values(
        waiting_on=_NEEDS_LEFT,
        state=case((_IS_UNBLOCKED, "ready"), else_=task.c.state),
        ready_at=case((_IS_UNBLOCKED, _AT), else_=task.c.ready_at),
        updated_at=case((_IS_UNBLOCKED, _AT), else_=task.c.updated_at),
    )
)


def unblock_successors(connection: Connection, ended: Collection[str], now_s: float) -> None:
    """Unblocks the successors of ended tasks. Successors that wait for no other task become ready."""
    counts: dict[str, int] = {}
    for ids in in_chunks(ended):
        successors = select(edge.c.task_id, func.count()).where(edge.c.needs_id.in_(ids)).group_by(edge.c.task_id)
        for task_id, count in connection.execute(successors):
            counts[task_id] = counts.get(task_id, 0) + count
    if counts:
        connection.execute(_UNBLOCK, [{"of_task": task_id, "ended": counts[task_id], "at": now_s} for task_id in sorted(counts)])


def fail_unfinished(connection: Connection, task_id: str, error: Mapping[str, Any], now_s: float) -> bool:
    """Fails a waiting, ready or running task, whichever dispatcher runs it; False if it has ended."""
    values = {"state": "failed", "error": dict(error), "owner": None, "lease_until": None, "ended_at": now_s, "updated_at": now_s}
    statement = update(task).where(task.c.id == task_id, task.c.state.not_in(ENDED)).values(**values)
    row = connection.execute(statement.returning(task.c.optional, task.c.attempt)).first()
    if row is None:
        return False
    attempts.end_all(connection, [(task_id, row.attempt)], "cancelled", now_s, error=error)
    if row.optional:
        unblock_successors(connection, [task_id], now_s)
    return True


def cancel_run(connection: Connection, run_id: str, now_s: float) -> list[TaskAttemptRow]:
    """Cancels all tasks of a run that have not ended. Returns rows of id, attempt of those that were running, for the engine to kill."""
    running = all_rows(
        connection, select(task.c.id, task.c.attempt).where(task.c.run_id == run_id, task.c.state == "running"), TaskAttemptRow
    )
    connection.execute(
        update(task)
        .where(task.c.run_id == run_id, task.c.state.not_in(ENDED))
        .values(state="cancelled", owner=None, lease_until=None, ended_at=now_s, updated_at=now_s)
    )
    attempts.end_all(connection, [(row["id"], row["attempt"]) for row in running], "cancelled", now_s)
    return running


def retry_run(connection: Connection, run_id: str, now_s: float) -> int:
    """Makes the failed and cancelled tasks of a run runnable again with all their retries; returns how many there were.

    Failed optional tasks stay failed: their rung was dropped as a whole, and a part of it must not come back.
    """
    is_retryable = or_(task.c.state == "cancelled", and_(task.c.state == "failed", task.c.optional.is_(False)))
    task_ids = [row.id for row in connection.execute(select(task.c.id).where(task.c.run_id == run_id, is_retryable))]
    reset(connection, task_ids, now_s)
    return len(task_ids)


def reset(connection: Connection, ids: Sequence[str], now_s: float) -> None:
    """Makes ended tasks runnable again, as if they had never run. Successors that have not started wait for them again."""
    for task_id in ids:
        had_unblocked = select(task.c.id).where(
            task.c.id == task_id, or_(task.c.state == "done", and_(task.c.state == "failed", task.c.optional))
        )
        if connection.execute(had_unblocked).first() is not None:
            successors = and_(
                task.c.id.in_(select(edge.c.task_id).where(edge.c.needs_id == task_id)), task.c.state.in_(("waiting", "ready"))
            )
            connection.execute(update(task).where(successors).values(state="waiting", ready_at=None, waiting_on=task.c.waiting_on + 1))
        needs = [row.needs_id for row in connection.execute(select(edge.c.needs_id).where(edge.c.task_id == task_id))]
        waiting_on = _open_needs(connection, needs) if needs else 0
        state = "waiting" if waiting_on else "ready"
        reset_values: dict[str, Any] = {
            "tries": 0,
            "failures": 0,
            "failed_on": [],
            "crashes": 0,
            "not_before": 0.0,
            "error": None,
            "key": None,
            "ended_at": None,
            "progress": 0.0,
        }
        values: dict[str, Any] = {"state": state, "waiting_on": waiting_on, **reset_values}
        ready_at = None if waiting_on else now_s
        connection.execute(update(task).where(task.c.id == task_id).values(**values, ready_at=ready_at, updated_at=now_s))


def make_due_now(connection: Connection, task_id: str, now_s: float) -> bool:
    """Makes a postponed ready task due now; False if it is not ready."""
    statement = update(task).where(task.c.id == task_id, READY).values(not_before=0.0, updated_at=now_s)
    return connection.execute(statement).rowcount == 1


def set_due_at(connection: Connection, task_id: str, due_at: float, now_s: float) -> bool:
    """Sets the virtual deadline of a task that has not started; False if it has started."""
    is_unstarted = task.c.state.in_(("ready", "waiting"))
    return connection.execute(update(task).where(task.c.id == task_id, is_unstarted).values(due_at=due_at, updated_at=now_s)).rowcount == 1


def next_ready_at(connection: Connection, now_s: float) -> float | None:
    """Returns when the next delayed task becomes due; None if there is none."""
    source = _task_by(connection, "task_delayed")
    statement = text(f"SELECT min(not_before) FROM {source} WHERE state = 'ready' AND not_before > :now_s")  # noqa: S608 (constant text)
    return connection.execute(statement, {"now_s": now_s}).scalar()
