"""Pages of lists of videos."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts
from yeoul.api.page import next_cursor
from yeoul.api.view import VideoView, show_videos
from yeoul.catalog.schema.row.videos import ListingRow


class VideoPage(BaseModel):
    """One page of videos. next: the cursor of the next page, null at the end."""

    items: list[VideoView]
    next: str | None


def make_video_page(parts: Parts, connection: Connection, rows: Sequence[ListingRow], limit: int, key: str = "created_at") -> VideoPage:
    """Returns a page of videos from rows of a listing. rows: up to `limit` + 1 rows."""
    views = show_videos(parts, connection, [str(row["video_id"]) for row in rows[:limit]])
    return VideoPage(items=views, next=next_cursor(rows, limit, key, "video_id"))
