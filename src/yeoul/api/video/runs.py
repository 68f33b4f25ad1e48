"""The story of a video's run, for its owner: its stages, the timeline, the history, and each task's attempts, which can be tried again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Caller, check_edit
from yeoul.api.video.task_view import TaskView, make_task_view
from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import attempt, run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import upload, video
from yeoul.pipeline import retry as second_chance
from yeoul.pipeline.dag.definition import Definition
from yeoul.pipeline.story.dag_drawing import draw_run
from yeoul.pipeline.story.history import History
from yeoul.pipeline.story.run import export_history, read_stage_graph, read_timeline
from yeoul.pipeline.story.stage_graph import StageGraph
from yeoul.pipeline.story.timeline import Timeline
from yeoul.pipeline.story.timeline_drawing import draw_timeline
from yeoul.upload.session import check_alive

router = APIRouter(tags=["videos"])
Row = Mapping[str, Any]
# A drawing runs no script and loads nothing, even when it is opened by itself.
_SVG_HEADERS = {"Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'", "Cache-Control": "no-store"}


class AttemptView(BaseModel):
    """One attempt: times are RFC 3339, ready_at is since when the task waited for it.

    outcome: done, failed, lost (with its worker), put_back (there was no room), cancelled; null while it runs.
    reused: another task had made the same before.
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
    """A task, what it needs, and all its attempts in order."""

    task: TaskView
    needs: list[str]
    attempts: list[AttemptView]


class StagesView(BaseModel):
    """The newest run of a video without its tasks, which come as events: what is to be drawn around them.

    edition: counts the runs; is_shown: viewers see what this one makes.
    """

    run: str
    edition: int
    is_shown: bool
    state: str
    pipeline: str
    graph: StageGraph


@router.get("/videos/{video_id}/dag/stages")
def get_stages(video_id: str, caller: Caller, parts: PartsDep) -> StagesView:
    """The stages of the run as a graph."""
    with parts.database.read() as connection:
        current = _find_run(connection, video_id, caller)
        shown = video.get(connection, video_id)["edition"] == current["edition"]
        graph = read_stage_graph(connection, current)
    names = {"run": current["id"], "edition": current["edition"], "state": current["state"], "pipeline": current["definition"]["name"]}
    return StagesView(**names, is_shown=shown, graph=graph)


@router.get("/videos/{video_id}/dag/timeline")
def get_timeline(video_id: str, caller: Caller, parts: PartsDep) -> Timeline:
    """What ran when, on which worker, and what it took; the critical path."""
    with parts.database.read() as connection:
        return read_timeline(connection, _find_run(connection, video_id, caller), parts.clock.now())


@router.get("/videos/{video_id}/dag/timeline.svg", response_class=Response)
def get_timeline_drawing(video_id: str, caller: Caller, parts: PartsDep) -> Response:
    """The timeline as a drawing."""
    return _svg(draw_timeline(get_timeline(video_id, caller, parts)))


@router.get("/videos/{video_id}/dag/stages.svg", response_class=Response)
def get_stages_drawing(video_id: str, caller: Caller, parts: PartsDep) -> Response:
    """The stages with their states, times and the critical path as a drawing."""
    with parts.database.read() as connection:
        current = _find_run(connection, video_id, caller)
        timeline = read_timeline(connection, current, parts.clock.now())
    return _svg(draw_run(Definition.model_validate(current["definition"]), timeline))


@router.get("/videos/{video_id}/dag/history")
def get_history(video_id: str, caller: Caller, parts: PartsDep) -> History:
    """What the scheduler was fed, in order, and what it answered; `yeoul dag replay` does it again."""
    with parts.database.read() as connection:
        return export_history(connection, _find_run(connection, video_id, caller))


@router.get("/videos/{video_id}/dag/tasks/{task_id}")
def get_task(video_id: str, task_id: str, caller: Caller, parts: PartsDep) -> TaskStory:
    """The story of one task."""
    with parts.database.read() as connection:
        current = _find_run(connection, video_id, caller)
        task = _get_task(connection, video_id, current, task_id)
        attempts = attempt.of_task(connection, task_id)
        needs = attempt.needs_of_run(connection, current["id"]).get(task_id, [])
    return TaskStory(task=make_task_view(task), needs=needs, attempts=[make_attempt_view(found) for found in attempts])


@router.post("/videos/{video_id}/dag/tasks/{task_id}/retry", status_code=202)
def retry_task(video_id: str, task_id: str, caller: Caller, parts: PartsDep) -> None:
    """Try a failed task again, with the rung that was dropped for it; or one that waits for its next attempt at once."""
    with parts.database.write() as connection:
        current = _find_run(connection, video_id, caller)
        task = _get_task(connection, video_id, current, task_id)
        check_alive(upload.get(connection, current["upload_id"])["state"])
        second_chance.retry_task(connection, task, parts.clock.now())


def make_attempt_view(found: Row) -> AttemptView:
    """An attempt as the API shows it."""
    names = ("number", "worker", "outcome", "error", "cpu_s", "wall_s", "max_rss_bytes", "read_bytes", "written_bytes", "reused")
    plain: dict[str, Any] = {name: found[name] for name in names}
    return AttemptView(
        **plain, ready_at=rfc3339(found["ready_at"]), started_at=rfc3339(found["started_at"]), ended_at=rfc3339(found["ended_at"])
    )


def _find_run(connection: Connection, video_id: str, caller: Row) -> Row:
    check_edit(video.get(connection, video_id), caller)
    current = run.find_of_video(connection, video_id)
    if current is None:
        raise NotFoundError(f"video {video_id} has no run yet", video=video_id)
    return current


def _get_task(connection: Connection, video_id: str, current: Row, task_id: str) -> Row:
    found = queue_view.of_run(connection, current["id"], [task_id])
    if not found:
        raise NotFoundError(f"video {video_id} has no task {task_id}", video=video_id, task=task_id)
    return found[0]


def _svg(drawing: str) -> Response:
    return Response(drawing, media_type="image/svg+xml", headers=_SVG_HEADERS)
