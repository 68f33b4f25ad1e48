"""Videos: rows and state transitions. A change that viewers can see increments `version` and updates the listing; webhooks get events.

No other module writes these rows, so that the listing is updated in the same transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, TypedDict

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.account import webhook_delivery
from yeoul.catalog.row import all_rows, first_row
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.schema.videos import IS_UNUSED, audio_track, caption, channel, video, watched
from yeoul.catalog.video import listing
from yeoul.catalog.watch import playlist
from yeoul.model.video import VideoState, is_legal_transition
from yeoul.model.webhook import WebhookEvent, make_events

UNUSED_MAX = 1000  # videos of one account that have no upload; they are deleted after a week

_WITH_OWNER = (
    select(
        *(video, channel.c.subscribers, account.c.handle.label("owner_handle")),
        *(account.c.display_name.label("owner_name"), account.c.avatar.label("owner_avatar")),
    )
    .join(account, account.c.id == video.c.owner_id)
    .outerjoin(channel, channel.c.account_id == account.c.id)
)


class OwnedVideoRow(VideoRow):
    """A video with columns of its owner. subscribers: of the owner's channel; null if it has no counters."""

    subscribers: int | None
    owner_handle: str
    owner_name: str
    owner_avatar: str | None


class _StateRow(TypedDict):
    state: str


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts a video in state created. Raises ConflictError if the owner has UNUSED_MAX videos without an upload.

    row: id, owner_id, title, description, visibility, pipeline.
    """
    unused_count = select(func.count()).select_from(video).where(video.c.owner_id == row["owner_id"], IS_UNUSED)
    if connection.execute(unused_count).scalar_one() >= UNUSED_MAX:
        raise ConflictError(f"{UNUSED_MAX} videos of this account have no upload yet; upload or delete some of them", most=UNUSED_MAX)
    defaults: dict[str, Any] = {
        "state": VideoState.CREATED.value,
        "dropped": {},
        "sidecars": {},
        "progress": 0.0,
        "version": 1,
        "created_at": now_s,
        "updated_at": now_s,
        "trend": now_s / listing.HALF_LIFE_S,  # as if viewed once when created
    }
    connection.execute(insert(video).values(**row, **defaults))
    webhook_delivery.notify_owner(connection, row["id"], WebhookEvent.CREATED, now_s)


def find(connection: Connection, video_id: str) -> OwnedVideoRow | None:
    """Returns a video with its owner and counters; None if it is deleted. Finds trashed videos, too: their tasks continue."""
    return first_row(connection, _WITH_OWNER.where(video.c.id == video_id, video.c.state != VideoState.DELETED.value), OwnedVideoRow)


def get(connection: Connection, video_id: str) -> OwnedVideoRow:
    """Returns a video. Raises NotFoundError, also if it is deleted or in the trash."""
    return _require(find(connection, video_id), video_id)


def lock(connection: Connection, video_id: str) -> OwnedVideoRow:
    """Returns a video, locked until the transaction ends. Raises NotFoundError, also if it is deleted or in the trash."""
    return _require(find_locked(connection, video_id), video_id)


def _require(row: OwnedVideoRow | None, video_id: str) -> OwnedVideoRow:
    if row is None or row["trashed_at"] is not None:
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    return row


def find_locked(connection: Connection, video_id: str) -> OwnedVideoRow | None:
    """Returns what `find` returns, locked until the transaction ends."""
    connection.execute(select(video.c.id).where(video.c.id == video_id).with_for_update(key_share=True))
    return find(connection, video_id)


def change(connection: Connection, video_id: str, values: Mapping[str, Any], now_s: float) -> None:
    """Sets columns other than the state."""
    connection.execute(update(video).where(video.c.id == video_id).values(**values, version=video.c.version + 1, updated_at=now_s))
    if not listing.DEPENDS_ON.isdisjoint(values):
        listing.refresh(connection, video_id)


def change_state(connection: Connection, video_id: str, new: VideoState, now_s: float, **values: Any) -> bool:
    """Changes the state of a video; False if it is in that state already. Raises ConflictError if the transition is not allowed."""
    row = first_row(connection, select(video.c.state).where(video.c.id == video_id).with_for_update(key_share=True), _StateRow)
    if row is None:
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    old = VideoState(row["state"])
    if old == new:
        return False
    if not is_legal_transition(old, new):
        raise ConflictError(f"video {video_id} is {old} and cannot become {new}", state=old.value)
    change(connection, video_id, {"state": new.value, **values}, now_s)
    for webhook_event in make_events(old, new):
        webhook_delivery.notify_owner(connection, video_id, webhook_event, now_s)
    return True


class Order(StrEnum):
    """An order of an owner's videos."""

    NEW = "new"
    OLD = "old"
    VIEWS = "views"
    TITLE = "title"

    @property
    def column(self) -> str:
        """The column to sort by."""
        return self.value if self in (Order.VIEWS, Order.TITLE) else "created_at"

    @property
    def is_ascending(self) -> bool:
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
) -> list[OwnedVideoRow]:
    """Returns a page of an owner's videos, without the trash. `after` is (value of the sort column, id). text: a part of the title."""
    key, row_id = video.c[order.column], video.c.id
    statement = _WITH_OWNER.where(video.c.owner_id == owner_id, video.c.trashed_at.is_(None)).limit(limit)
    statement = statement.where(video.c.state != VideoState.DELETED.value if state is None else video.c.state == state.value)
    if text:
        statement = statement.where(video.c.title.icontains(text, autoescape=True))
    if after is not None:
        place = tuple_(key, row_id)
        statement = statement.where(place > after if order.is_ascending else place < after)
    return all_rows(connection, statement.order_by(*((key, row_id) if order.is_ascending else (key.desc(), row_id.desc()))), OwnedVideoRow)


def trash_page(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[OwnedVideoRow]:
    """Returns a page of an owner's trash, latest first. `before` is (trashed_at, id)."""
    statement = _WITH_OWNER.where(video.c.owner_id == owner_id, video.c.trashed_at.is_not(None), video.c.state != VideoState.DELETED.value)
    statement = statement.order_by(video.c.trashed_at.desc(), video.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(video.c.trashed_at, video.c.id) < before)
    return all_rows(connection, statement, OwnedVideoRow)


def by_id(connection: Connection, ids: Collection[str]) -> dict[str, OwnedVideoRow]:
    """Returns the videos that are neither deleted nor in the trash, by id."""
    statement = _WITH_OWNER.where(video.c.id.in_(ids), video.c.state != VideoState.DELETED.value, video.c.trashed_at.is_(None))
    return {str(row["id"]): row for row in all_rows(connection, statement, OwnedVideoRow)}


def find_unused(connection: Connection, before: float, limit: int) -> list[str]:
    """Returns the ids of videos without an upload that were created and last edited before `before`, oldest first."""
    statement = (
        select(video.c.id)
        .where(IS_UNUSED, video.c.created_at < before, video.c.updated_at < before)
        .order_by(video.c.created_at)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def delete_video(connection: Connection, video_id: str) -> None:
    """Deletes the rows of a video that never had any content."""
    playlist.remove_video(connection, video_id)
    connection.execute(delete(watched).where(watched.c.video_id == video_id))
    for table in (caption, audio_track):
        connection.execute(delete(table).where(table.c.video_id == video_id))
    connection.execute(delete(video).where(video.c.id == video_id))
