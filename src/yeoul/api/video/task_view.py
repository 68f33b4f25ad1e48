"""Tasks as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from yeoul.base.clock import rfc3339

Row = Mapping[str, Any]


class TaskView(BaseModel):
    """One task of a run: times are RFC 3339, cpu_s is CPU seconds over all attempts."""

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


def make_task_view(task: Row) -> TaskView:
    """A task as the API shows it."""
    names = ("id", "stage", "piece", "rung", "op", "state", "attempt", "failures", "worker", "progress", "cpu_s", "error")
    plain: dict[str, Any] = {name: task[name] for name in names}
    return TaskView(**plain, ready_at=rfc3339(task["ready_at"]), started_at=rfc3339(task["started_at"]), ended_at=rfc3339(task["ended_at"]))
