"""Channels: their pages, subscriptions, and the feed of subscribed channels."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from yeoul.api.deps import PartsDep
from yeoul.api.identity import Caller, MaybeCaller
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.video_page import VideoPage, make_video_page
from yeoul.api.view import make_avatar_path
from yeoul.base.errors import InvalidError
from yeoul.catalog.account import channel
from yeoul.catalog.video import listing

router = APIRouter(tags=["channels"])


class ChannelPageView(BaseModel):
    """A channel. videos: number of its public videos; subscribed: true if the caller is subscribed."""

    handle: str
    display_name: str
    bio: str
    avatar: str | None
    subscribers: int
    videos: int
    subscribed: bool


class ChannelPage(BaseModel):
    """One page of channels, newest subscription first."""

    items: list[ChannelPageView]
    next: str | None


def _view(row: channel.ChannelAccountRow, *, subscribed: bool) -> ChannelPageView:
    return ChannelPageView(
        handle=row["handle"],
        display_name=row["display_name"] or row["handle"],
        bio=row["bio"],
        avatar=make_avatar_path(row["id"], row["avatar"]),
        subscribers=row["subscribers"] or 0,
        videos=row["videos"] or 0,
        subscribed=subscribed,
    )


@router.get("/channels/{handle}")
def get_channel(handle: str, caller: MaybeCaller, parts: PartsDep) -> ChannelPageView:
    """Returns a channel."""
    with parts.database.read() as connection:
        row = channel.get(connection, handle)
        return _view(row, subscribed=caller is not None and channel.is_subscribed(connection, caller["id"], row["id"]))


@router.get("/channels/{handle}/videos")
def get_channel_videos(handle: str, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> VideoPage:
    """Lists the public videos of a channel that can be played, newest first."""
    with parts.database.read() as connection:
        owner_id = channel.get(connection, handle)["id"]
        return make_video_page(parts, connection, listing.of_channel(connection, owner_id, read_cursor(cursor), limit + 1), limit)


@router.put("/channels/{handle}/subscription", status_code=204)
def put_subscription(handle: str, caller: Caller, parts: PartsDep) -> None:
    """Subscribes the caller to a channel."""
    with parts.database.write() as connection:
        row = channel.get(connection, handle)
        if row["id"] == caller["id"]:
            raise InvalidError("you cannot subscribe to your own channel", field="handle")
        channel.subscribe(connection, caller["id"], row["id"], parts.clock.now())


@router.delete("/channels/{handle}/subscription", status_code=204)
def delete_subscription(handle: str, caller: Caller, parts: PartsDep) -> None:
    """Ends the caller's subscription, if it exists."""
    with parts.database.write() as connection:
        channel.unsubscribe(connection, caller["id"], channel.get(connection, handle)["id"])


@router.get("/subscriptions")
def get_subscriptions(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> ChannelPage:
    """Lists the channels that the caller is subscribed to."""
    with parts.database.read() as connection:
        rows = channel.subscriptions(connection, caller["id"], read_cursor(cursor), limit + 1)
    return ChannelPage(items=[_view(row, subscribed=True) for row in rows[:limit]], next=next_cursor(rows, limit, "subscribed_at"))


@router.get("/subscriptions/feed")
def get_subscriptions_feed(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> VideoPage:
    """Lists the public videos of the channels that the caller is subscribed to, newest first."""
    with parts.database.read() as connection:
        ids = channel.channels_of(connection, caller["id"])
        return make_video_page(parts, connection, listing.of_channels(connection, ids, read_cursor(cursor), limit + 1), limit)
