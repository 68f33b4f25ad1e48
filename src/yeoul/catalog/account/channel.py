"""Channels: what an account shows to others, who has subscribed to it, and its counters."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import Row, all_rows, first_row, insert_new
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.videos import channel, subscription

SUBSCRIPTIONS_MAX = 1000  # the feed of subscriptions asks each channel
_SHOWN = select(account, channel.c.subscribers, channel.c.videos).outerjoin(channel, channel.c.account_id == account.c.id)


def count(connection: Connection, account_id: str, *, videos: int = 0, subscribers: int = 0) -> None:
    """Add to a channel's counters."""
    insert_new(connection, channel, [{"account_id": account_id, "subscribers": 0, "videos": 0}])
    values = {"videos": channel.c.videos + videos, "subscribers": channel.c.subscribers + subscribers}
    connection.execute(update(channel).where(channel.c.account_id == account_id).values(**values))


def find(connection: Connection, handle: str) -> Row | None:
    """The account of a handle with its counters, null where it never had any."""
    return first_row(connection, _SHOWN.where(account.c.handle == handle))


def get(connection: Connection, handle: str) -> Row:
    """Returns the account of a handle with its counters. Raises NotFoundError."""
    row = find(connection, handle)
    if row is None:
        raise NotFoundError(f"there is no channel {handle}", channel=handle)
    return row


def of_prefix(connection: Connection, prefix: str, limit: int) -> list[Row]:
    """Channels with videos whose handle begins with `prefix`, which holds only what handles may."""
    within = (account.c.handle >= prefix, account.c.handle < prefix + "~")  # all that a handle is made of comes before
    statement = _SHOWN.where(*within).order_by(account.c.handle).limit(limit)
    return [row for row in all_rows(connection, statement) if row["videos"]]


def is_subscribed(connection: Connection, account_id: str, channel_id: str) -> bool:
    """Whether an account has subscribed to a channel."""
    here = (subscription.c.account_id == account_id, subscription.c.channel_id == channel_id)
    return connection.execute(select(subscription.c.channel_id).where(*here)).first() is not None


def subscribe(connection: Connection, account_id: str, channel_id: str, now_s: float) -> None:
    """Subscribe to a channel, once. Raises ConflictError beyond SUBSCRIPTIONS_MAX."""
    # One at a time, or two of them pass the limit together.
    connection.execute(select(account.c.id).where(account.c.id == account_id).with_for_update(key_share=True))
    if is_subscribed(connection, account_id, channel_id):
        return
    if len(channels_of(connection, account_id)) >= SUBSCRIPTIONS_MAX:
        raise ConflictError(f"no account may subscribe to more than {SUBSCRIPTIONS_MAX} channels", most=SUBSCRIPTIONS_MAX)
    connection.execute(insert(subscription).values(account_id=account_id, channel_id=channel_id, created_at=now_s))
    count(connection, channel_id, subscribers=1)


def unsubscribe(connection: Connection, account_id: str, channel_id: str) -> None:
    """End a subscription, if there is one."""
    here = (subscription.c.account_id == account_id, subscription.c.channel_id == channel_id)
    if connection.execute(delete(subscription).where(*here)).rowcount:
        count(connection, channel_id, subscribers=-1)


def channels_of(connection: Connection, account_id: str) -> list[str]:
    """Ids of the channels that an account has subscribed to."""
    return list(connection.execute(select(subscription.c.channel_id).where(subscription.c.account_id == account_id)).scalars())


def subscriptions(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """Channels that an account has subscribed to, the newest subscription first. `before` is (subscribed_at, channel id)."""
    statement = _SHOWN.add_columns(subscription.c.created_at.label("subscribed_at")).join(
        subscription, subscription.c.channel_id == account.c.id
    )
    statement = statement.where(subscription.c.account_id == account_id)
    statement = statement.order_by(subscription.c.created_at.desc(), subscription.c.channel_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(subscription.c.created_at, subscription.c.channel_id) < before)
    return all_rows(connection, statement)
