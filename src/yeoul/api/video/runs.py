"""The run of a video, for its owner: stages, timeline, run log, and the attempts of each task."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Caller, CallerRow, check_edit
from yeoul.api.video.task_view import TaskView, make_task_view
from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import attempt, run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import AttemptRow, RunRow, TaskStateRow
from yeoul.catalog.video import upload, video
from yeoul.pipeline import retry
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.story.dag_drawing import draw_run
from yeoul.pipeline.story.run import export_run_log, read_stage_graph, read_timeline
from yeoul.pipeline.story.run_log import History
from yeoul.pipeline.story.stage_graph import StageGraph
from yeoul.pipeline.story.timeline import Timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline
from yeoul.upload.session import check_alive

router = APIRouter(tags=["videos"])
# A drawing must not run scripts or load anything, even if a browser opens it directly.
_SVG_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


class AttemptView(BaseModel):
    """One attempt. Times are RFC 3339. ready_at: when the task became ready for this attempt.

    outcome: done, failed, lost (with its worker), put_back (released, because there was no room), cancelled; null while it runs.
    reused: the attempt reused the output of another task.
    """

    number: int
    worker: str
    outcome: str | None
    error: dict[str, Any] | None
    ready_at: str | None
    started_at: str | None
    ended_at: str | None
    cpu_s: float
    wall_s: float
    max_rss_bytes: int
    read_bytes: int
    written_bytes: int
    reused: bool


class TaskStory(BaseModel):
    """A task, the ids of the tasks that it needs, and all its attempts in order."""

    task: TaskView
    needs: list[str]
    attempts: list[AttemptView]


class StagesView(BaseModel):
    """The newest run of a video, without its tasks, which are sent as events.

    edition: number of the edition that the run makes; is_shown: true if viewers see this edition.
    """

    run: str
    edition: int
    is_shown: bool
    state: str
    pipeline: str
    graph: StageGraph


@router.get("/videos/{video_id}/dag/stages")
def get_stages(video_id: str, caller: Caller, parts: PartsDep) -> StagesView:
    """Returns the stages of the newest run as a graph."""
    with parts.database.read() as connection:
        current_run = _find_run(connection, video_id, caller)
        is_shown = video.get(connection, video_id)["edition"] == current_run["edition"]
        graph = read_stage_graph(connection, current_run)
    return StagesView(
        run=current_run["id"],
        edition=current_run["edition"],
        is_shown=is_shown,
        state=current_run["state"],
        pipeline=current_run["definition"]["name"],
        graph=graph,
    )


@router.get("/videos/{video_id}/dag/timeline")
def get_timeline(video_id: str, caller: Caller, parts: PartsDep) -> Timeline:
    """Returns the timeline of the newest run: when and where each attempt ran, its resources, and the critical path."""
    with parts.database.read() as connection:
        return read_timeline(connection, _find_run(connection, video_id, caller), parts.clock.now())


@router.get("/videos/{video_id}/dag/timeline.svg", response_class=Response)
def get_timeline_drawing(video_id: str, caller: Caller, parts: PartsDep) -> Response:
    """Returns the timeline as SVG."""
    return _svg(draw_timeline(get_timeline(video_id, caller, parts)))


@router.get("/videos/{video_id}/dag/stages.svg", response_class=Response)
def get_stages_drawing(video_id: str, caller: Caller, parts: PartsDep) -> Response:
    """Returns the stages with their states, times and the critical path, as SVG."""
    with parts.database.read() as connection:
        current_run = _find_run(connection, video_id, caller)
        timeline = read_timeline(connection, current_run, parts.clock.now())
    return _svg(draw_run(Definition.model_validate(current_run["definition"]), timeline))


@router.get("/videos/{video_id}/dag/history")
def get_history(video_id: str, caller: Caller, parts: PartsDep) -> History:
    """Returns the run log: the events and instructions of the scheduler, in order. `yeoul dag replay` replays it."""
    with parts.database.read() as connection:
        return export_run_log(connection, _find_run(connection, video_id, caller))


@router.get("/videos/{video_id}/dag/tasks/{task_id}")
def get_task(video_id: str, task_id: str, caller: Caller, parts: PartsDep) -> TaskStory:
    """Returns a task and all its attempts."""
    with parts.database.read() as connection:
        current_run = _find_run(connection, video_id, caller)
        task = _get_task(connection, video_id, current_run, task_id)
        attempts = attempt.of_task(connection, task_id)
        needs = attempt.needs_of_run(connection, current_run["id"]).get(task_id, [])
    return TaskStory(task=make_task_view(task), needs=needs, attempts=[make_attempt_view(row) for row in attempts])


@router.post("/videos/{video_id}/dag/tasks/{task_id}/retry", status_code=202)
def retry_task(video_id: str, task_id: str, caller: Caller, parts: PartsDep) -> None:
    """Retries a failed task and the rung that was dropped with it, or starts the next attempt of a waiting task immediately."""
    with parts.database.write() as connection:
        current_run = _find_run(connection, video_id, caller)
        task = _get_task(connection, video_id, current_run, task_id)
        check_alive(upload.get(connection, current_run["upload_id"])["state"])
        retry.retry_task(connection, task, parts.clock.now())


def make_attempt_view(row: AttemptRow) -> AttemptView:
    """Returns the view of an attempt's row."""
    names = ("number", "worker", "outcome", "error", "cpu_s", "wall_s", "max_rss_bytes", "read_bytes", "written_bytes", "reused")
    fields: dict[str, Any] = {name: row[name] for name in names}
    return AttemptView(
        **fields, ready_at=rfc3339(row["ready_at"]), started_at=rfc3339(row["started_at"]), ended_at=rfc3339(row["ended_at"])
    )


def _find_run(connection: Connection, video_id: str, caller: CallerRow) -> RunRow:
    check_edit(video.get(connection, video_id), caller)
    current_run = run.find_of_video(connection, video_id)
    if current_run is None:
        raise NotFoundError(f"video {video_id} has no run yet", video=video_id)
    return current_run


def _get_task(connection: Connection, video_id: str, current_run: RunRow, task_id: str) -> TaskStateRow:
    tasks = queue_view.of_run(connection, current_run["id"], [task_id])
    if not tasks:
        raise NotFoundError(f"video {video_id} has no task {task_id}", video=video_id, task=task_id)
    return tasks[0]


def _svg(drawing: str) -> Response:
    return Response(drawing, media_type="image/svg+xml", headers=_SVG_HEADERS)
