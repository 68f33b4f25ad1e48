"""Attempts: one row for each time that a task ran. The queue's modules write them in the transaction that changes the task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, case, insert, literal, select, update

from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.pipeline import attempt, edge, task
from yeoul.catalog.schema.row.pipeline import AttemptRow
from yeoul.model.work import Usage


class DoneAttemptRow(TypedDict):
    """A successful attempt, with columns of its task."""

    op: str
    cpu: float
    started_at: float
    ended_at: float


def start_all(connection: Connection, task_ids: Sequence[str], now_s: float) -> None:
    """Inserts the attempts of tasks that were just claimed, from the rows of the tasks."""
    ready_at = case((task.c.ready_at < now_s, task.c.ready_at), else_=now_s)
    zero_usage = Usage().model_dump()
    task_columns = (task.c.id, task.c.attempt, task.c.run_id, task.c.stage, task.c.worker, ready_at, literal(now_s))
    claimed = select(*task_columns, *map(literal, zero_usage.values())).where(task.c.id.in_(task_ids))
    columns = ["task_id", "number", "run_id", "stage", "worker", "ready_at", "started_at", *zero_usage]
    connection.execute(insert(attempt).from_select(columns, claimed))


def end_all(
    connection: Connection,
    ended: Sequence[tuple[str, int]],
    outcome: str,
    now_s: float,
    *,
    error: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
    reused: bool = False,
) -> None:
    """Records how running attempts ended. ended: their (task id, number). Attempts that have ended before do not change."""
    usage_values = {} if usage is None else usage.model_dump()
    values = {"outcome": outcome, "ended_at": now_s, "error": None if error is None else dict(error), "reused": reused, **usage_values}
    for task_id, number in ended:
        running = update(attempt).where(attempt.c.task_id == task_id, attempt.c.number == number, attempt.c.outcome.is_(None))
        connection.execute(running.values(**values))


_SUCCEED = (
    update(attempt)
    .where(attempt.c.task_id == bindparam("of_task"), attempt.c.number == bindparam("at_number"), attempt.c.outcome.is_(None))
    .values(outcome="done", ended_at=bindparam("at"), error=None, **{name: bindparam(name) for name in (*Usage.model_fields, "reused")})
)


def succeed_all(connection: Connection, ended: Sequence[tuple[str, int, Usage, bool]], now_s: float) -> None:
    """Records the success of running attempts. ended: (task id, number, usage, whether the outputs were reused from another task)."""
    rows = [
        {"of_task": task_id, "at_number": number, "at": now_s, "reused": reused, **usage.model_dump()}
        for task_id, number, usage, reused in ended
    ]
    connection.execute(_SUCCEED, rows)


def set_usage(connection: Connection, task_id: str, number: int, usage: Usage) -> None:
    """Records the usage of an attempt that was cancelled or reclaimed before its worker reported."""
    unreported = update(attempt).where(attempt.c.task_id == task_id, attempt.c.number == number, attempt.c.wall_s == 0)
    connection.execute(unreported.values(**usage.model_dump()))


def of_task(connection: Connection, task_id: str) -> list[AttemptRow]:
    """Returns a task's attempts in order."""
    return all_rows(connection, select(attempt).where(attempt.c.task_id == task_id).order_by(attempt.c.number), AttemptRow)


def of_run(connection: Connection, run_id: str) -> list[AttemptRow]:
    """Returns a run's attempts in order of their start."""
    statement = select(attempt).where(attempt.c.run_id == run_id)
    return all_rows(connection, statement.order_by(attempt.c.started_at, attempt.c.task_id, attempt.c.number), AttemptRow)


def recently_done(connection: Connection, limit: int) -> list[DoneAttemptRow]:
    """Returns the latest successful attempts, oldest first: rows of op, cpu (slots), started_at, ended_at."""
    columns = (task.c.op, task.c.cpu, attempt.c.started_at, attempt.c.ended_at)
    statement = select(*columns).join(task, task.c.id == attempt.c.task_id).where(attempt.c.outcome == "done")
    return all_rows(connection, statement.order_by(attempt.c.ended_at.desc(), attempt.c.task_id).limit(limit), DoneAttemptRow)[::-1]


def needs_of_run(connection: Connection, run_id: str) -> dict[str, list[str]]:
    """Returns the ids of the tasks that each task of a run needs, by task id."""
    statement = select(edge.c.task_id, edge.c.needs_id).join(task, task.c.id == edge.c.task_id).where(task.c.run_id == run_id)
    needs: dict[str, list[str]] = {}
    for row in connection.execute(statement.order_by(edge.c.task_id, edge.c.needs_id)):
        needs.setdefault(str(row.task_id), []).append(str(row.needs_id))
    return needs
