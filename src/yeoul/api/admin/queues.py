"""The three queues of the resource manager, for admins, and actions on single tasks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Admin
from yeoul.base.clock import rfc3339
from yeoul.base.errors import ConflictError
from yeoul.catalog.account import audit
from yeoul.catalog.queue import outbox, run, worker
from yeoul.catalog.queue import task as queue
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import WorkerRow
from yeoul.model.event import CancelTask
from yeoul.model.work import Slots
from yeoul.pipeline import retry
from yeoul.pipeline.resource.fair_share import FIRST_DUE_AT, make_due_at
from yeoul.pipeline.resource.overload import Level

router = APIRouter(prefix="/admin", tags=["admin"])
_MAX_TASKS = 100
_LAST_DELAY_S = 86400.0
_FAILED_WITHIN_S = 86400.0


class QueuedTask(BaseModel):
    """A task in a queue. Times are RFC 3339. wait_s: since the task was created; not_before: earliest start of the next attempt.

    handle: of the account. dag: path of the run; story: path of the attempts. optional: true if a failure only drops the task's output.
    """

    id: str
    video: str
    account: str
    handle: str
    stage: str
    op: str
    piece: int | None
    rung: str | None
    state: str
    attempt: int
    failures: int
    worker: str | None
    progress: float
    slots: Slots
    wait_s: float
    not_before: str | None
    started_at: str | None
    lease_until: str | None
    error: dict[str, Any] | None
    dag: str
    ended_at: str | None
    optional: bool
    story: str


class TaskQueue(BaseModel):
    """Tasks that have not started: the first ones, and counts. The counts include running tasks."""

    head: list[QueuedTask]
    by_state: dict[str, int]
    by_stage: dict[str, int]
    by_account: dict[str, int]
    oldest_wait_s: float


class WorkerView(BaseModel):
    """A worker as its dispatcher last reported it."""

    id: str
    dispatcher: str
    slots: Slots
    free: Slots
    seen_at: str | None
    quarantined_until: str | None
    reason: str | None


class OverloadView(BaseModel):
    """The current load. level: normal, defer (background tasks are postponed) or park (new videos wait, too)."""

    level: str
    wait_s: float
    parked_runs: int


class QueuesView(BaseModel):
    """The resource manager's three queues, and tasks that failed permanently in runs that are open or ended within the last day."""

    task_queue: TaskQueue
    worker_queue: list[WorkerView]
    running_queue: list[QueuedTask]
    overload: OverloadView
    failed: list[QueuedTask]


class Priority(BaseModel):
    """The new priority. first: before all other tasks; last: after one day; normal: the original place."""

    priority: Literal["first", "normal", "last"]


@router.get("/queues")
def get_queues(parts: PartsDep, _admin: Admin) -> QueuesView:
    """Returns the waiting, running and failed tasks, and the workers with their free slots."""
    now_s = parts.clock.now()
    with parts.database.read() as connection:
        head, running = queue_view.head(connection, _MAX_TASKS), queue_view.running(connection, _MAX_TASKS)
        failed = queue_view.failed(connection, now_s - _FAILED_WITHIN_S, _MAX_TASKS)
        counts, workers, parked = queue_view.count_unfinished(connection), worker.all_workers(connection), run.count_parked(connection)
    return QueuesView(
        task_queue=_task_queue(head, counts, now_s),
        worker_queue=[_worker(row) for row in workers],
        running_queue=[_task(row, now_s) for row in running],
        overload=OverloadView(
            level=Level(max((row["overload"] for row in workers), default=0)).name.lower(),
            wait_s=max((row["wait_s"] for row in workers), default=0.0),
            parked_runs=parked,
        ),
        failed=[_task(row, now_s) for row in failed],
    )


@router.post("/tasks/{task_id}/retry", status_code=202)
def retry_task(task_id: str, parts: PartsDep, admin: Admin) -> None:
    """Retries a failed task, or starts the next attempt of a waiting task immediately."""
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        retry.retry_task(connection, queue.get(connection, task_id), now_s)
        audit.record(connection, admin, "task.retry", task_id, {}, now_s)


@router.post("/tasks/{task_id}/cancel", status_code=202)
def cancel_task(task_id: str, parts: PartsDep, admin: Admin) -> None:
    """Fails a task permanently. If the task is optional, its rung is dropped, else the video fails."""
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        task = queue.get(connection, task_id)
        current_run = run.find(connection, task["run_id"])
        if current_run is None or task["state"] in queue.ENDED:
            raise ConflictError(f"task {task_id} is {task['state']} and cannot be cancelled", state=task["state"])
        outbox.emit(connection, CancelTask(video_id=current_run["video_id"], task_id=task_id, attempt=task["attempt"]), now_s)
        audit.record(connection, admin, "task.cancel", task_id, {"video": current_run["video_id"]}, now_s)


@router.post("/tasks/{task_id}/priority", status_code=202)
def prioritise_task(task_id: str, body: Priority, parts: PartsDep, admin: Admin) -> None:
    """Moves a task that has not started to the front, to the end, or back to its original place."""
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        task = queue.get(connection, task_id)
        normal = make_due_at(task["created_at"], latency_sensitive=task["latency_sensitive"])
        due_at = {"first": FIRST_DUE_AT, "normal": normal, "last": now_s + _LAST_DELAY_S}[body.priority]
        if not queue.set_due_at(connection, task_id, due_at, now_s):
            raise ConflictError(f"task {task_id} is {task['state']} and can no longer be moved", state=task["state"])
        audit.record(connection, admin, "task.priority", task_id, {"priority": body.priority}, now_s)


def _task_queue(head: Sequence[queue_view.QueuedTaskRow], counts: Sequence[queue_view.TaskCountRow], now_s: float) -> TaskQueue:
    totals: dict[str, Counter[str]] = {name: Counter() for name in ("state", "stage", "account_id")}
    for row in counts:
        for name, total in totals.items():
            total[row[name]] += row["tasks"]
    return TaskQueue(
        head=[_task(row, now_s) for row in head],
        by_state=totals["state"],
        by_stage=totals["stage"],
        by_account=totals["account_id"],
        oldest_wait_s=max((now_s - row["oldest_at"] for row in counts if row["state"] == "ready"), default=0.0),
    )


def _task(row: queue_view.QueuedTaskRow, now_s: float) -> QueuedTask:
    names = ("id", "stage", "op", "piece", "rung", "state", "attempt", "failures", "worker", "progress", "error", "optional", "handle")
    dag = f"/api/v1/videos/{row['video_id']}/dag"
    fields: dict[str, Any] = {name: row[name] for name in names}
    return QueuedTask(
        **fields,
        video=row["video_id"],
        account=row["account_id"],
        slots=Slots(cpu=row["cpu"], memory_bytes=row["memory_bytes"], gpu=row["gpu"], tags=tuple(row["tags"])),
        wait_s=max(0.0, now_s - row["created_at"]),
        not_before=rfc3339(row["not_before"] or None),
        started_at=rfc3339(row["started_at"]),
        lease_until=rfc3339(row["lease_until"]),
        ended_at=rfc3339(row["ended_at"]),
        dag=dag,
        story=f"{dag}/tasks/{row['id']}",
    )


def _worker(row: WorkerRow) -> WorkerView:
    return WorkerView(
        id=row["id"],
        dispatcher=row["owner"],
        slots=Slots.model_validate(row["slots"]),
        free=Slots.model_validate(row["free"]),
        seen_at=rfc3339(row["seen_at"]),
        quarantined_until=rfc3339(row["quarantined_until"]),
        reason=row["reason"],
    )
