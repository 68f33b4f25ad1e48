"""The listing: one row for each public video that can be watched. `video.py` updates it in the transaction that changes the video.

All public lists and the search read this table, so private, unlisted, unfinished and deleted videos appear in none of them.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Any, TypedDict, cast

from sqlalchemy import ColumnElement, Connection, delete, insert, select, tuple_, update

from yeoul.catalog.account import channel
from yeoul.catalog.row import all_rows, first_row
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.row.videos import ListingRow
from yeoul.catalog.schema.videos import listing, video
from yeoul.catalog.video import grams
from yeoul.model.gram import fold
from yeoul.model.video import VideoState, Visibility, effective_visibility

HALF_LIFE_S = 2 * 86400.0  # after this time, a view counts half for the trend
# Columns of a video that determine its row in the listing.
DEPENDS_ON = frozenset({"title", "description", "tags", "visibility", "state", "source", "hidden", "trashed_at"})
# Explicit columns: a migration runs this query on tables that lack the columns of later migrations.
_SOURCE_COLUMNS = (
    *(video.c.id, video.c.owner_id, video.c.title, video.c.description, video.c.tags, video.c.visibility, video.c.state, video.c.source),
    *(video.c.created_at, video.c.trend, video.c.hidden, video.c.trashed_at, account.c.handle),
)
_WATCHABLE = (VideoState.PLAYABLE.value, VideoState.READY.value)
_DESCRIPTION = 1000  # characters of the description that are searched


class _SourceRow(TypedDict):
    id: str
    owner_id: str
    title: str
    description: str
    tags: list[str]
    visibility: str
    state: str
    source: dict[str, Any] | None
    created_at: float
    trend: float
    hidden: bool
    trashed_at: float | None
    handle: str


class ListingHitRow(ListingRow):
    """A listed video with its views."""

    views: int


def refresh(connection: Connection, video_id: str) -> None:
    """Inserts, updates or deletes the row of a video, so that it matches the video."""
    row = first_row(
        connection, select(*_SOURCE_COLUMNS).join(account, account.c.id == video.c.owner_id).where(video.c.id == video_id), _SourceRow
    )
    listing_id = connection.execute(select(listing.c.id).where(listing.c.video_id == video_id)).scalar()
    if row is not None and effective_visibility(row) == Visibility.PUBLIC and row["state"] in _WATCHABLE and row["trashed_at"] is None:
        _put(connection, listing_id, row)
    elif listing_id is not None:
        _drop(connection, listing_id)


def _put(connection: Connection, listing_id: int | None, row: _SourceRow) -> None:
    values = _values(row)
    if listing_id is None:
        copied = {"video_id": row["id"], "owner_id": row["owner_id"], "created_at": row["created_at"], "trend": row["trend"]}
        listing_id = int(connection.execute(insert(listing).values(**copied, **values).returning(listing.c.id)).scalar_one())
        channel.add_to_counters(connection, row["owner_id"], videos=1)
    else:
        old = connection.execute(select(listing.c.title, listing.c.words).where(listing.c.id == listing_id)).one()
        connection.execute(update(listing).where(listing.c.id == listing_id).values(**values))
        if tuple(old) == (values["title"], values["words"]):
            return
    grams.put(connection, listing_id, f"{values['title']} {values['words']}")


def _values(row: _SourceRow) -> dict[str, Any]:
    source: dict[str, Any] = row["source"] or {}
    video_track: dict[str, Any] = source.get("video") or {}
    texts = [*row["tags"], row["handle"], row["description"][:_DESCRIPTION]]
    sides = [side for side in (video_track.get("width"), video_track.get("height")) if side]
    return {
        "title": fold(row["title"]),
        "words": fold("\n".join(texts)),
        "duration_s": source.get("duration_s"),
        "height": min(sides, default=None),  # the short side, which names rungs
    }


def _drop(connection: Connection, listing_id: int) -> None:
    owner_id = connection.execute(delete(listing).where(listing.c.id == listing_id).returning(listing.c.owner_id)).scalar_one()
    grams.remove(connection, listing_id)
    channel.add_to_counters(connection, owner_id, videos=-1)


def backfill(connection: Connection) -> None:
    """Inserts missing rows, for a database that is older than the listing."""
    statement = select(video.c.id).outerjoin(listing, listing.c.video_id == video.c.id).where(listing.c.id.is_(None))
    statement = statement.where(video.c.visibility == Visibility.PUBLIC.value, video.c.state.in_(_WATCHABLE))
    for video_id in connection.execute(statement.order_by(video.c.created_at)).scalars().all():
        refresh(connection, video_id)


def make_trend(old: float, now_s: float, count: int = 1) -> float:
    """Returns the trend after `count` views now: log2 of the sum of 2^(time of view / half-life).

    Older trends decay relative to those of new views. Rows need no update as they age, and a plain index keeps the order.
    """
    now = now_s / HALF_LIFE_S + math.log2(count)
    high, low = max(old, now), min(old, now)
    return high + math.log2(1 + 2 ** (low - high))


def count_view(connection: Connection, video_id: str, now_s: float, count: int = 1) -> None:
    """Adds views to a video. Does not change its version, so that cached copies stay valid."""
    statement = select(video.c.trend).where(video.c.id == video_id).with_for_update(key_share=True)
    old = connection.execute(statement).scalar()
    if old is None:
        return
    trend = make_trend(old, now_s, count)
    connection.execute(update(video).where(video.c.id == video_id).values(views=video.c.views + count, trend=trend))
    connection.execute(update(listing).where(listing.c.video_id == video_id).values(trend=trend))


def newest(connection: Connection, before: tuple[float, str] | None, limit: int) -> list[ListingRow]:
    """Returns a page of the listing, newest first. `before` is (created_at, video id)."""
    return _walk(connection, listing.c.created_at, before, limit)


def trending(connection: Connection, before: tuple[float, str] | None, limit: int) -> list[ListingRow]:
    """Returns a page of the listing, highest trend first. `before` is (trend, video id)."""
    return _walk(connection, listing.c.trend, before, limit)


def of_channel(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[ListingRow]:
    """Returns a page of a channel's rows, newest first. `before` is (created_at, video id)."""
    return _walk(connection, listing.c.created_at, before, limit, listing.c.owner_id == owner_id)


def of_channels(connection: Connection, owner_ids: Collection[str], before: tuple[float, str] | None, limit: int) -> list[ListingRow]:
    """Returns a page of several channels' rows, newest first. Reads at most one page per channel. `before` is (created_at, video id)."""
    rows = [row for owner_id in owner_ids for row in of_channel(connection, owner_id, before, limit)]
    return sorted(rows, key=lambda row: (row["created_at"], row["video_id"]), reverse=True)[:limit]


def _walk(
    connection: Connection, key: ColumnElement[float], before: tuple[float, str] | None, limit: int, *conditions: ColumnElement[bool]
) -> list[ListingRow]:
    statement = select(listing).where(*conditions).order_by(key.desc(), listing.c.video_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(key, listing.c.video_id) < before)
    return all_rows(connection, statement, ListingRow)


def by_id(connection: Connection, ids: Sequence[int]) -> list[ListingHitRow]:
    """Returns rows of the listing by their ids, with views."""
    rows: list[ListingHitRow] = []
    for start in range(0, len(ids), 500):  # below SQLite's limit of values in one statement
        statement = select(listing, video.c.views).join(video, video.c.id == listing.c.video_id)
        result = connection.execute(statement.where(listing.c.id.in_(ids[start : start + 500])))
        names = list(result.keys())
        rows += [cast("ListingHitRow", dict(zip(names, row, strict=True))) for row in result]
    return rows


def find(connection: Connection, video_id: str) -> ListingRow | None:
    """Returns the row of a video; None if it is not listed."""
    return first_row(connection, select(listing).where(listing.c.video_id == video_id), ListingRow)


def find_by_title_prefix(connection: Connection, folded: str, limit: int) -> list[int]:
    """Returns the ids of rows whose title starts with a folded text, in order of title."""
    prefix_range = (listing.c.title >= folded, listing.c.title < folded + "\U0010ffff")
    return list(connection.execute(select(listing.c.id).where(*prefix_range).order_by(listing.c.title).limit(limit)).scalars())
