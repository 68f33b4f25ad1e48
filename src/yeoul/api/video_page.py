"""Pages of videos."""

from __future__ import annotations

from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts
from yeoul.api.page import next_cursor
from yeoul.api.view import VideoView, show_videos
from yeoul.catalog.video import listing


class VideoPage(BaseModel):
    """One page, newest first; `next` is the cursor of the following one, null at the end."""

    items: list[VideoView]
    next: str | None


def listed_page(parts: Parts, connection: Connection, rows: list[listing.Row], limit: int, key: str = "created_at") -> VideoPage:
    """A page of rows of the listing, of which one more than `limit` was asked for."""
    shown = show_videos(parts, connection, [str(row["video_id"]) for row in rows[:limit]])
    return VideoPage(items=shown, next=next_cursor(rows, limit, key, "video_id"))
