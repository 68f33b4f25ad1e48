"""Videos: create, read, change, delete, list, retry and reprocess, and the DAG of their run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Connection

from yeoul.api.deps import PartsDep, read_settings
from yeoul.api.idempotency import IdempotencyKey, find_response, store_response
from yeoul.api.identity import (
    Caller,
    CallerRow,
    Maker,
    can_see,
    check_change_visibility,
    check_confirmed,
    check_edit,
    check_hide,
    find_caller,
    find_trashed,
)
from yeoul.api.page import PageSize, next_cursor, read_cursor, read_text_cursor
from yeoul.api.pipeline_choice import choose_pipeline
from yeoul.api.response_cache import NOT_MODIFIED
from yeoul.api.video.task_view import TaskView, make_task_view
from yeoul.api.video_page import VideoPage
from yeoul.api.view import VideoView, make_video_view, read_video_view, show_video
from yeoul.base.errors import NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import audit
from yeoul.catalog.queue import run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import trash, upload, video
from yeoul.model.video import VideoState, Visibility, effective_visibility
from yeoul.pipeline import reprocess, retry
from yeoul.upload.service import NO_NUL
from yeoul.upload.session import check_alive

router = APIRouter(tags=["videos"])


Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL, strip_whitespace=True)]


TitlePart = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]

Forever = Annotated[bool, Query(description="Delete the video permanently instead of moving it to the trash.")]


class NewVideo(BaseModel):
    """A new video. pipeline: name of a DAG definition; null means the account's default."""

    title: str = Field(default="", max_length=200, pattern=NO_NUL)
    description: str = Field(default="", max_length=10_000, pattern=NO_NUL)
    visibility: Visibility = Visibility.PRIVATE
    tags: list[Tag] = Field(default_factory=list[Tag], max_length=20)
    pipeline: str | None = Field(default=None, max_length=40)


class VideoChange(BaseModel):
    """Fields to change. Omitted fields stay as they are. hidden: moderators can hide a video from public view."""

    title: str | None = Field(default=None, max_length=200, pattern=NO_NUL)
    description: str | None = Field(default=None, max_length=10_000, pattern=NO_NUL)
    visibility: Visibility | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    hidden: bool | None = None


class RetryRequest(BaseModel):
    """The tasks to retry: the failed ones of a piece, those of a dropped rung, or all failed ones if both fields are null."""

    piece: int | None = Field(default=None, ge=0)
    rung: str | None = Field(default=None, max_length=40)


class ProcessRequest(BaseModel):
    """A request to reprocess a video. pipeline: null means the pipeline that the video has."""

    pipeline: str | None = Field(default=None, max_length=40)


class DagView(BaseModel):
    """The newest run of a video: its definition and its current tasks.

    edition: number of the edition that the run makes; is_shown: true if viewers see this edition.
    """

    edition: int
    is_shown: bool
    state: str
    definition: dict[str, Any]
    tasks: list[TaskView]


@router.post("/videos", status_code=201)
def post_video(body: NewVideo, caller: Maker, parts: PartsDep, key: IdempotencyKey = None) -> VideoView:
    """Creates a video. Its source follows as an upload, and its metadata can be changed meanwhile."""
    pipeline = choose_pipeline(parts, body.pipeline, caller)
    now_s = parts.clock.now()
    request = "POST videos " + body.model_dump_json()
    with parts.database.write() as connection:
        if key is not None:
            stored = find_response(connection, caller["id"], key, request, now_s)
            if stored is not None:
                return VideoView.model_validate_json(stored)
        video_id = new_id(now_s)
        video.add(connection, {"id": video_id, "owner_id": caller["id"], **body.model_dump(mode="json"), "pipeline": pipeline}, now_s)
        view = make_video_view(parts, video.get(connection, video_id), (), (), ())
        if key is not None:
            store_response(connection, caller["id"], key, request, view.model_dump_json(), now_s)
    return view


@router.get("/videos")
def get_videos(
    caller: Caller,
    parts: PartsDep,
    state: VideoState | None = None,
    q: TitlePart = "",
    sort: video.Order = video.Order.NEW,
    cursor: str | None = None,
    limit: PageSize = 24,
) -> VideoPage:
    """Lists the caller's videos, except those in the trash. q: a part of the title."""
    after = (read_text_cursor if sort == video.Order.TITLE else read_cursor)(cursor)
    with parts.database.read() as connection:
        rows = video.page(connection, caller["id"], after, limit + 1, sort, state=state, text=q.strip())
        views = [show_video(parts, connection, row) for row in rows[:limit]]
    return VideoPage(items=views, next=next_cursor(rows, limit, sort.column))


@router.get("/videos/{video_id}", response_model=VideoView, responses=NOT_MODIFIED)
async def get_video(video_id: str, request: Request, parts: PartsDep) -> Response:
    """Returns a video. Responses for public and unlisted videos are cached until something changes."""

    def read() -> tuple[bytes, bool]:
        row, view = read_video_view(parts, video_id)
        if not can_see(row, find_caller(request, parts) if effective_visibility(row) == Visibility.PRIVATE else None):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        return view.model_dump_json().encode(), effective_visibility(row) != Visibility.PRIVATE

    return await parts.response_cache.respond(request, read)


@router.patch("/videos/{video_id}")
def patch_video(video_id: str, body: VideoChange, caller: Caller, parts: PartsDep) -> VideoView:
    """Changes title, description, tags or visibility, also during an upload. Moderators can hide or unhide the video."""
    now_s = parts.clock.now()
    values = body.model_dump(mode="json", exclude_none=True)
    if body.visibility not in (None, Visibility.PRIVATE):
        check_confirmed(caller, parts)
    with parts.database.write() as connection:
        row = video.get(connection, video_id)
        _check_change(row, caller, set(values))
        if values:
            video.change(connection, video_id, values, now_s)
            _record_change(connection, caller, row, values, now_s)
    parts.streams.invalidate(video_id)
    return read_video_view(parts, video_id)[1]


def _record_change(connection: Connection, caller: CallerRow, row: VideoRow, values: Mapping[str, Any], now_s: float) -> None:
    if "hidden" in values:
        audit.record(connection, caller, "video.hide" if values["hidden"] else "video.unhide", row["id"], {"title": row["title"]}, now_s)
    others = {name: value for name, value in values.items() if name != "hidden"}
    if others:
        _record_if_not_owner(connection, caller, row, "video.change", others, now_s)


def _check_change(row: VideoRow, caller: CallerRow, names: set[str]) -> None:
    if "hidden" in names:
        check_hide(row, caller)
    if names != {"hidden"}:
        (check_change_visibility if names - {"hidden"} == {"visibility"} else check_edit)(row, caller)


@router.delete("/videos/{video_id}", status_code=204)
def delete_video(video_id: str, caller: Caller, parts: PartsDep, *, forever: Forever = False) -> None:
    """Moves a video to the trash, or deletes it permanently, also from the trash. Its files are then deleted soon after."""
    now_s = parts.clock.now()
    forever = forever or read_settings(parts).video.trash_days == 0
    with parts.database.write() as connection:
        row = find_trashed(connection, video_id, caller) if forever else None
        if row is None:
            row = video.lock(connection, video_id)
            check_edit(row, caller)
        (trash.delete_permanently if forever else trash.move_to_trash)(connection, video_id, now_s)
        _record_if_not_owner(connection, caller, row, "video.delete", {"title": row["title"], "forever": forever}, now_s)
    parts.streams.invalidate(video_id)


@router.post("/videos/{video_id}/retry", status_code=202)
def retry_video(video_id: str, caller: Caller, parts: PartsDep, body: RetryRequest | None = None) -> VideoView:
    """Retries the failed tasks of a failed video, or the dropped rungs of a playable one."""
    selection = body or RetryRequest()
    with parts.database.write() as connection:
        check_edit(video.get(connection, video_id), caller)
        upload_row = upload.find_of_video(connection, video_id)
        if upload_row is not None:
            check_alive(upload_row["state"])
        retry.retry_video(connection, video_id, parts.clock.now(), piece=selection.piece, rung=selection.rung)
    return read_video_view(parts, video_id)[1]


@router.post("/videos/{video_id}/process", status_code=202)
def process_video(video_id: str, caller: Caller, parts: PartsDep, body: ProcessRequest | None = None) -> VideoView:
    """Reprocesses a video. Viewers see the current edition until the new one is complete. Unchanged outputs are reused."""
    with parts.database.write() as connection:
        row = video.get(connection, video_id)
        check_edit(row, caller)
        pipeline = choose_pipeline(parts, (body or ProcessRequest()).pipeline or row["pipeline"], caller)
        reprocess.request(connection, video_id, pipeline, parts.clock.now())
    return read_video_view(parts, video_id)[1]


@router.get("/videos/{video_id}/dag")
def get_dag(video_id: str, caller: Caller, parts: PartsDep) -> DagView:
    """Returns the tasks of the newest run, with their workers and errors."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        check_edit(row, caller)
        current_run = run.find_of_video(connection, video_id)
        if current_run is None:
            raise NotFoundError(f"video {video_id} has no run yet", video=video_id)
        tasks = [make_task_view(task) for task in queue_view.of_run(connection, current_run["id"])]
    is_shown = row["edition"] == current_run["edition"]
    return DagView(
        edition=current_run["edition"],
        is_shown=is_shown,
        state=current_run["state"],
        definition=current_run["definition"],
        tasks=tasks,
    )


def _record_if_not_owner(
    connection: Connection, caller: CallerRow, row: VideoRow, action: str, detail: Mapping[str, Any], now_s: float
) -> None:
    """Records an action in the audit log, unless the caller is the owner."""
    if row["owner_id"] != caller["id"]:
        audit.record(connection, caller, action, row["id"], detail, now_s)
