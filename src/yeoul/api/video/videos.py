"""Videos: make, read, edit, delete, list, retry, and the DAG of their run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Connection

from yeoul.api.answer_cache import NOT_MODIFIED
from yeoul.api.deps import PartsDep, read_settings
from yeoul.api.idempotency import IdempotencyKey, find_answer, keep_answer
from yeoul.api.identity import Caller, Maker, check_confirmed, check_edit, check_hide, check_show, find_caller, find_trashed, may_see
from yeoul.api.page import PageSize, next_cursor, read_cursor, read_text_cursor
from yeoul.api.pipeline_choice import choose_pipeline
from yeoul.api.video.task_view import TaskView, make_task_view
from yeoul.api.video_page import VideoPage
from yeoul.api.view import VideoView, make_video_view, read_video_view, show_video
from yeoul.base.errors import NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import audit
from yeoul.catalog.queue import run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.video import trash, upload, video
from yeoul.model.video import VideoState, Visibility, audience
from yeoul.pipeline import reprocess as processing_again
from yeoul.pipeline import retry as second_chance
from yeoul.upload.service import NO_NUL
from yeoul.upload.session import check_alive

router = APIRouter(tags=["videos"])
Row = Mapping[str, Any]


Tag = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL, strip_whitespace=True)]


TitlePart = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]

Forever = Annotated[bool, Query(description="Do not keep it in the trash.")]


class NewVideo(BaseModel):
    """What may be said of a video before its bytes come. pipeline names a DAG definition; null means the account's own."""

    title: str = Field(default="", max_length=200, pattern=NO_NUL)
    description: str = Field(default="", max_length=10_000, pattern=NO_NUL)
    visibility: Visibility = Visibility.PRIVATE
    tags: list[Tag] = Field(default_factory=list[Tag], max_length=20)
    pipeline: str | None = Field(default=None, max_length=40)


class VideoChange(BaseModel):
    """Fields to change; what is left out stays. hidden: moderators take a video from everybody's sight, and give it back."""

    title: str | None = Field(default=None, max_length=200, pattern=NO_NUL)
    description: str | None = Field(default=None, max_length=10_000, pattern=NO_NUL)
    visibility: Visibility | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    hidden: bool | None = None


class RetryRequest(BaseModel):
    """What to try again: all that failed; or what failed of one piece; or a rung that was dropped."""

    piece: int | None = Field(default=None, ge=0)
    rung: str | None = Field(default=None, max_length=40)


class ProcessRequest(BaseModel):
    """By which definition; the one that the video had where none is named."""

    pipeline: str | None = Field(default=None, max_length=40)


class DagView(BaseModel):
    """The newest run of a video: its definition and the tasks it has grown so far.

    edition: counts the runs; is_shown: viewers see what this one makes.
    """

    edition: int
    is_shown: bool
    state: str
    definition: dict[str, Any]
    tasks: list[TaskView]


@router.post("/videos", status_code=201)
def post_video(body: NewVideo, caller: Maker, parts: PartsDep, key: IdempotencyKey = None) -> VideoView:
    """Make a video; its bytes come by an upload, its metadata can be edited meanwhile."""
    pipeline = choose_pipeline(parts, body.pipeline, caller)
    now_s = parts.clock.now()
    request = "POST videos " + body.model_dump_json()
    with parts.database.write() as connection:
        if key is not None:
            known = find_answer(connection, caller["id"], key, request, now_s)
            if known is not None:
                return VideoView.model_validate_json(known)
        video_id = new_id(now_s)
        video.add(connection, {"id": video_id, "owner_id": caller["id"], **body.model_dump(mode="json"), "pipeline": pipeline}, now_s)
        view = make_video_view(parts, video.get(connection, video_id), (), (), ())
        if key is not None:
            keep_answer(connection, caller["id"], key, request, view.model_dump_json(), now_s)
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
    """The caller's own videos, without those in the trash. q: a part of the title."""
    after = (read_text_cursor if sort == video.Order.TITLE else read_cursor)(cursor)
    with parts.database.read() as connection:
        rows = video.page(connection, caller["id"], after, limit + 1, sort, state=state, text=q.strip())
        shown = [show_video(parts, connection, row) for row in rows[:limit]]
    return VideoPage(items=shown, next=next_cursor(rows, limit, sort.column))


@router.get("/videos/{video_id}", response_model=VideoView, responses=NOT_MODIFIED)
async def get_video(video_id: str, request: Request, parts: PartsDep) -> Response:
    """One video; of those that are not private answers are kept until something changes."""

    def read() -> tuple[bytes, bool]:
        row, view = read_video_view(parts, video_id)
        if not may_see(row, find_caller(request, parts) if audience(row) == Visibility.PRIVATE else None):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        return view.model_dump_json().encode(), audience(row) != Visibility.PRIVATE

    return await parts.answers.answer(request, read)


@router.patch("/videos/{video_id}")
def patch_video(video_id: str, body: VideoChange, caller: Caller, parts: PartsDep) -> VideoView:
    """Edit title, description, tags or visibility, at any moment of an upload; or hide it, for moderators."""
    now_s = parts.clock.now()
    values = body.model_dump(mode="json", exclude_none=True)
    if body.visibility not in (None, Visibility.PRIVATE):
        check_confirmed(caller, parts)
    with parts.database.write() as connection:
        row = video.get(connection, video_id)
        _check_change(row, caller, set(values))
        if values:
            video.change(connection, video_id, values, now_s)
            _note_change(connection, caller, row, values, now_s)
    parts.presentations.forget(video_id)
    return read_video_view(parts, video_id)[1]


def _note_change(connection: Connection, caller: Row, row: Row, values: Mapping[str, Any], now_s: float) -> None:
    if "hidden" in values:
        audit.note(connection, caller, "video.hide" if values["hidden"] else "video.unhide", row["id"], {"title": row["title"]}, now_s)
    others = {name: value for name, value in values.items() if name != "hidden"}
    if others:
        _note_if_not_own(connection, caller, row, "video.change", others, now_s)


def _check_change(row: Row, caller: Row, names: set[str]) -> None:
    if "hidden" in names:
        check_hide(row, caller)
    if names != {"hidden"}:
        (check_show if names - {"hidden"} == {"visibility"} else check_edit)(row, caller)


@router.delete("/videos/{video_id}", status_code=204)
def delete_video(video_id: str, caller: Caller, parts: PartsDep, *, forever: Forever = False) -> None:
    """Put a video into the trash; or delete it, also out of the trash: then its files are freed soon after."""
    now_s = parts.clock.now()
    forever = forever or read_settings(parts).video.trash_days == 0
    with parts.database.write() as connection:
        row = find_trashed(connection, video_id, caller) if forever else None
        if row is None:
            row = video.lock(connection, video_id)
            check_edit(row, caller)
        (trash.free if forever else trash.put)(connection, video_id, now_s)
        _note_if_not_own(connection, caller, row, "video.delete", {"title": row["title"], "forever": forever}, now_s)
    parts.presentations.forget(video_id)


@router.post("/videos/{video_id}/retry", status_code=202)
def retry_video(video_id: str, caller: Caller, parts: PartsDep, body: RetryRequest | None = None) -> VideoView:
    """Run the failed tasks of a failed video again, or make again what was dropped of one that plays."""
    wanted = body or RetryRequest()
    with parts.database.write() as connection:
        check_edit(video.get(connection, video_id), caller)
        sent = upload.find_of_video(connection, video_id)
        if sent is not None:
            check_alive(sent["state"])
        second_chance.retry_video(connection, video_id, parts.clock.now(), piece=wanted.piece, rung=wanted.rung)
    return read_video_view(parts, video_id)[1]


@router.post("/videos/{video_id}/process", status_code=202)
def process_video(video_id: str, caller: Caller, parts: PartsDep, body: ProcessRequest | None = None) -> VideoView:
    """Process a video again; what it shows now stays until that is whole. Only what differs is made anew."""
    with parts.database.write() as connection:
        row = video.get(connection, video_id)
        check_edit(row, caller)
        pipeline = choose_pipeline(parts, (body or ProcessRequest()).pipeline or row["pipeline"], caller)
        processing_again.ask(connection, video_id, pipeline, parts.clock.now())
    return read_video_view(parts, video_id)[1]


@router.get("/videos/{video_id}/dag")
def get_dag(video_id: str, caller: Caller, parts: PartsDep) -> DagView:
    """The run's tasks: who does what, and the story of each failure."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        check_edit(row, caller)
        current = run.find_of_video(connection, video_id)
        if current is None:
            raise NotFoundError(f"video {video_id} has no run yet", video=video_id)
        tasks = [make_task_view(task) for task in queue_view.of_run(connection, current["id"])]
    shown = row["edition"] == current["edition"]
    return DagView(edition=current["edition"], is_shown=shown, state=current["state"], definition=current["definition"], tasks=tasks)


def _note_if_not_own(connection: Connection, caller: Row, row: Row, action: str, detail: Mapping[str, Any], now_s: float) -> None:
    """Note in the audit log what somebody else than the owner does."""
    if row["owner_id"] != caller["id"]:
        audit.note(connection, caller, action, row["id"], detail, now_s)
