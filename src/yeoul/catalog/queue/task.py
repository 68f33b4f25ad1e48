"""The durable task queue: tasks wait, become ready, run under a lease (`lease.py`), and end once.

Each account has its own lane, in the order of `due_at`, a virtual deadline (time of birth, plus a delay for what may wait).
Between lanes decides `pipeline/resource/fair_share.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Float, and_, bindparam, case, func, or_, select, text, update

from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.due import is_due
from yeoul.catalog.row import Row, all_rows, in_chunks, insert_new
from yeoul.catalog.schema.work import edge, task
from yeoul.model.work import Slots

_QUOTA_LOCK = 0x71756F74  # any number of our own
ENDED = ("done", "failed", "cancelled")
# As words, not as parameters: SQLite takes a partial index only when the query repeats its condition.
READY = text("task.state = 'ready'")
_URGENT = text("task.state = 'ready' AND task.latency_sensitive")
# What placing looks at. Inputs are read of what is placed only.
_LIGHT = (
    *(task.c.id, task.c.run_id, task.c.account_id, task.c.op, task.c.piece, task.c.due_at, task.c.latency_sensitive),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.not_before, task.c.failures, task.c.failed_on),
)


@dataclass(frozen=True)
class NewTask:
    """A task to add. needs: ids of tasks that must have ended well (or, when optional, have ended) before."""

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


def is_released(row: Any) -> bool:
    """Whether what needs a task (its state and whether it is optional) waits for it no longer."""
    return row.state == "done" or (row.state == "failed" and row.optional)


def _open_needs(connection: Connection, needs: Sequence[str]) -> int:
    """How many of the needs have not released yet. They are locked, so that none can end between counting and committing."""
    wanted = select(task.c.id, task.c.state, task.c.optional).where(task.c.id.in_(needs)).order_by(task.c.id)
    rows = connection.execute(wanted.with_for_update(read=True)).all()
    return len(set(needs)) - sum(map(is_released, rows))


def make_values(new: NewTask, waiting_on: int, now_s: float) -> dict[str, Any]:
    """The row of a new task that waits for so many of its needs."""
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
    """Add a task; one that exists already is left alone. Returns whether it was new. All needs must exist."""
    waiting_on = _open_needs(connection, new.needs) if new.needs else 0
    if not insert_new(connection, task, [make_values(new, waiting_on, now_s)]):
        return False
    insert_new(connection, edge, [{"needs_id": need, "task_id": new.id} for need in new.needs])
    return True


def ready(connection: Connection, now_s: float, limit: int) -> list[Row]:
    """The earliest ready tasks over all lanes. Rows that another dispatcher is claiming are passed over."""
    return _heads(connection, READY, now_s, limit)


def lane(connection: Connection, account_id: str, now_s: float, limit: int, wants: Sequence[str], *, urgent: bool = False) -> list[Row]:
    """The head of an account's lane, of what has one of `wants` (`Slots.serves`); urgent: only what people wait for.

    Rows that another dispatcher is claiming are passed over.
    """
    condition = and_(_URGENT if urgent else READY, task.c.account_id == account_id, task.c.wants.in_(wants))
    return _heads(connection, condition, now_s, limit)


def _heads(connection: Connection, condition: Any, now_s: float, limit: int) -> list[Row]:
    statement = (
        select(*_LIGHT)
        .where(condition, is_due(task.c.not_before, now_s))
        .order_by(task.c.due_at, task.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return all_rows(connection, statement)


# One step into an index for each account, however many tasks it has.
_LANES = """
WITH RECURSIVE lane(id) AS (
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > :after)
    UNION ALL
    SELECT (SELECT min(account_id) FROM {lanes} WHERE state = 'ready' AND account_id > lane.id) FROM lane WHERE lane.id IS NOT NULL
)
SELECT id FROM lane WHERE id IS NOT NULL LIMIT :limit
"""


def _task_by(connection: Connection, index: str) -> str:
    """The table, read by this index: SQLite would take that of the state, and read all that is ready."""
    return f"task INDEXED BY {index}" if connection.dialect.name == "sqlite" else "task"


def lanes(connection: Connection, after: str, limit: int) -> list[str]:
    """Accounts that have ready tasks, in order of id, the first ones after `after`."""
    statement = text(_LANES.format(lanes=_task_by(connection, "task_lane")))
    return [str(row.id) for row in connection.execute(statement, {"after": after, "limit": limit})]


def running_cpu(connection: Connection) -> dict[str, float]:
    """CPU slots that each account's tasks have now. Whoever asks starts nothing at the same time as others who ask."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _QUOTA_LOCK})
    statement = select(task.c.account_id, func.sum(task.c.cpu)).where(task.c.state == "running").group_by(task.c.account_id)
    return {str(row[0]): float(row[1]) for row in connection.execute(statement)}


_AT = bindparam("at", type_=Float())
_LEFT = case((task.c.waiting_on > bindparam("ended"), task.c.waiting_on - bindparam("ended")), else_=0)
_FREED = (task.c.state == "waiting") & (_LEFT == 0)
_RELEASE = (
    update(task)
    .where(task.c.id == bindparam("of_task"), task.c.waiting_on > 0)
    .values(
        waiting_on=_LEFT,
        state=case((_FREED, "ready"), else_=task.c.state),
        ready_at=case((_FREED, _AT), else_=task.c.ready_at),
        updated_at=case((_FREED, _AT), else_=task.c.updated_at),
    )
)


def release(connection: Connection, ended: Collection[str], now_s: float) -> None:
    """Let successors wait for these tasks no longer; those that wait for nothing more are ready."""
    counts: dict[str, int] = {}
    for ids in in_chunks(ended):
        successors = select(edge.c.task_id, func.count()).where(edge.c.needs_id.in_(ids)).group_by(edge.c.task_id)
        for task_id, count in connection.execute(successors):
            counts[task_id] = counts.get(task_id, 0) + count
    if counts:
        connection.execute(_RELEASE, [{"of_task": task_id, "ended": counts[task_id], "at": now_s} for task_id in sorted(counts)])


def fail_unended(connection: Connection, task_id: str, error: Mapping[str, Any], now_s: float) -> bool:
    """End a task badly that waits, is ready or runs, whoever runs it; False when it has ended."""
    values = {"state": "failed", "error": dict(error), "owner": None, "lease_until": None, "ended_at": now_s, "updated_at": now_s}
    statement = update(task).where(task.c.id == task_id, task.c.state.not_in(ENDED)).values(**values)
    row = connection.execute(statement.returning(task.c.optional, task.c.attempt)).first()
    if row is None:
        return False
    attempts.end(connection, [(task_id, row.attempt)], "cancelled", now_s, error=error)
    if row.optional:
        release(connection, [task_id], now_s)
    return True


def cancel_run(connection: Connection, run_id: str, now_s: float) -> list[Row]:
    """Cancel all that has not ended; returns the (id, attempt) of what was running, for the engine to kill."""
    running = all_rows(connection, select(task.c.id, task.c.attempt).where(task.c.run_id == run_id, task.c.state == "running"))
    connection.execute(
        update(task)
        .where(task.c.run_id == run_id, task.c.state.not_in(ENDED))
        .values(state="cancelled", owner=None, lease_until=None, ended_at=now_s, updated_at=now_s)
    )
    attempts.end(connection, [(row["id"], row["attempt"]) for row in running], "cancelled", now_s)
    return running


def retry_run(connection: Connection, run_id: str, now_s: float) -> int:
    """Make the failed and cancelled tasks of a run runnable again with fresh retries; how many there were.

    Optional tasks that failed stay failed: what they stood for was dropped, and half of it must not come back.
    """
    again = or_(task.c.state == "cancelled", and_(task.c.state == "failed", task.c.optional.is_(False)))
    ids = [row.id for row in connection.execute(select(task.c.id).where(task.c.run_id == run_id, again))]
    reset(connection, ids, now_s)
    return len(ids)


def reset(connection: Connection, ids: Sequence[str], now_s: float) -> None:
    """Make ended tasks runnable again, as if they had never run; what needs them and has not started waits for them again."""
    for task_id in ids:
        released = select(task.c.id).where(
            task.c.id == task_id, or_(task.c.state == "done", and_(task.c.state == "failed", task.c.optional))
        )
        if connection.execute(released).first() is not None:
            successors = and_(
                task.c.id.in_(select(edge.c.task_id).where(edge.c.needs_id == task_id)), task.c.state.in_(("waiting", "ready"))
            )
            connection.execute(update(task).where(successors).values(state="waiting", ready_at=None, waiting_on=task.c.waiting_on + 1))
        needs = [row.needs_id for row in connection.execute(select(edge.c.needs_id).where(edge.c.task_id == task_id))]
        waiting_on = _open_needs(connection, needs) if needs else 0
        state = "waiting" if waiting_on else "ready"
        fresh: dict[str, Any] = {
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
        values: dict[str, Any] = {"state": state, "waiting_on": waiting_on, **fresh}
        since = None if waiting_on else now_s
        connection.execute(update(task).where(task.c.id == task_id).values(**values, ready_at=since, updated_at=now_s))


def hurry(connection: Connection, task_id: str, now_s: float) -> bool:
    """Let a ready task that was put off start now; False when it is not ready."""
    statement = update(task).where(task.c.id == task_id, READY).values(not_before=0.0, updated_at=now_s)
    return connection.execute(statement).rowcount == 1


def move_in_lane(connection: Connection, task_id: str, due_at: float, now_s: float) -> bool:
    """Give a task that has not started another virtual deadline; False when it has started."""
    unstarted = task.c.state.in_(("ready", "waiting"))
    return connection.execute(update(task).where(task.c.id == task_id, unstarted).values(due_at=due_at, updated_at=now_s)).rowcount == 1


def next_ready_at(connection: Connection, now_s: float) -> float | None:
    """When the next delayed task comes due, None when there is none."""
    source = _task_by(connection, "task_delayed")
    statement = text(f"SELECT min(not_before) FROM {source} WHERE state = 'ready' AND not_before > :now_s")  # noqa: S608 (our own words)
    return connection.execute(statement, {"now_s": now_s}).scalar()
