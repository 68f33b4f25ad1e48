"""Lists of tasks for people: the heads of the queues, failed tasks, counts, and the tasks of one run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypedDict

from sqlalchemy import Connection, and_, func, or_, select

from yeoul.catalog.queue.task import READY
from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.pipeline import run, task
from yeoul.catalog.schema.row.pipeline import TaskStateRow

# Columns of a task in lists.
_SHOWN = (
    *(task.c.id, task.c.run_id, run.c.video_id, task.c.account_id, task.c.stage, task.c.op, task.c.piece, task.c.rung, task.c.state),
    *(task.c.attempt, task.c.failures, task.c.worker, task.c.owner, task.c.progress, task.c.due_at, task.c.not_before, task.c.lease_until),
    *(task.c.cpu, task.c.memory_bytes, task.c.gpu, task.c.tags, task.c.created_at, task.c.started_at, task.c.ended_at, task.c.error),
    *(task.c.optional, func.coalesce(account.c.handle, "").label("handle")),
)


_WITH_ACCOUNT = task.join(run, run.c.id == task.c.run_id).outerjoin(account, account.c.id == task.c.account_id)


class QueuedTaskRow(TypedDict):
    """A task in the lists of the queues."""

    id: str
    run_id: str
    video_id: str
    account_id: str
    stage: str
    op: str
    piece: int | None
    rung: str | None
    state: str
    attempt: int
    failures: int
    worker: str | None
    owner: str | None
    progress: float
    due_at: float
    not_before: float
    lease_until: float | None
    cpu: float
    memory_bytes: int
    gpu: float
    tags: list[str]
    created_at: float
    started_at: float | None
    ended_at: float | None
    error: dict[str, Any] | None
    optional: bool
    handle: str


class TaskCountRow(TypedDict):
    """The number of tasks of an account in one state of one stage."""

    state: str
    stage: str
    account_id: str
    tasks: int
    oldest_at: float


def count_unstarted(connection: Connection) -> int:
    """Returns the number of tasks that have not started."""
    return int(connection.execute(select(func.count()).where(task.c.state.in_(("ready", "waiting")))).scalar_one())


def head(connection: Connection, limit: int) -> list[QueuedTaskRow]:
    """Returns the ready tasks that are due first."""
    return all_rows(
        connection, select(*_SHOWN).select_from(_WITH_ACCOUNT).where(READY).order_by(task.c.due_at, task.c.id).limit(limit), QueuedTaskRow
    )


def running(connection: Connection, limit: int) -> list[QueuedTaskRow]:
    """Returns the running tasks, longest running first."""
    statement = select(*_SHOWN).select_from(_WITH_ACCOUNT).where(task.c.state == "running")
    return all_rows(connection, statement.order_by(task.c.started_at, task.c.id).limit(limit), QueuedTaskRow)


def failed(connection: Connection, since: float, limit: int) -> list[QueuedTaskRow]:
    """Returns permanently failed tasks of runs that are open or ended after `since`, newest first, without those of deleted videos."""
    is_recent = or_(run.c.state == "open", and_(run.c.state.in_(("done", "failed")), run.c.ended_at > since))
    statement = select(*_SHOWN).select_from(_WITH_ACCOUNT).where(task.c.state == "failed", is_recent)
    return all_rows(connection, statement.order_by(task.c.ended_at.desc(), task.c.id).limit(limit), QueuedTaskRow)


def count_unfinished(connection: Connection) -> list[TaskCountRow]:
    """Counts the tasks that have not ended: rows of state, stage, account_id, tasks, oldest_at (creation of the oldest)."""
    groups = (task.c.state, task.c.stage, task.c.account_id)
    counts = select(*groups, func.count().label("tasks"), func.min(task.c.created_at).label("oldest_at"))
    return all_rows(connection, counts.where(task.c.state.in_(("waiting", "ready", "running"))).group_by(*groups), TaskCountRow)


def of_run(connection: Connection, run_id: str, ids: Collection[str] | None = None) -> list[TaskStateRow]:
    """Returns the tasks of a run in order of creation, all or those in `ids`, without inputs and outputs."""
    columns = [column for column in task.c if column.name not in ("params", "outputs")]
    statement = select(*columns).where(task.c.run_id == run_id).order_by(task.c.created_at, task.c.id)
    if ids is not None:
        statement = statement.where(task.c.id.in_(list(ids)))
    return all_rows(connection, statement, TaskStateRow)


def stages_with_tasks(connection: Connection, run_id: str, names: Collection[str]) -> list[str]:
    """Returns those of the stages `names` that have tasks in a run."""
    statement = select(task.c.stage).where(task.c.run_id == run_id, task.c.stage.in_(list(names))).distinct()
    return sorted(connection.execute(statement).scalars())


def stamps_of_run(connection: Connection, run_id: str) -> dict[str, tuple[Any, ...]]:
    """Returns a change stamp of each task of a run, by task id. Equal stamps mean that the task has not changed.

    Compare stamps for equality only: tasks are not committed in the order of their `updated_at`.
    """
    columns = (task.c.updated_at, task.c.state, task.c.attempt, task.c.progress)
    return {str(row[0]): tuple(row[1:]) for row in connection.execute(select(task.c.id, *columns).where(task.c.run_id == run_id))}


def count_states(connection: Connection, run_id: str) -> dict[str, int]:
    """Returns the number of tasks of a run in each state."""
    statement = select(task.c.state, func.count()).where(task.c.run_id == run_id).group_by(task.c.state)
    return {str(row[0]): int(row[1]) for row in connection.execute(statement)}
