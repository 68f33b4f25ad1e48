"""The running queue: changes by the dispatcher that holds a task's lease, and reclaiming of tasks whose lease has expired.

Every change is fenced by (task, attempt, owner): a dispatcher that has lost a task can no longer write to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, update

from yeoul.base.errors import WorkerLostError
from yeoul.catalog.queue import attempt as attempts
from yeoul.catalog.queue.task import TaskAttemptRow, unblock_successors
from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.pipeline import task
from yeoul.model.work import Result, Usage


class ExhaustedTaskRow(TypedDict):
    """A lost task that is not to be attempted again."""

    id: str
    run_id: str
    attempt: int
    owner: str


def _is_held_by(task_id: str, attempt: int, owner: str) -> ColumnElement[bool]:
    return and_(task.c.id == task_id, task.c.attempt == attempt, task.c.owner == owner, task.c.state == "running")


def extend(connection: Connection, owner: str, lease_until: float) -> int:
    """Extends the leases of all running tasks of an owner (heartbeat), and returns how many there are."""
    task_ids = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    return connection.execute(update(task).where(task.c.id.in_(task_ids)).values(lease_until=lease_until)).rowcount


def _unlocked(condition: ColumnElement[bool]) -> Select[tuple[str]]:
    """Selects the ids of tasks that no other transaction is changing, so that bulk changes do not wait for each other."""
    return select(task.c.id).where(condition).with_for_update(skip_locked=True, key_share=True)


def running_attempts(connection: Connection, owner: str) -> set[tuple[str, int]]:
    """Returns (id, attempt) of the running tasks of an owner."""
    statement = select(task.c.id, task.c.attempt).where(task.c.owner == owner, task.c.state == "running")
    return {(str(row.id), int(row.attempt)) for row in connection.execute(statement)}


def set_progress(connection: Connection, task_id: str, attempt: int, owner: str, progress: float, now_s: float) -> None:
    """Records the progress of an attempt, 0 to 1."""
    connection.execute(update(task).where(_is_held_by(task_id, attempt, owner)).values(progress=progress, updated_at=now_s))


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
    """Ends a running task as done and unblocks its successors; False, without any change, if the attempt was fenced off.

    result: if it has a key, `find_results` finds the outputs by it.
    """
    statement = (
        update(task)
        .where(_is_held_by(task_id, attempt, owner))
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
    attempts.end_all(connection, [(task_id, attempt)], "done", now_s, usage=usage, reused=result.reused)
    unblock_successors(connection, [task_id], now_s)
    return True


def retry_later(
    connection: Connection,
    task_id: str,
    attempt: int,
    owner: str,
    error: Mapping[str, Any],
    *,
    not_before: float,
    uses_retry: bool,
    now_s: float,
    failed_on: Sequence[str] = (),
    crashed: bool = False,
    usage: Usage | None = None,
) -> bool:
    """Returns a running task to the queue with the error of its attempt; False if the attempt was fenced off.

    uses_retry: whether this uses up a retry. failed_on: all workers on which the task failed. crashed: whether the attempt crashed its
    process.
    """
    statement = (
        update(task)
        .where(_is_held_by(task_id, attempt, owner))
        .values(
            state="ready",
            error=dict(error),
            failures=task.c.failures + (1 if uses_retry else 0),
            failed_on=list(failed_on),
            crashes=task.c.crashes + (1 if crashed else 0),
            tries=task.c.tries - (0 if uses_retry else 1),
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
    outcome = _outcome(error) if uses_retry else "put_back"
    attempts.end_all(connection, [(task_id, attempt)], outcome, now_s, error=error, usage=usage)
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
    """Fails a running task permanently; False if the attempt was fenced off. Unblocks the successors of an optional task."""
    statement = (
        update(task)
        .where(_is_held_by(task_id, attempt, owner))
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
    attempts.end_all(connection, [(task_id, attempt)], _outcome(error), now_s, error=error, usage=usage)
    if row.optional:
        unblock_successors(connection, [task_id], now_s)
    return True


def count_crashes(connection: Connection, run_id: str, piece: int) -> int:
    """Returns how many attempts over a piece crashed their process."""
    statement = select(func.coalesce(func.sum(task.c.crashes), 0)).where(task.c.run_id == run_id, task.c.piece == piece)
    return int(connection.execute(statement).scalar_one())


def release_all(connection: Connection, owner: str, now_s: float) -> int:
    """Releases all running tasks of an owner to the queue, without counting their attempts; returns how many there were."""
    task_ids = _unlocked(and_(task.c.owner == owner, task.c.state == "running"))
    reset_values = {"state": "ready", "owner": None, "worker": None, "lease_until": None, "progress": 0.0, "tries": task.c.tries - 1}
    statement = update(task).where(task.c.id.in_(task_ids)).values(**reset_values, ready_at=now_s, updated_at=now_s)
    rows = all_rows(connection, statement.returning(task.c.id, task.c.attempt), TaskAttemptRow)
    attempts.end_all(connection, [(row["id"], row["attempt"]) for row in rows], "put_back", now_s)
    return len(rows)


def _is_lost(now_s: float, only_live_owner: str | None) -> ColumnElement[bool]:
    is_abandoned = task.c.lease_until < now_s
    if only_live_owner is not None:
        is_abandoned = or_(is_abandoned, task.c.owner != only_live_owner)
    return and_(task.c.state == "running", is_abandoned)


def reclaim_expired(connection: Connection, now_s: float, max_tries: int, only_live_owner: str | None = None) -> list[TaskAttemptRow]:
    """Reclaims running tasks whose lease has expired, or (if `only_live_owner` is given) that belong to any other owner.

    A lost lease is a lost attempt, not a failure of the task: the task is ready again at once, unless it had `max_tries` attempts.
    Returns rows of id, attempt.
    """
    lost_ids = _unlocked(and_(_is_lost(now_s, only_live_owner), task.c.tries < max_tries))
    statement = (
        update(task)
        .where(task.c.id.in_(lost_ids))
        .values(state="ready", ready_at=now_s, owner=None, worker=None, lease_until=None, progress=0.0, updated_at=now_s)
        .returning(task.c.id, task.c.attempt)
    )
    rows = all_rows(connection, statement, TaskAttemptRow)
    attempts.end_all(connection, [(row["id"], row["attempt"]) for row in rows], "lost", now_s)
    return rows


def find_exhausted(connection: Connection, now_s: float, max_tries: int, only_live_owner: str | None = None) -> list[ExhaustedTaskRow]:
    """Returns the tasks that `reclaim_expired` skips because they had `max_tries` attempts: rows of id, run_id, attempt, owner."""
    columns = (task.c.id, task.c.run_id, task.c.attempt, task.c.owner)
    return all_rows(connection, select(*columns).where(_is_lost(now_s, only_live_owner), task.c.tries >= max_tries), ExhaustedTaskRow)
