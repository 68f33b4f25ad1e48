"""Playback statistics: one row of sums per video and day (UTC), however many views there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, TypedDict

from sqlalchemy import Connection, bindparam, func, select, update

from yeoul.catalog.row import all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.playback import audience
from yeoul.catalog.schema.row.playback import AudienceRow
from yeoul.catalog.schema.videos import video
from yeoul.model.video import VideoState

_SUMS = [column.name for column in audience.columns if column.name not in ("video_id", "day", "owner_id")]
_EMPTY: Mapping[str, Any] = {**dict.fromkeys(_SUMS, 0), "detail": {}}


class DayRow(TypedDict):
    """The sums of all videos of an owner on one day."""

    day: int
    views: int | Decimal  # PostgreSQL sums integers to Decimal
    watch_s: float


class TopVideoRow(TypedDict):
    """The sums of a video over several days."""

    video_id: str
    views: int | Decimal  # PostgreSQL sums integers to Decimal
    watch_s: float


def lock(connection: Connection, day: int, owners: Mapping[str, str]) -> dict[str, AudienceRow]:
    """Returns the rows of videos for a day, by video id, locked until the transaction ends. Inserts missing rows.

    owners: {video id: owner id}.
    """
    empty_rows = [{"video_id": video_id, "day": day, "owner_id": owners[video_id], **_EMPTY} for video_id in sorted(owners)]
    insert_all_new(connection, audience, empty_rows)
    rows_by_video: dict[str, AudienceRow] = {}
    for chunk in in_chunks(owners):
        statement = select(audience).where(audience.c.video_id.in_(chunk), audience.c.day == day)
        rows = all_rows(connection, statement.order_by(audience.c.video_id).with_for_update(), AudienceRow)
        rows_by_video.update((row["video_id"], row) for row in rows)
    return rows_by_video


def save(connection: Connection, day: int, sums: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes locked rows back. sums: new values by video id."""
    if sums:
        key = (audience.c.video_id == bindparam("row_video_id"), audience.c.day == day)
        statement = update(audience).where(*key).values({name: bindparam(name) for name in _SUMS})
        connection.execute(statement, [{"row_video_id": video_id, **{name: row[name] for name in _SUMS}} for video_id, row in sums.items()])


def of_video(connection: Connection, video_id: str, first: int, last: int) -> list[AudienceRow]:
    """Returns the rows of a video from day `first` to day `last`, both included."""
    conditions = (audience.c.video_id == video_id, audience.c.day >= first, audience.c.day <= last)
    return all_rows(connection, select(audience).where(*conditions).order_by(audience.c.day), AudienceRow)


def days_of_owner(connection: Connection, owner_id: str, first: int, last: int) -> list[DayRow]:
    """Returns the sums of all videos of an owner by day: rows of day, views, watch_s."""
    statement = select(audience.c.day, *_VIEWS_AND_TIME).where(*_of_owner(owner_id, first, last))
    return all_rows(connection, statement.group_by(audience.c.day).order_by(audience.c.day), DayRow)


def top_of_owner(connection: Connection, owner_id: str, first: int, last: int, limit: int) -> list[TopVideoRow]:
    """Returns an owner's most viewed videos, except deleted and trashed ones: rows of video_id, views, watch_s."""
    is_available = (video.c.state != VideoState.DELETED.value, video.c.trashed_at.is_(None))
    statement = select(audience.c.video_id, *_VIEWS_AND_TIME).join(video, video.c.id == audience.c.video_id)
    statement = statement.where(*_of_owner(owner_id, first, last), *is_available).group_by(audience.c.video_id)
    return all_rows(connection, statement.order_by(func.sum(audience.c.views).desc(), audience.c.video_id.desc()).limit(limit), TopVideoRow)


_VIEWS_AND_TIME = (func.sum(audience.c.views).label("views"), func.sum(audience.c.watch_s).label("watch_s"))


def _of_owner(owner_id: str, first: int, last: int) -> Sequence[Any]:
    return audience.c.owner_id == owner_id, audience.c.day >= first, audience.c.day <= last
