"""RSS 2.0 feeds (rssboard.org) with Media RSS: all public videos, and those of one channel."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import formatdate
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter, Request, Response

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.public_url import make_public_url
from yeoul.api.view import VideoView
from yeoul.api.view import show_videos as show
from yeoul.catalog.account import channel
from yeoul.catalog.schema.row.videos import ListingRow
from yeoul.catalog.video import listing

router = APIRouter(include_in_schema=False)
_ITEMS = 50
_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">'
)
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, production 2


@router.get("/feed.xml")
def get_feed(request: Request, parts: PartsDep) -> Response:
    """Returns the newest public videos."""
    with parts.database.read() as connection:
        rows = listing.newest(connection, None, _ITEMS)
        views = show(parts, connection, [row["video_id"] for row in rows])
    return _make_feed(request, parts, ("Yeoul", "", "New videos"), rows, views)


@router.get("/channels/{handle}/feed.xml")
def get_channel_feed(handle: str, request: Request, parts: PartsDep) -> Response:
    """Returns the newest public videos of a channel."""
    with parts.database.read() as connection:
        row = channel.get(connection, handle)
        rows = listing.of_channel(connection, row["id"], None, _ITEMS)
        views = show(parts, connection, [row["video_id"] for row in rows])
    name = row["display_name"] or row["handle"]
    return _make_feed(request, parts, (name, f"c/{row['handle']}", row.get("bio") or f"Videos of {name}"), rows, views)


def _make_feed(
    request: Request, parts: Parts, about: tuple[str, str, str], rows: Sequence[ListingRow], views: Sequence[VideoView]
) -> Response:
    base = make_public_url(request, parts)
    title, path, description = about
    times = {row["video_id"]: row["created_at"] for row in rows}
    self_link = f'<atom:link href={quoteattr(base + request.url.path)} rel="self" type="application/rss+xml"/>'
    head = (
        f"<channel><title>{_text(title)}</title><link>{_text(f'{base}/{path}')}</link>"
        f"<description>{_text(description)}</description>{self_link}"
    )
    items = "".join(_item(base, view, times[view.id]) for view in views)
    return Response(f"{_HEAD}{head}{items}</channel></rss>\n", media_type="application/rss+xml; charset=utf-8")


def _item(base: str, view: VideoView, created_at: float) -> str:
    address = f"{base}{view.watch}"
    parts = [
        f"<title>{_text(view.title or view.id)}</title><link>{_text(address)}</link>",
        f'<guid isPermaLink="true">{_text(address)}</guid><pubDate>{formatdate(created_at, usegmt=True)}</pubDate>',
        f"<description>{_text(escape(view.description))}</description>",  # escaped twice, because feed readers expect HTML
        *(f"<category>{_text(tag)}</category>" for tag in view.tags),
    ]
    if view.playback is not None:
        hls = quoteattr(f"{base}{view.playback.hls}")
        duration = "" if view.duration_s is None else f' duration="{round(view.duration_s)}"'
        parts.append(f'<enclosure url={hls} length="0" type="application/vnd.apple.mpegurl"/>')  # 0: a stream has no size
        parts.append(f'<media:content url={hls} type="application/vnd.apple.mpegurl" medium="video"{duration}/>')
    if view.poster is not None:
        parts.append(f"<media:thumbnail url={quoteattr(f'{base}{view.poster}')}/>")
    return f"<item>{''.join(parts)}</item>"


def _text(value: str) -> str:
    return escape(_NO_XML.sub("\N{REPLACEMENT CHARACTER}", value))
