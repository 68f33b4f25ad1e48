"""The running queue: what the holder of a task may do, under a lease, and what happens to tasks whose lease has ended.

Every change is fenced by (task, attempt, owner): who lost a task can no longer write to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from yeoul.base.errors import WorkerLostError
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.task import release
from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema.work import task
from yeoul.model.work import Result, Usage


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


def finish(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    outputs: Mapping[str, Any],
    cpu_s: float,
    now_s: float,
    usage: Usage | None = None,
    result: Result = Result(),  # noqa: B008 (frozen)
) -> bool:
    """End a running task well and release its successors; False (and nothing done) when the attempt was fenced off.

    result: a key makes the outputs known to `find_results`.
    """
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="done",
            outputs=dict(outputs),
            key=result.key,
            digest=result.digest,
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
    attempts.end(connection, [(task_id, attempt)], "done", now_s, usage=usage, reused=result.reused)
    release(connection, [task_id], now_s)
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
    failed_on: Sequence[str] = (),
    crashed: bool = False,
    usage: Usage | None = None,
) -> bool:
    """Return a running task to the queue with the error of its attempt; `counts` when it uses up a retry.

    failed_on: all workers on which it has failed; crashed: whether the attempt took its process along.
    """
    statement = (
        update(task)
        .where(_mine(task_id, attempt, owner))
        .values(
            state="ready",
            error=dict(error),
            failures=task.c.failures + (1 if counts else 0),
            failed_on=list(failed_on),
            crashes=task.c.crashes + (1 if crashed else 0),
            tries=task.c.tries - (0 if counts else 1),
            not_before=not_before,
            ready_at=max(now_s, not_before),
            owner=None,
            worker=None,
            lease_until=None,
            progress=0.0,
            updated_at=now_s,
        )
    )
    if connection.execute(statement).rowcount != 1:
        return False
    outcome = _outcome(error) if counts else "put_back"
    attempts.end(connection, [(task_id, attempt)], outcome, now_s, error=error, usage=usage)
    return True


def _outcome(error: Mapping[str, Any]) -> str:
    return "lost" if error.get("code") == WorkerLostError.code else "failed"


def fail(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    error: Mapping[str, Any],
    cpu_s: float,
    now_s: float,
    usage: Usage | None = None,
) -> bool:
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
    attempts.end(connection, [(task_id, attempt)], _outcome(error), now_s, error=error, usage=usage)
    if row.optional:
        release(connection, [task_id], now_s)
    return True


def count_crashes(connection: Connection, run_id: str, piece: int) -> int:
    """How often attempts over a piece took their process along."""
    statement = select(func.coalesce(func.sum(task.c.crashes), 0)).where(task.c.run_id == run_id, task.c.piece == piece)
    return int(connection.execute(statement).scalar_one())


def hand_back(connection: Connection, owner: str, now_s: float) -> int:
    """Return all that an owner runs to the queue, as if it had never been tried; how many there were."""
    mine = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    fresh = {"state": "ready", "owner": None, "worker": None, "lease_until": None, "progress": 0.0, "tries": task.c.tries - 1}
    again = update(task).where(task.c.id.in_(mine)).values(**fresh, ready_at=now_s, updated_at=now_s).returning(task.c.id, task.c.attempt)
    rows = all_rows(connection, again)
    attempts.end(connection, [(row["id"], row["attempt"]) for row in rows], "put_back", now_s)
    return len(rows)


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
        .values(state="ready", ready_at=now_s, owner=None, worker=None, lease_until=None, progress=0.0, updated_at=now_s)
        .returning(task.c.id, task.c.attempt)
    )
    taken = all_rows(connection, statement)
    attempts.end(connection, [(row["id"], row["attempt"]) for row in taken], "lost", now_s)
    return taken


def find_hopeless(connection: Connection, now_s: float, max_tries: int, dead_owner_except: str | None = None) -> list[Row]:
    """What `take_back` does not return because it was tried too often: rows of id, run_id, attempt, owner."""
    columns = (task.c.id, task.c.run_id, task.c.attempt, task.c.owner)
    return all_rows(connection, select(*columns).where(_lost(now_s, dead_owner_except), task.c.tries >= max_tries))
