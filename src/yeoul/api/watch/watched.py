"""What the caller has watched: where to go on, and a history that can be cleared or not be kept at all."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, Row, may_see
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.view import VideoView, show_video
from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.catalog.video import video
from yeoul.catalog.watch import watched

router = APIRouter(tags=["history"])


class Position(BaseModel):
    """How far the caller has come, in seconds."""

    position_s: float = Field(ge=0, le=10_000_000, allow_inf_nan=False)


class WatchedView(BaseModel):
    """A video that was watched, when last, and how far."""

    video: VideoView
    position_s: float
    watched_at: str


class WatchedPage(BaseModel):
    """One page of a history, the last watched first; videos that the caller may not see any more are left out."""

    items: list[WatchedView]
    next: str | None


@router.put("/videos/{video_id}/position", status_code=204)
def put_position(video_id: str, body: Position, caller: Caller, parts: PartsDep) -> None:
    """Remember how far; an account that keeps no history remembers nothing."""
    _check(parts, video_id, caller)
    if caller["keep_history"]:
        with parts.database.write() as connection:
            video.lock(connection, video_id)  # it cannot go meanwhile
            watched.put(connection, caller["id"], video_id, body.position_s, parts.clock.now())


@router.get("/videos/{video_id}/position")
def get_position(video_id: str, caller: Caller, parts: PartsDep) -> Position:
    """Where to go on; 0 of what was not watched."""
    _check(parts, video_id, caller)
    with parts.database.read() as connection:
        return Position(position_s=watched.find_position(connection, caller["id"], video_id) or 0.0)


def _check(parts: Parts, video_id: str, caller: Row) -> None:
    with parts.database.read() as connection:
        if not may_see(video.get(connection, video_id), caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)


@router.get("/history")
def get_history(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> WatchedPage:
    """What the caller has watched."""
    with parts.database.read() as connection:
        rows = watched.page(connection, caller["id"], read_cursor(cursor), limit + 1)
        found = video.by_id(connection, [row["video_id"] for row in rows[:limit]])
        shown = [
            WatchedView(
                video=show_video(parts, connection, found[row["video_id"]]),
                position_s=row["position_s"],
                watched_at=rfc3339(row["watched_at"]) or "",
            )
            for row in rows[:limit]
            if row["video_id"] in found and may_see(found[row["video_id"]], caller)
        ]
    return WatchedPage(items=shown, next=next_cursor(rows, limit, "watched_at", "video_id"))


@router.delete("/history", status_code=204)
def delete_history(caller: Caller, parts: PartsDep) -> None:
    """Forget all."""
    with parts.database.write() as connection:
        watched.forget(connection, caller["id"])


@router.delete("/history/{video_id}", status_code=204)
def delete_watched(video_id: str, caller: Caller, parts: PartsDep) -> None:
    """Forget one video."""
    with parts.database.write() as connection:
        watched.forget(connection, caller["id"], video_id)
