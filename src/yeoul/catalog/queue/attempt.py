"""Attempts: the story of each task, one row for each time it ran. `queue.py` writes them with the change of the task itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, case, insert, literal, select, update

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema.work import attempt, edge, task
from yeoul.model.work import Usage


def begin(connection: Connection, task_ids: Sequence[str], now_s: float) -> None:
    """Claimed tasks start, as their rows say."""
    since = case((task.c.ready_at < now_s, task.c.ready_at), else_=now_s)
    unused = Usage().model_dump()
    named = (task.c.id, task.c.attempt, task.c.run_id, task.c.stage, task.c.worker, since, literal(now_s))
    begun = select(*named, *map(literal, unused.values())).where(task.c.id.in_(task_ids))
    columns = ["task_id", "number", "run_id", "stage", "worker", "ready_at", "started_at", *unused]
    connection.execute(insert(attempt).from_select(columns, begun))


def end(
    connection: Connection,
    ended: Sequence[tuple[str, int]],
    outcome: str,
    now_s: float,
    *,
    error: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
    reused: bool = False,
) -> None:
    """Say how running attempts, by (task, number), ended; those that have ended keep their first end."""
    used = {} if usage is None else usage.model_dump()
    values = {"outcome": outcome, "ended_at": now_s, "error": None if error is None else dict(error), "reused": reused, **used}
    for task_id, number in ended:
        running = update(attempt).where(attempt.c.task_id == task_id, attempt.c.number == number, attempt.c.outcome.is_(None))
        connection.execute(running.values(**values))


_END_WELL = (
    update(attempt)
    .where(attempt.c.task_id == bindparam("of_task"), attempt.c.number == bindparam("at_number"), attempt.c.outcome.is_(None))
    .values(outcome="done", ended_at=bindparam("at"), error=None, **{name: bindparam(name) for name in (*Usage.model_fields, "reused")})
)


def end_well(connection: Connection, ended: Sequence[tuple[str, int, Usage, bool]], now_s: float) -> None:
    """Say that running attempts, by (task, number), went well, what each has used, and whether it reused what another had made."""
    rows = [
        {"of_task": task_id, "at_number": number, "at": now_s, "reused": reused, **usage.model_dump()}
        for task_id, number, usage, reused in ended
    ]
    connection.execute(_END_WELL, rows)


def note_usage(connection: Connection, task_id: str, number: int, usage: Usage) -> None:
    """Say what an attempt used that had ended before its worker knew: cancelled, or taken back."""
    unknown = update(attempt).where(attempt.c.task_id == task_id, attempt.c.number == number, attempt.c.wall_s == 0)
    connection.execute(unknown.values(**usage.model_dump()))


def of_task(connection: Connection, task_id: str) -> list[Row]:
    """A task's attempts in order."""
    return all_rows(connection, select(attempt).where(attempt.c.task_id == task_id).order_by(attempt.c.number))


def of_run(connection: Connection, run_id: str) -> list[Row]:
    """A run's attempts in order of their start."""
    statement = select(attempt).where(attempt.c.run_id == run_id)
    return all_rows(connection, statement.order_by(attempt.c.started_at, attempt.c.task_id, attempt.c.number))


def done_lately(connection: Connection, limit: int) -> list[Row]:
    """The last attempts that ended well, the oldest first: rows of op, cpu (slots), started_at, ended_at."""
    columns = (task.c.op, task.c.cpu, attempt.c.started_at, attempt.c.ended_at)
    statement = select(*columns).join(task, task.c.id == attempt.c.task_id).where(attempt.c.outcome == "done")
    return all_rows(connection, statement.order_by(attempt.c.ended_at.desc(), attempt.c.task_id).limit(limit))[::-1]


def needs_of_run(connection: Connection, run_id: str) -> dict[str, list[str]]:
    """Ids of the tasks that each task of a run needs."""
    statement = select(edge.c.task_id, edge.c.needs_id).join(task, task.c.id == edge.c.task_id).where(task.c.run_id == run_id)
    found: dict[str, list[str]] = {}
    for row in connection.execute(statement.order_by(edge.c.task_id, edge.c.needs_id)):
        found.setdefault(str(row.task_id), []).append(str(row.needs_id))
    return found
