"""What everybody may find: a row for each public video that can be watched, kept by `catalog.video` in the transaction of its change.

All public lists and the search read this table, so that what is private, unlisted, unfinished or deleted is in none of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, tuple_, update

from yeoul.catalog.account import channel
from yeoul.catalog.row import Row, all_rows, first_row
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.videos import listing, video
from yeoul.catalog.video import grams
from yeoul.model.gram import fold
from yeoul.model.video import VideoState, Visibility, audience

HALF_LIFE_S = 2 * 86400.0  # after which a view counts half for the trend
# Columns of a video that its row here is made of.
SHOWN_BY = frozenset({"title", "description", "tags", "visibility", "state", "source", "hidden", "trashed_at"})
# By name: the step that fills the listing runs this on tables that lack the columns of later steps.
_ASKED = (
    *(video.c.id, video.c.owner_id, video.c.title, video.c.description, video.c.tags, video.c.visibility, video.c.state, video.c.source),
    *(video.c.created_at, video.c.trend, video.c.hidden, video.c.trashed_at, account.c.handle),
)
_WATCHABLE = (VideoState.PLAYABLE.value, VideoState.READY.value)
_DESCRIPTION = 1000  # characters of it that are searched


def refresh(connection: Connection, video_id: str) -> None:
    """Make the row of a video what the video says now: there, changed or gone."""
    row = first_row(connection, select(*_ASKED).join(account, account.c.id == video.c.owner_id).where(video.c.id == video_id))
    known = connection.execute(select(listing.c.id).where(listing.c.video_id == video_id)).scalar()
    if row is not None and audience(row) == Visibility.PUBLIC and row["state"] in _WATCHABLE and row["trashed_at"] is None:
        _put(connection, known, row)
    elif known is not None:
        _drop(connection, known)


def _put(connection: Connection, known: int | None, row: Row) -> None:
    values = _values(row)
    if known is None:
        fixed = {"video_id": row["id"], "owner_id": row["owner_id"], "created_at": row["created_at"], "trend": row["trend"]}
        known = int(connection.execute(insert(listing).values(**fixed, **values).returning(listing.c.id)).scalar_one())
        channel.count(connection, row["owner_id"], videos=1)
    else:
        old = connection.execute(select(listing.c.title, listing.c.words).where(listing.c.id == known)).one()
        connection.execute(update(listing).where(listing.c.id == known).values(**values))
        if tuple(old) == (values["title"], values["words"]):
            return
    grams.put(connection, known, f"{values['title']} {values['words']}")


def _values(row: Row) -> dict[str, Any]:
    source: dict[str, Any] = row["source"] or {}
    picture: dict[str, Any] = source.get("video") or {}
    said = [*row["tags"], row["handle"], row["description"][:_DESCRIPTION]]
    sides = [side for side in (picture.get("width"), picture.get("height")) if side]
    return {
        "title": fold(row["title"]),
        "words": fold("\n".join(said)),
        "duration_s": source.get("duration_s"),
        "height": min(sides, default=None),  # the short side, by which rungs are named
    }


def _drop(connection: Connection, known: int) -> None:
    owner_id = connection.execute(delete(listing).where(listing.c.id == known).returning(listing.c.owner_id)).scalar_one()
    grams.drop(connection, known)
    channel.count(connection, owner_id, videos=-1)


def fill(connection: Connection) -> None:
    """List what is to be listed and is not: for a database from before there was a listing."""
    statement = select(video.c.id).outerjoin(listing, listing.c.video_id == video.c.id).where(listing.c.id.is_(None))
    statement = statement.where(video.c.visibility == Visibility.PUBLIC.value, video.c.state.in_(_WATCHABLE))
    for video_id in connection.execute(statement.order_by(video.c.created_at)).scalars().all():
        refresh(connection, video_id)


def make_trend(old: float, now_s: float, count: int = 1) -> float:
    """The trend after `count` views now: log2 of the sum of 2^(time of view / half-life).

    What decays is the difference to views of today, so that rows need no visit to grow old, and the order is that of a plain index.
    """
    now = now_s / HALF_LIFE_S + math.log2(count)
    high, low = max(old, now), min(old, now)
    return high + math.log2(1 + 2 ** (low - high))


def count_view(connection: Connection, video_id: str, now_s: float, count: int = 1) -> None:
    """Count views of a video; viewers' copies of it stay valid, since its version stays."""
    statement = select(video.c.trend).where(video.c.id == video_id).with_for_update(key_share=True)
    old = connection.execute(statement).scalar()
    if old is None:
        return
    trend = make_trend(old, now_s, count)
    connection.execute(update(video).where(video.c.id == video_id).values(views=video.c.views + count, trend=trend))
    connection.execute(update(listing).where(listing.c.video_id == video_id).values(trend=trend))


def newest(connection: Connection, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """Rows of the listing, newest first. `before` is (created_at, video id)."""
    return _walk(connection, listing.c.created_at, before, limit)


def trending(connection: Connection, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """Rows of the listing by trend. `before` is (trend, video id)."""
    return _walk(connection, listing.c.trend, before, limit)


def of_channel(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """A channel's, newest first. `before` is (created_at, video id)."""
    return _walk(connection, listing.c.created_at, before, limit, listing.c.owner_id == owner_id)


def of_channels(connection: Connection, owner_ids: Collection[str], before: tuple[float, str] | None, limit: int) -> list[Row]:
    """The newest of several channels: of each at most a page is read, whatever it has. `before` is (created_at, video id)."""
    found = [row for owner_id in owner_ids for row in of_channel(connection, owner_id, before, limit)]
    return sorted(found, key=lambda row: (row["created_at"], row["video_id"]), reverse=True)[:limit]


def _walk(
    connection: Connection, key: ColumnElement[float], before: tuple[float, str] | None, limit: int, *conditions: ColumnElement[bool]
) -> list[Row]:
    statement = select(listing).where(*conditions).order_by(key.desc(), listing.c.video_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(key, listing.c.video_id) < before)
    return all_rows(connection, statement)


def by_id(connection: Connection, ids: Sequence[int]) -> list[Row]:
    """Rows of the listing by their numbers, with views."""
    found: list[Row] = []
    for start in range(0, len(ids), 500):  # SQLite takes so many values
        statement = select(listing, video.c.views).join(video, video.c.id == listing.c.video_id)
        rows = connection.execute(statement.where(listing.c.id.in_(ids[start : start + 500])))
        names = list(rows.keys())
        found += [dict(zip(names, row, strict=True)) for row in rows]
    return found


def find(connection: Connection, video_id: str) -> Row | None:
    """The row of a video, None where it is not listed."""
    return first_row(connection, select(listing).where(listing.c.video_id == video_id))


def titles(connection: Connection, folded: str, limit: int) -> list[int]:
    """Numbers of rows whose title begins with a folded text, in order of title."""
    within = (listing.c.title >= folded, listing.c.title < folded + "\U0010ffff")
    return list(connection.execute(select(listing.c.id).where(*within).order_by(listing.c.title).limit(limit)).scalars())
