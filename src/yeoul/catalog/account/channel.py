"""Channels: the public pages of accounts, with their subscriptions and counters."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import all_rows, first_row, insert_new
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.catalog.schema.videos import channel, subscription

SUBSCRIPTIONS_MAX = 1000  # of one account; the subscription feed queries each channel
_SHOWN = select(account, channel.c.subscribers, channel.c.videos).outerjoin(channel, channel.c.account_id == account.c.id)


class ChannelAccountRow(AccountRow):
    """An account with the counters of its channel. They are null if it has none."""

    subscribers: int | None
    videos: int | None


class SubscribedChannelRow(ChannelAccountRow):
    """A subscribed channel."""

    subscribed_at: float


def add_to_counters(connection: Connection, account_id: str, *, videos: int = 0, subscribers: int = 0) -> None:
    """Adds to a channel's counters."""
    insert_new(connection, channel, [{"account_id": account_id, "subscribers": 0, "videos": 0}])
    values = {"videos": channel.c.videos + videos, "subscribers": channel.c.subscribers + subscribers}
    connection.execute(update(channel).where(channel.c.account_id == account_id).values(**values))


def find(connection: Connection, handle: str) -> ChannelAccountRow | None:
    """Returns the account with a handle and its counters (null if it has none); None if there is no such account."""
    return first_row(connection, _SHOWN.where(account.c.handle == handle), ChannelAccountRow)


def get(connection: Connection, handle: str) -> ChannelAccountRow:
    """Returns the account with a handle and its counters. Raises NotFoundError."""
    row = find(connection, handle)
    if row is None:
        raise NotFoundError(f"there is no channel {handle}", channel=handle)
    return row


def find_by_prefix(connection: Connection, prefix: str, limit: int) -> list[ChannelAccountRow]:
    """Returns channels that have videos and whose handle starts with `prefix`. The prefix consists of characters allowed in handles."""
    prefix_range = (account.c.handle >= prefix, account.c.handle < prefix + "~")  # "~" sorts after all characters of handles
    statement = _SHOWN.where(*prefix_range).order_by(account.c.handle).limit(limit)
    return [row for row in all_rows(connection, statement, ChannelAccountRow) if row["videos"]]


def is_subscribed(connection: Connection, account_id: str, channel_id: str) -> bool:
    """True if an account is subscribed to a channel."""
    key = (subscription.c.account_id == account_id, subscription.c.channel_id == channel_id)
    return connection.execute(select(subscription.c.channel_id).where(*key)).first() is not None


def subscribe(connection: Connection, account_id: str, channel_id: str, now_s: float) -> None:
    """Subscribes an account to a channel, unless it is subscribed already. Raises ConflictError beyond SUBSCRIPTIONS_MAX."""
    # The lock serializes the requests of an account; two at once could exceed the limit.
    connection.execute(select(account.c.id).where(account.c.id == account_id).with_for_update(key_share=True))
    if is_subscribed(connection, account_id, channel_id):
        return
    if len(channels_of(connection, account_id)) >= SUBSCRIPTIONS_MAX:
        raise ConflictError(f"an account can subscribe to at most {SUBSCRIPTIONS_MAX} channels", most=SUBSCRIPTIONS_MAX)
    connection.execute(insert(subscription).values(account_id=account_id, channel_id=channel_id, created_at=now_s))
    add_to_counters(connection, channel_id, subscribers=1)


def unsubscribe(connection: Connection, account_id: str, channel_id: str) -> None:
    """Ends a subscription, if there is one."""
    key = (subscription.c.account_id == account_id, subscription.c.channel_id == channel_id)
    if connection.execute(delete(subscription).where(*key)).rowcount:
        add_to_counters(connection, channel_id, subscribers=-1)


def channels_of(connection: Connection, account_id: str) -> list[str]:
    """Returns the ids of the channels that an account is subscribed to."""
    return list(connection.execute(select(subscription.c.channel_id).where(subscription.c.account_id == account_id)).scalars())


def subscriptions(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[SubscribedChannelRow]:
    """Returns a page of an account's subscribed channels, newest subscription first. `before` is (subscribed_at, channel id)."""
    statement = _SHOWN.add_columns(subscription.c.created_at.label("subscribed_at")).join(
        subscription, subscription.c.channel_id == account.c.id
    )
    statement = statement.where(subscription.c.account_id == account_id)
    statement = statement.order_by(subscription.c.created_at.desc(), subscription.c.channel_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(subscription.c.created_at, subscription.c.channel_id) < before)
    return all_rows(connection, statement, SubscribedChannelRow)
