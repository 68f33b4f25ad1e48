"""The API view of tasks."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from yeoul.base.clock import rfc3339
from yeoul.catalog.schema.row.pipeline import TaskStateRow


class TaskView(BaseModel):
    """One task of a run. Times are RFC 3339. cpu_s: CPU seconds of all attempts."""

    id: str
    stage: str
    piece: int | None
    rung: str | None
    op: str
    state: str
    attempt: int
    failures: int
    worker: str | None
    progress: float
    cpu_s: float
    error: dict[str, Any] | None
    ready_at: str | None
    started_at: str | None
    ended_at: str | None


def make_task_view(task: TaskStateRow) -> TaskView:
    """Returns the view of a task's row."""
    names = ("id", "stage", "piece", "rung", "op", "state", "attempt", "failures", "worker", "progress", "cpu_s", "error")
    fields: dict[str, Any] = {name: task[name] for name in names}
    return TaskView(
        **fields, ready_at=rfc3339(task["ready_at"]), started_at=rfc3339(task["started_at"]), ended_at=rfc3339(task["ended_at"])
    )
