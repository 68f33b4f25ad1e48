"""Numbers for metrics: current totals, and what ended since the last scrape."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, TypedDict

from sqlalchemy import Column, Connection, case, func, select

from yeoul.catalog.row import all_rows, first_row
from yeoul.catalog.schema.outgoing import outbox
from yeoul.catalog.schema.pipeline import attempt, run, task, upload
from yeoul.catalog.schema.row.pipeline import AttemptRow
from yeoul.catalog.schema.videos import video


class OpenTasksRow(TypedDict):
    """The number of tasks in one state of one stage, and the slots that they need."""

    state: str
    stage: str
    tasks: int
    cpu: float
    memory_bytes: int | Decimal  # PostgreSQL sums integers to Decimal


class OpenRunsRow(TypedDict):
    """The number of runs in one state."""

    state: str
    runs: int


class _BacklogRow(TypedDict):
    events: int
    oldest: float | None


class ClosedUploadRow(TypedDict):
    """An upload that was closed."""

    id: str
    mode: str
    size_bytes: int


class DelayRow(TypedDict):
    """A video, and the seconds from its first upload until it reached a state; None without an upload."""

    id: str
    delay_s: float | None


def open_tasks(connection: Connection) -> list[OpenTasksRow]:
    """Returns totals of the tasks that have not ended, by state and stage: rows of state, stage, tasks, cpu, memory_bytes."""
    sums = (func.count().label("tasks"), func.sum(task.c.cpu).label("cpu"), func.sum(task.c.memory_bytes).label("memory_bytes"))
    statement = select(task.c.state, task.c.stage, *sums).where(task.c.state.in_(("waiting", "ready", "running")))
    return all_rows(connection, statement.group_by(task.c.state, task.c.stage), OpenTasksRow)


def open_runs(connection: Connection) -> list[OpenRunsRow]:
    """Returns the number of runs that have not ended, by state: rows of state, runs."""
    statement = select(run.c.state, func.count().label("runs")).where(run.c.state.in_(("open", "parked")))
    return all_rows(connection, statement.group_by(run.c.state), OpenRunsRow)


def outbox_backlog(connection: Connection, now_s: float) -> tuple[int, float | None]:
    """Returns (number of due events that are not handled yet, since when the oldest of them is due)."""
    due_since = case((outbox.c.not_before > outbox.c.created_at, outbox.c.not_before), else_=outbox.c.created_at)
    statement = select(func.count().label("events"), func.min(due_since).label("oldest")).where(outbox.c.not_before <= now_s)
    row = first_row(connection, statement, _BacklogRow)
    assert row is not None
    return int(row["events"]), row["oldest"]


def open_uploads(connection: Connection) -> int:
    """Returns the number of uploads that were not closed."""
    return int(connection.execute(select(func.count()).where(upload.c.closed_at.is_(None))).scalar_one())


def ended_attempts(connection: Connection, since_s: float) -> list[AttemptRow]:
    """Returns the attempts that ended after `since_s`."""
    return all_rows(connection, select(attempt).where(attempt.c.ended_at > since_s), AttemptRow)


def closed_uploads(connection: Connection, since_s: float) -> list[ClosedUploadRow]:
    """Returns the uploads that were closed after `since_s`: rows of id, mode, size_bytes."""
    return all_rows(
        connection, select(upload.c.id, upload.c.mode, upload.c.size_bytes).where(upload.c.closed_at > since_s), ClosedUploadRow
    )


def playable_videos(connection: Connection, since_s: float) -> list[DelayRow]:
    """Returns the videos that became playable after `since_s`: rows of id, delay_s. The delay starts when the first upload is opened."""
    return _delays(connection, video.c.playable_at, since_s)


def ready_videos(connection: Connection, since_s: float) -> list[DelayRow]:
    """Returns the videos that became ready after `since_s`: rows of id, delay_s. The delay starts when the first upload is opened."""
    return _delays(connection, video.c.ready_at, since_s)


def _delays(connection: Connection, column: Column[Any], since_s: float) -> list[DelayRow]:
    opened_at = select(func.min(upload.c.created_at)).where(upload.c.video_id == video.c.id).scalar_subquery()
    return all_rows(connection, select(video.c.id, (column - opened_at).label("delay_s")).where(column > since_s), DelayRow)
