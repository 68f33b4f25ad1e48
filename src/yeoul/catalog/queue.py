"""The durable task queue: tasks wait, become ready, run under a lease, and end once.

Every change of a running task is fenced by (task, attempt, owner): who lost a task can no longer write to it.
Order is by `due_at`, a virtual deadline (time of birth, plus a delay for what may wait), so that nothing starves.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from yeoul.catalog.row import Row, all_rows, insert_new
from yeoul.catalog.schema import edge, task

ENDED = ("done", "failed", "cancelled")


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
    optional: bool = False
    needs: tuple[str, ...] = field(default=())


def _open_needs(connection: Connection, needs: Sequence[str]) -> int:
    """How many of the needs have not released yet. They are locked, so that none can end between counting and committing."""
    wanted = select(task.c.id, task.c.state, task.c.optional).where(task.c.id.in_(needs)).order_by(task.c.id)
    rows = connection.execute(wanted.with_for_update(read=True)).all()
    released = sum(1 for row in rows if row.state == "done" or (row.state == "failed" and row.optional))
    return len(set(needs)) - released


def add(connection: Connection, new: NewTask, now_s: float) -> bool:
    """Add a task; one that exists already is left alone. Returns whether it was new. All needs must exist."""
    waiting_on = _open_needs(connection, new.needs) if new.needs else 0
    row = {
        "id": new.id,
        "run_id": new.run_id,
        "stage": new.stage,
        "piece": new.piece,
        "op": new.op,
        "state": "waiting" if waiting_on else "ready",
        "due_at": new.due_at,
        "not_before": 0.0,
        "waiting_on": waiting_on,
        "cpu": new.cpu,
        "memory_bytes": new.memory_bytes,
        "timeout_s": new.timeout_s,
        "optional": new.optional,
        "attempt": 0,
        "tries": 0,
        "failures": 0,
        "params": dict(new.params),
        "progress": 0.0,
        "cpu_s": 0.0,
        "created_at": now_s,
        "updated_at": now_s,
    }
    if not insert_new(connection, task, [row]):
        return False
    insert_new(connection, edge, [{"needs_id": need, "task_id": new.id} for need in new.needs])
    return True


def ready(connection: Connection, now_s: float, limit: int) -> list[Row]:
    """The task queue's head: ready tasks in order of due_at. Rows that another dispatcher is claiming are passed over."""
    statement = (
        select(task)
        .where(task.c.state == "ready", task.c.not_before <= now_s)
        .order_by(task.c.due_at, task.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True, key_share=True)
    )
    return all_rows(connection, statement)


def claim(connection: Connection, task_id: str, owner: str, worker: str, lease_until: float, now_s: float) -> int | None:
    """Move a ready task to running; its new attempt number, or None when it is no longer ready."""
    statement = (
        update(task)
        .where(task.c.id == task_id, task.c.state == "ready")
        .values(
            state="running",
            attempt=task.c.attempt + 1,
            tries=task.c.tries + 1,
            owner=owner,
            worker=worker,
            lease_until=lease_until,
            progress=0.0,
            started_at=now_s,
            updated_at=now_s,
        )
        .returning(task.c.attempt)
    )
    row = connection.execute(statement).first()
    return None if row is None else int(row.attempt)


def _mine(task_id: str, attempt: int, owner: str) -> ColumnElement[bool]:
    return and_(task.c.id == task_id, task.c.attempt == attempt, task.c.owner == owner, task.c.state == "running")


def extend(connection: Connection, owner: str, lease_until: float) -> int:
    """The heartbeat: extend the leases of all running tasks of an owner; how many there were."""
    mine = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    return connection.execute(update(task).where(task.c.id.in_(mine)).values(lease_until=lease_until)).rowcount


def _unlocked(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    """Ids of tasks that nobody is changing: who changes several at once must not wait for others who do."""
    return select(task.c.id).where(condition).with_for_update(skip_locked=True, key_share=True)


def owned(connection: Connection, owner: str) -> set[tuple[str, int]]:
    """(id, attempt) of the running tasks of an owner."""
    statement = select(task.c.id, task.c.attempt).where(task.c.owner == owner, task.c.state == "running")
    return {(str(row.id), int(row.attempt)) for row in connection.execute(statement)}


def note_progress(connection: Connection, task_id: str, attempt: int, owner: str, progress: float, now_s: float) -> None:
    """Write how far an attempt is, 0 to 1."""
    connection.execute(update(task).where(_mine(task_id, attempt, owner)).values(progress=progress, updated_at=now_s))


def _release(connection: Connection, task_id: str, now_s: float) -> None:
    successors = task.c.id.in_(select(edge.c.task_id).where(edge.c.needs_id == task_id))
    connection.execute(update(task).where(successors, task.c.waiting_on > 0).values(waiting_on=task.c.waiting_on - 1))
    freed = update(task).where(successors, task.c.state == "waiting", task.c.waiting_on == 0)
    connection.execute(freed.values(state="ready", updated_at=now_s))


def finish(connection: Connection, task_id: str, attempt: int, owner: str, outputs: Mapping[str, Any], cpu_s: float, now_s: float) -> bool:
    """End a running task well and release its successors; False (and nothing done) when the attempt was fenced off."""
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="done",
            outputs=dict(outputs),
            error=None,
            progress=1.0,
            owner=None,
            lease_until=None,
            cpu_s=task.c.cpu_s + cpu_s,
            ended_at=now_s,
            updated_at=now_s,
        )
    )
    if connection.execute(statement).rowcount != 1:
        return False
    _release(connection, task_id, now_s)
    return True


def put_back(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    error: Mapping[str, Any],
    *,
    not_before: float,
    counts: bool,
    now_s: float,
) -> bool:
    """Return a running task to the queue with the error of its attempt; `counts` when it uses up a retry."""
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="ready",
            error=dict(error),
            failures=task.c.failures + (1 if counts else 0),
            tries=task.c.tries - (0 if counts else 1),
            not_before=not_before,
            owner=None,
            worker=None,
            lease_until=None,
            progress=0.0,
            updated_at=now_s,
        )
    )
    return connection.execute(statement).rowcount == 1


def fail(connection: Connection, task_id: str, attempt: int, owner: str, error: Mapping[str, Any], cpu_s: float, now_s: float) -> bool:
    """End a running task badly, for good. Successors of an optional task are released all the same."""
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="failed",
            error=dict(error),
            failures=task.c.failures + 1,
            owner=None,
            lease_until=None,
            cpu_s=task.c.cpu_s + cpu_s,
            ended_at=now_s,
            updated_at=now_s,
        )
        .returning(task.c.optional)
    )
    row = connection.execute(statement).first()
    if row is None:
        return False
    if row.optional:
        _release(connection, task_id, now_s)
    return True


def hand_back(connection: Connection, owner: str, now_s: float) -> int:
    """Return all that an owner runs to the queue, as if it had never been tried; how many there were."""
    mine = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    fresh = {"state": "ready", "owner": None, "worker": None, "lease_until": None, "progress": 0.0, "tries": task.c.tries - 1}
    return connection.execute(update(task).where(task.c.id.in_(mine)).values(**fresh, updated_at=now_s)).rowcount


def _lost(now_s: float, dead_owner_except: str | None) -> ColumnElement[bool]:
    lost = task.c.lease_until < now_s
    if dead_owner_except is not None:
        lost = or_(lost, task.c.owner != dead_owner_except)
    return and_(task.c.state == "running", lost)


def take_back(connection: Connection, now_s: float, max_tries: int, dead_owner_except: str | None = None) -> list[Row]:
    """Return to the queue what runs under an ended lease, or (when `dead_owner_except` is given) under any other owner.

    A lost lease is a lost attempt, not a failure of the task: a new attempt starts at once, unless there were `max_tries`.
    Returns (id, attempt) rows.
    """
    lost = _unlocked(and_(_lost(now_s, dead_owner_except), task.c.tries < max_tries))
    statement = (
        update(task)
        .where(task.c.id.in_(lost))
        .values(state="ready", owner=None, worker=None, lease_until=None, progress=0.0, updated_at=now_s)
        .returning(task.c.id, task.c.attempt)
    )
    return all_rows(connection, statement)


def find_hopeless(connection: Connection, now_s: float, max_tries: int, dead_owner_except: str | None = None) -> list[Row]:
    """What `take_back` does not return because it was tried too often: rows of id, run_id, attempt, owner."""
    columns = (task.c.id, task.c.run_id, task.c.attempt, task.c.owner)
    return all_rows(connection, select(*columns).where(_lost(now_s, dead_owner_except), task.c.tries >= max_tries))


def cancel_run(connection: Connection, run_id: str, now_s: float) -> list[Row]:
    """Cancel all that has not ended; returns the (id, attempt) of what was running, for the engine to kill."""
    running = all_rows(connection, select(task.c.id, task.c.attempt).where(task.c.run_id == run_id, task.c.state == "running"))
    connection.execute(
        update(task)
        .where(task.c.run_id == run_id, task.c.state.not_in(ENDED))
        .values(state="cancelled", owner=None, lease_until=None, ended_at=now_s, updated_at=now_s)
    )
    return running


def retry_run(connection: Connection, run_id: str, now_s: float) -> int:
    """Make the failed and cancelled tasks of a run runnable again with fresh retries; how many there were.

    Optional tasks that failed stay failed: what they stood for was dropped, and half of it must not come back.
    """
    again = or_(task.c.state == "cancelled", and_(task.c.state == "failed", task.c.optional.is_(False)))
    ids = [row.id for row in connection.execute(select(task.c.id).where(task.c.run_id == run_id, again))]
    for task_id in ids:
        needs = [row.needs_id for row in connection.execute(select(edge.c.needs_id).where(edge.c.task_id == task_id))]
        waiting_on = _open_needs(connection, needs) if needs else 0
        state = "waiting" if waiting_on else "ready"
        values = {"state": state, "waiting_on": waiting_on, "tries": 0, "failures": 0, "not_before": 0.0, "error": None, "ended_at": None}
        connection.execute(update(task).where(task.c.id == task_id).values(**values, updated_at=now_s))
    return len(ids)


def of_run(connection: Connection, run_id: str, ids: Collection[str] | None = None) -> list[Row]:
    """The tasks of a run in order of birth, all or those named. Inputs and outputs are left out."""
    columns = [column for column in task.c if column.name not in ("params", "outputs")]
    statement = select(*columns).where(task.c.run_id == run_id).order_by(task.c.created_at, task.c.id)
    if ids is not None:
        statement = statement.where(task.c.id.in_(list(ids)))
    return all_rows(connection, statement)


def stamps_of_run(connection: Connection, run_id: str) -> dict[str, tuple[Any, ...]]:
    """What every change of a task changes, by task; equal stamps mean that nobody touched it. To be compared, not ordered:
    tasks are not committed in the order of their `updated_at`.
    """
    columns = (task.c.updated_at, task.c.state, task.c.attempt, task.c.progress)
    return {str(row[0]): tuple(row[1:]) for row in connection.execute(select(task.c.id, *columns).where(task.c.run_id == run_id))}


def outputs_of(connection: Connection, task_id: str) -> list[Row]:
    """What the needs of a task made: rows of stage, piece, state, outputs, in order of piece."""
    statement = (
        select(task.c.stage, task.c.piece, task.c.state, task.c.outputs)
        .join(edge, edge.c.needs_id == task.c.id)
        .where(edge.c.task_id == task_id)
        .order_by(task.c.stage, task.c.piece)
    )
    return all_rows(connection, statement)


def count_states(connection: Connection, run_id: str) -> dict[str, int]:
    """How many tasks of a run are in each state."""
    statement = select(task.c.state, func.count()).where(task.c.run_id == run_id).group_by(task.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}


def next_ready_at(connection: Connection, now_s: float) -> float | None:
    """When the next delayed task comes due, None when there is none."""
    statement = select(func.min(task.c.not_before)).where(task.c.state == "ready", task.c.not_before > now_s)
    return connection.execute(statement).scalar()
