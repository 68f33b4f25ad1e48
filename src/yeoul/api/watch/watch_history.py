"""The watch positions and the watch history of the caller."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, CallerRow, can_see
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.view import VideoView, show_video
from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.catalog.video import video
from yeoul.catalog.watch import watch_history

router = APIRouter(tags=["history"])


class Position(BaseModel):
    """A watch position in seconds."""

    position_s: float = Field(ge=0, le=10_000_000, allow_inf_nan=False)


class WatchedView(BaseModel):
    """A watched video, the watch position, and when it was last watched."""

    video: VideoView
    position_s: float
    watched_at: str


class WatchedPage(BaseModel):
    """One page of the watch history, last watched first. It leaves out videos that the caller may not see any more."""

    items: list[WatchedView]
    next: str | None


@router.put("/videos/{video_id}/position", status_code=204)
def put_position(video_id: str, body: Position, caller: Caller, parts: PartsDep) -> None:
    """Stores the watch position. Does nothing if the account keeps no watch history."""
    _check_visible(parts, video_id, caller)
    if caller["keep_history"]:
        with parts.database.write() as connection:
            video.lock(connection, video_id)  # so that it is not deleted meanwhile
            watch_history.set_position(connection, caller["id"], video_id, body.position_s, parts.clock.now())


@router.get("/videos/{video_id}/position")
def get_position(video_id: str, caller: Caller, parts: PartsDep) -> Position:
    """Returns the watch position, or 0 if the caller has not watched the video."""
    _check_visible(parts, video_id, caller)
    with parts.database.read() as connection:
        return Position(position_s=watch_history.find_position(connection, caller["id"], video_id) or 0.0)


def _check_visible(parts: Parts, video_id: str, caller: CallerRow) -> None:
    with parts.database.read() as connection:
        if not can_see(video.get(connection, video_id), caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)


@router.get("/history")
def get_history(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> WatchedPage:
    """Lists the caller's watch history."""
    with parts.database.read() as connection:
        rows = watch_history.page(connection, caller["id"], read_cursor(cursor), limit + 1)
        videos = video.by_id(connection, [row["video_id"] for row in rows[:limit]])
        items = [
            WatchedView(
                video=show_video(parts, connection, videos[row["video_id"]]),
                position_s=row["position_s"],
                watched_at=rfc3339(row["watched_at"]) or "",
            )
            for row in rows[:limit]
            if row["video_id"] in videos and can_see(videos[row["video_id"]], caller)
        ]
    return WatchedPage(items=items, next=next_cursor(rows, limit, "watched_at", "video_id"))


@router.delete("/history", status_code=204)
def delete_history(caller: Caller, parts: PartsDep) -> None:
    """Clears the watch history."""
    with parts.database.write() as connection:
        watch_history.delete_history(connection, caller["id"])


@router.delete("/history/{video_id}", status_code=204)
def delete_watched(video_id: str, caller: Caller, parts: PartsDep) -> None:
    """Removes a video from the watch history."""
    with parts.database.write() as connection:
        watch_history.delete_history(connection, caller["id"], video_id)
