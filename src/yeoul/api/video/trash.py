"""The trash: deleted videos that can still be restored."""

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
    """A video in the trash. It cannot be played. freed_at: when it is deleted permanently."""

    video: VideoView
    trashed_at: str
    freed_at: str


class TrashPage(BaseModel):
    """One page of the trash, last deleted first. next: the cursor of the next page, null at the end; days: how long videos are kept."""

    items: list[TrashedView]
    next: str | None
    days: int


@router.get("/trash")
def get_trash(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> TrashPage:
    """Lists the caller's videos in the trash."""
    days = read_settings(parts).video.trash_days
    with parts.database.read() as connection:
        rows = video.trash_page(connection, caller["id"], read_cursor(cursor), limit + 1)
        views = [show_video(parts, connection, row) for row in rows[:limit]]
    cleared: dict[str, Any] = {"playback": None, "poster": None, "sidecars": {}}
    items = [_entry(view.model_copy(update=cleared), row["trashed_at"], days) for view, row in zip(views, rows, strict=False)]
    return TrashPage(items=items, next=next_cursor(rows, limit, "trashed_at"), days=days)


def _entry(view: VideoView, trashed_at: float | None, days: int) -> TrashedView:
    assert trashed_at is not None, "the page has only videos in the trash"
    return TrashedView(video=view, trashed_at=rfc3339(trashed_at) or "", freed_at=rfc3339(trashed_at + days * _DAY_S) or "")


@router.post("/videos/{video_id}/restore")
def restore_video(video_id: str, caller: Caller, parts: PartsDep) -> VideoView:
    """Restores a video from the trash. Does nothing if the video is not in the trash."""
    with parts.database.write() as connection:
        if find_trashed(connection, video_id, caller) is not None:
            trash.restore(connection, video_id, parts.clock.now())
        else:
            check_edit(video.get(connection, video_id), caller)
    parts.streams.invalidate(video_id)
    return read_video_view(parts, video_id)[1]
