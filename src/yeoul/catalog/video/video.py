"""Videos: rows, legal transitions. Every change that a viewer may see raises `version`, and keeps the listing true; webhooks are told.

No other module writes these rows: what everybody may find follows from them in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.account import webhook_delivery
from yeoul.catalog.row import Row, all_rows, first_row
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.videos import IS_UNUSED, audio_track, caption, channel, video, watched
from yeoul.catalog.video import listing
from yeoul.catalog.watch import playlist
from yeoul.model.video import VideoState, is_legal
from yeoul.model.webhook import WebhookEvent, events_of

UNUSED_MAX = 1000  # videos of an account that nothing was sent for; they go after a week

_WITH_OWNER = (
    select(
        *(video, channel.c.subscribers, account.c.handle.label("owner_handle")),
        *(account.c.display_name.label("owner_name"), account.c.avatar.label("owner_avatar")),
    )
    .join(account, account.c.id == video.c.owner_id)
    .outerjoin(channel, channel.c.account_id == account.c.id)
)


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Add a video in state created; row holds id, owner_id, title, description, visibility, pipeline.

    Raises ConflictError when the owner has UNUSED_MAX videos that nothing was sent for.
    """
    unused = select(func.count()).select_from(video).where(video.c.owner_id == row["owner_id"], IS_UNUSED)
    if connection.execute(unused).scalar_one() >= UNUSED_MAX:
        raise ConflictError(f"{UNUSED_MAX} videos of this account wait for their uploads; send some or delete some", most=UNUSED_MAX)
    fixed: dict[str, Any] = {
        "state": VideoState.CREATED.value,
        "dropped": {},
        "sidecars": {},
        "progress": 0.0,
        "version": 1,
        "created_at": now_s,
        "updated_at": now_s,
        "trend": now_s / listing.HALF_LIFE_S,  # as if seen once when it is made
    }
    connection.execute(insert(video).values(**row, **fixed))
    webhook_delivery.tell(connection, row["id"], WebhookEvent.CREATED, now_s)


def find(connection: Connection, video_id: str) -> Row | None:
    """A video that is not deleted, with its owner's handle; also one in the trash, for work on it goes on."""
    return first_row(connection, _WITH_OWNER.where(video.c.id == video_id, video.c.state != VideoState.DELETED.value))


def get(connection: Connection, video_id: str) -> Row:
    """A video that people may ask for; raises NotFoundError for one that is deleted or in the trash."""
    return _there(find(connection, video_id), video_id)


def lock(connection: Connection, video_id: str) -> Row:
    """The same, locked until the transaction ends: it cannot go meanwhile."""
    return _there(find_locked(connection, video_id), video_id)


def _there(row: Row | None, video_id: str) -> Row:
    if row is None or row["trashed_at"] is not None:
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    return row


def find_locked(connection: Connection, video_id: str) -> Row | None:
    """What `find` finds, locked until the transaction ends."""
    connection.execute(select(video.c.id).where(video.c.id == video_id).with_for_update(key_share=True))
    return find(connection, video_id)


def version(connection: Connection, video_id: str) -> int | None:
    """The version of a video, None when there is none."""
    return connection.execute(select(video.c.version).where(video.c.id == video_id)).scalar()


def change(connection: Connection, video_id: str, values: Mapping[str, Any], now_s: float) -> None:
    """Set columns other than the state."""
    connection.execute(update(video).where(video.c.id == video_id).values(**values, version=video.c.version + 1, updated_at=now_s))
    if not listing.SHOWN_BY.isdisjoint(values):
        listing.refresh(connection, video_id)


def move(connection: Connection, video_id: str, new: VideoState, now_s: float, **values: Any) -> bool:
    """Go to another state when that is legal and news; False when the video is already there. Raises ConflictError when illegal."""
    row = first_row(connection, select(video.c.state).where(video.c.id == video_id).with_for_update(key_share=True))
    if row is None:
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    old = VideoState(row["state"])
    if old == new:
        return False
    if not is_legal(old, new):
        raise ConflictError(f"video {video_id} is {old} and cannot become {new}", state=old.value)
    change(connection, video_id, {"state": new.value, **values}, now_s)
    for happened in events_of(old, new):
        webhook_delivery.tell(connection, video_id, happened, now_s)
    return True


class Order(StrEnum):
    """How an owner's videos are ordered."""

    NEW = "new"
    OLD = "old"
    VIEWS = "views"
    TITLE = "title"

    @property
    def column(self) -> str:
        """What the order goes by."""
        return self.value if self in (Order.VIEWS, Order.TITLE) else "created_at"

    @property
    def is_rising(self) -> bool:
        return self in (Order.OLD, Order.TITLE)


def page(
    connection: Connection,
    owner_id: str,
    after: tuple[float | str, str] | None,
    limit: int,
    order: Order = Order.NEW,
    *,
    state: VideoState | None = None,
    text: str = "",
) -> list[Row]:
    """What an owner has outside of the trash. `after` is (what the order goes by, id); text: a part of the title."""
    key, row_id = video.c[order.column], video.c.id
    statement = _WITH_OWNER.where(video.c.owner_id == owner_id, video.c.trashed_at.is_(None)).limit(limit)
    statement = statement.where(video.c.state != VideoState.DELETED.value if state is None else video.c.state == state.value)
    if text:
        statement = statement.where(video.c.title.icontains(text, autoescape=True))
    if after is not None:
        place = tuple_(key, row_id)
        statement = statement.where(place > after if order.is_rising else place < after)
    return all_rows(connection, statement.order_by(*((key, row_id) if order.is_rising else (key.desc(), row_id.desc()))))


def trash_page(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """What an owner has in the trash, the last put there first. `before` is (trashed_at, id)."""
    statement = _WITH_OWNER.where(video.c.owner_id == owner_id, video.c.trashed_at.is_not(None), video.c.state != VideoState.DELETED.value)
    statement = statement.order_by(video.c.trashed_at.desc(), video.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(video.c.trashed_at, video.c.id) < before)
    return all_rows(connection, statement)


def by_id(connection: Connection, ids: Collection[str]) -> dict[str, Row]:
    """Videos that people may ask for, by id."""
    statement = _WITH_OWNER.where(video.c.id.in_(ids), video.c.state != VideoState.DELETED.value, video.c.trashed_at.is_(None))
    return {str(row["id"]): row for row in all_rows(connection, statement)}


def find_unused(connection: Connection, before: float, limit: int) -> list[str]:
    """Videos that never got an upload and were made and last edited before `before`: ids, oldest first."""
    statement = (
        select(video.c.id)
        .where(IS_UNUSED, video.c.created_at < before, video.c.updated_at < before)
        .order_by(video.c.created_at)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def remove(connection: Connection, video_id: str) -> None:
    """Forget a video that never had any content."""
    playlist.forget_video(connection, video_id)
    connection.execute(delete(watched).where(watched.c.video_id == video_id))
    for table in (caption, audio_track):
        connection.execute(delete(table).where(table.c.video_id == video_id))
    connection.execute(delete(video).where(video.c.id == video_id))
