"""The trash: what was deleted of late, and can be restored."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from yeoul.api.deps import PartsDep, read_settings
from yeoul.api.identity import Caller, check_edit, find_trashed
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.view import VideoView, read_video_view, show_video
from yeoul.base.clock import rfc3339
from yeoul.catalog.video import trash, video

router = APIRouter(tags=["videos"])
_DAY_S = 86400.0


class TrashedView(BaseModel):
    """A video in the trash; nothing of it can be watched. freed_at: when it is deleted for good."""

    video: VideoView
    trashed_at: str
    freed_at: str


class TrashPage(BaseModel):
    """One page, the last deleted first; `next` is the cursor of the following one, null at the end. days: how long they are kept."""

    items: list[TrashedView]
    next: str | None
    days: int


@router.get("/trash")
def get_trash(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> TrashPage:
    """The caller's own videos that were deleted and can be restored."""
    days = read_settings(parts).video.trash_days
    with parts.database.read() as connection:
        rows = video.trash_page(connection, caller["id"], read_cursor(cursor), limit + 1)
        views = [show_video(parts, connection, row) for row in rows[:limit]]
    nothing: dict[str, Any] = {"playback": None, "poster": None, "sidecars": {}}
    shown = [
        TrashedView(
            video=view.model_copy(update=nothing),
            trashed_at=rfc3339(row["trashed_at"]) or "",
            freed_at=rfc3339(row["trashed_at"] + days * _DAY_S) or "",
        )
        for view, row in zip(views, rows, strict=False)
    ]
    return TrashPage(items=shown, next=next_cursor(rows, limit, "trashed_at"), days=days)


@router.post("/videos/{video_id}/restore")
def restore_video(video_id: str, caller: Caller, parts: PartsDep) -> VideoView:
    """Take a video out of the trash: it is as it was. One that is not there stays as it is."""
    with parts.database.write() as connection:
        if find_trashed(connection, video_id, caller) is not None:
            trash.restore(connection, video_id, parts.clock.now())
        else:
            check_edit(video.get(connection, video_id), caller)
    parts.presentations.forget(video_id)
    return read_video_view(parts, video_id)[1]
