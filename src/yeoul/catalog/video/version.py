"""Versions of videos: each change of a video increments its version, by which caches and open pages notice the change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select, update

from yeoul.catalog.schema.videos import video

_BATCH = 500


def find(connection: Connection, video_id: str) -> int | None:
    """Returns the version of a video; None if there is no such video."""
    return connection.execute(select(video.c.version).where(video.c.id == video_id)).scalar()


def of_videos(connection: Connection, video_ids: Sequence[str]) -> dict[str, int]:
    """Returns the versions of videos by id, without those that do not exist. Reads at most 500 at a time."""
    found: dict[str, int] = {}
    for start in range(0, len(video_ids), _BATCH):
        rows = connection.execute(select(video.c.id, video.c.version).where(video.c.id.in_(video_ids[start : start + _BATCH])))
        found |= {str(row.id): int(row.version) for row in rows}
    return found


def increment(connection: Connection, video_id: str, now_s: float) -> None:
    """Records that something that belongs to a video, but is stored in another table, has changed."""
    connection.execute(update(video).where(video.c.id == video_id).values(version=video.c.version + 1, updated_at=now_s))
