"""Versions of videos: each change of a video increments its version, by which caches and open pages notice the change."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from yeoul.catalog.schema.videos import video


def find(connection: Connection, video_id: str) -> int | None:
    """Returns the version of a video; None if there is no such video."""
    return connection.execute(select(video.c.version).where(video.c.id == video_id)).scalar()


def increment(connection: Connection, video_id: str, now_s: float) -> None:
    """Records that something that belongs to a video, but is stored in another table, has changed."""
    connection.execute(update(video).where(video.c.id == video_id).values(version=video.c.version + 1, updated_at=now_s))
