"""Tasks as people look at them: the heads of the queues, what failed, how many there are, and the tasks of one run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select

from yeoul.catalog.queue.task import READY
from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.work import run, task

# What people look at.
_SHOWN = (
    *(task.c.id, task.c.run_id, run.c.video_id, task.c.account_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state),
    *(task.c.attempt, task.c.failures, task.c.worker, task.c.owner, task.c.progress, task.c.due_at, task.c.not_before, task.c.lease_until),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.created_at, task.c.started_at, task.c.ended_at, task.c.error),
    *(task.c.optional, func.coalesce(account.c.handle, "").label("handle")),
)


_PEOPLE = task.join(run, run.c.id == task.c.run_id).outerjoin(account, account.c.id == task.c.account_id)


def count_open(connection: Connection) -> int:
    """How many tasks are known and have not started."""
    return int(connection.execute(select(func.count()).where(task.c.state.in_(("ready", "waiting")))).scalar_one())


def head(connection: Connection, limit: int) -> list[Row]:
    """The ready tasks that are due first, for people to look at."""
    return all_rows(connection, select(*_SHOWN).select_from(_PEOPLE).where(READY).order_by(task.c.due_at, task.c.id).limit(limit))


def running(connection: Connection, limit: int) -> list[Row]:
    """The running queue: who runs what since when, the oldest first."""
    chosen = select(*_SHOWN).select_from(_PEOPLE).where(task.c.state == "running")
    return all_rows(connection, chosen.order_by(task.c.started_at, task.c.id).limit(limit))


def failed(connection: Connection, since: float, limit: int) -> list[Row]:
    """What has failed for good in runs that are open or ended after `since`, the newest first; deleted videos are left out."""
    lately = or_(run.c.state == "open", and_(run.c.state.in_(("done", "failed")), run.c.ended_at > since))
    chosen = select(*_SHOWN).select_from(_PEOPLE).where(task.c.state == "failed", lately)
    return all_rows(connection, chosen.order_by(task.c.ended_at.desc(), task.c.id).limit(limit))


def census(connection: Connection) -> list[Row]:
    """How many tasks have not ended, by state, stage and account, and when the oldest of each was born."""
    by = (task.c.state, task.c.stage, task.c.account_id)
    counts = select(*by, func.count().label("tasks"), func.min(task.c.created_at).label("oldest_at"))
    return all_rows(connection, counts.where(task.c.state.in_(("waiting", "ready", "running"))).group_by(*by))


def of_run(connection: Connection, run_id: str, ids: Collection[str] | None = None) -> list[Row]:
    """The tasks of a run in order of birth, all or those named. Inputs and outputs are left out."""
    columns = [column for column in task.c if column.name not in ("params", "outputs")]
    statement = select(*columns).where(task.c.run_id == run_id).order_by(task.c.created_at, task.c.id)
    if ids is not None:
        statement = statement.where(task.c.id.in_(list(ids)))
    return all_rows(connection, statement)


def stages_among(connection: Connection, run_id: str, names: Collection[str]) -> list[str]:
    """Which of these stages a run has tasks of."""
    statement = select(task.c.stage).where(task.c.run_id == run_id, task.c.stage.in_(list(names))).distinct()
    return sorted(connection.execute(statement).scalars())


def stamps_of_run(connection: Connection, run_id: str) -> dict[str, tuple[Any, ...]]:
    """What every change of a task changes, by task; equal stamps mean that nobody touched it. To be compared, not ordered:
    tasks are not committed in the order of their `updated_at`.
    """
    columns = (task.c.updated_at, task.c.state, task.c.attempt, task.c.progress)
    return {str(row[0]): tuple(row[1:]) for row in connection.execute(select(task.c.id, *columns).where(task.c.run_id == run_id))}


def count_states(connection: Connection, run_id: str) -> dict[str, int]:
    """How many tasks of a run are in each state."""
    statement = select(task.c.state, func.count()).where(task.c.run_id == run_id).group_by(task.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}
