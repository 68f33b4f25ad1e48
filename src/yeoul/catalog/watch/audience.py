"""How videos were watched: one row of sums for each video and day (UTC), whatever the number of views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from yeoul.catalog.row import Row, all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.videos import video
from yeoul.catalog.schema.viewings import audience
from yeoul.model.video import VideoState

_SUMS = [column.name for column in audience.columns if column.name not in ("video_id", "day", "owner_id")]
_NOTHING: Mapping[str, Any] = {**dict.fromkeys(_SUMS, 0), "detail": {}}


def lock(connection: Connection, day: int, owners: Mapping[str, str]) -> dict[str, Row]:
    """The rows of some videos ({video: owner}) for a day by video, made where there were none, locked until the transaction ends."""
    new = [{"video_id": video_id, "day": day, "owner_id": owners[video_id], **_NOTHING} for video_id in sorted(owners)]
    insert_all_new(connection, audience, new)
    found: dict[str, Row] = {}
    for chunk in in_chunks(owners):
        statement = select(audience).where(audience.c.video_id.in_(chunk), audience.c.day == day)
        rows = all_rows(connection, statement.order_by(audience.c.video_id).with_for_update())
        found.update((row["video_id"], row) for row in rows)
    return found


def put(connection: Connection, day: int, sums: Mapping[str, Mapping[str, Any]]) -> None:
    """Write locked rows back: sums by video."""
    if sums:
        here = (audience.c.video_id == bindparam("known"), audience.c.day == day)
        statement = update(audience).where(*here).values({name: bindparam(name) for name in _SUMS})
        connection.execute(statement, [{"known": video_id, **{name: row[name] for name in _SUMS}} for video_id, row in sums.items()])


def of_video(connection: Connection, video_id: str, first: int, last: int) -> list[Row]:
    """The rows of a video from one day to another, both included."""
    within = (audience.c.video_id == video_id, audience.c.day >= first, audience.c.day <= last)
    return all_rows(connection, select(audience).where(*within).order_by(audience.c.day))


def days_of_owner(connection: Connection, owner_id: str, first: int, last: int) -> list[Row]:
    """Views and seconds watched of all that an owner has, by day."""
    statement = select(audience.c.day, *_VIEWS_AND_TIME).where(*_of_owner(owner_id, first, last))
    return all_rows(connection, statement.group_by(audience.c.day).order_by(audience.c.day))


def top_of_owner(connection: Connection, owner_id: str, first: int, last: int, limit: int) -> list[Row]:
    """The most viewed videos of an owner that are neither deleted nor in the trash: video_id, views, watch_s."""
    there = (video.c.state != VideoState.DELETED.value, video.c.trashed_at.is_(None))
    statement = select(audience.c.video_id, *_VIEWS_AND_TIME).join(video, video.c.id == audience.c.video_id)
    statement = statement.where(*_of_owner(owner_id, first, last), *there).group_by(audience.c.video_id)
    return all_rows(connection, statement.order_by(func.sum(audience.c.views).desc(), audience.c.video_id.desc()).limit(limit))


_VIEWS_AND_TIME = (func.sum(audience.c.views).label("views"), func.sum(audience.c.watch_s).label("watch_s"))


def _of_owner(owner_id: str, first: int, last: int) -> Sequence[Any]:
    return audience.c.owner_id == owner_id, audience.c.day >= first, audience.c.day <= last
