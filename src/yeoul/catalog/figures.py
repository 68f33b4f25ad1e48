"""What the rows say in numbers, for metrics: how things stand now, and what has ended since the last look."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, case, func, select

from yeoul.catalog.row import Row, all_rows, first_row
from yeoul.catalog.schema.outgoing import outbox
from yeoul.catalog.schema.videos import video
from yeoul.catalog.schema.work import attempt, run, task, upload


def open_tasks(connection: Connection) -> list[Row]:
    """Tasks that have not ended, by state and stage: rows of state, stage, tasks, cpu, memory_bytes."""
    sums = (func.count().label("tasks"), func.sum(task.c.cpu).label("cpu"), func.sum(task.c.memory_bytes).label("memory_bytes"))
    statement = select(task.c.state, task.c.stage, *sums).where(task.c.state.in_(("waiting", "ready", "running")))
    return all_rows(connection, statement.group_by(task.c.state, task.c.stage))


def open_runs(connection: Connection) -> list[Row]:
    """Runs that have not ended: rows of state, runs."""
    statement = select(run.c.state, func.count().label("runs")).where(run.c.state.in_(("open", "parked")))
    return all_rows(connection, statement.group_by(run.c.state))


def outbox_backlog(connection: Connection, now_s: float) -> tuple[int, float | None]:
    """(events that are due and that nobody has handled, since when the oldest is due)."""
    since = case((outbox.c.not_before > outbox.c.created_at, outbox.c.not_before), else_=outbox.c.created_at)
    statement = select(func.count().label("events"), func.min(since).label("oldest")).where(outbox.c.not_before <= now_s)
    row = first_row(connection, statement)
    assert row is not None
    return int(row["events"]), row["oldest"]


def open_uploads(connection: Connection) -> int:
    """Uploads whose end is not known."""
    return int(connection.execute(select(func.count()).where(upload.c.closed_at.is_(None))).scalar_one())


def ended_attempts(connection: Connection, since_s: float) -> list[Row]:
    """Attempts that ended after a time."""
    return all_rows(connection, select(attempt).where(attempt.c.ended_at > since_s))


def closed_uploads(connection: Connection, since_s: float) -> list[Row]:
    """Uploads that were closed after a time: rows of id, mode, size_bytes."""
    return all_rows(connection, select(upload.c.id, upload.c.mode, upload.c.size_bytes).where(upload.c.closed_at > since_s))


def playable_videos(connection: Connection, since_s: float) -> list[Row]:
    """Videos that became playable after a time: rows of id, delay_s from the opening of the upload."""
    return _delays(connection, video.c.playable_at, since_s)


def ready_videos(connection: Connection, since_s: float) -> list[Row]:
    """Videos that became ready after a time: rows of id, delay_s from the opening of the upload."""
    return _delays(connection, video.c.ready_at, since_s)


def _delays(connection: Connection, column: Column[Any], since_s: float) -> list[Row]:
    begun = select(func.min(upload.c.created_at)).where(upload.c.video_id == video.c.id).scalar_subquery()
    return all_rows(connection, select(video.c.id, (column - begun).label("delay_s")).where(column > since_s))
