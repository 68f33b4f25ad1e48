"""Embedding videos in other sites: oEmbed 1.0 (oembed.com) for URLs of our watch and embed pages."""

from __future__ import annotations

import re
from html import escape
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel

from yeoul.api.deps import PartsDep
from yeoul.api.public_url import make_public_url
from yeoul.api.view import read_video_view
from yeoul.base.errors import FormatError, NotFoundError
from yeoul.model.video import Visibility, effective_visibility

router = APIRouter(tags=["embed"])
_PATH = re.compile(r"/(?:watch|embed)/([0-9a-z]{1,40})/?")
_DEFAULT_SIZE = (640, 360)
_Side = Annotated[int | None, Query(ge=1, le=100_000)]


class Embed(BaseModel):
    """An oEmbed response of type video. html: safe to insert into a page as it is."""

    version: str = "1.0"
    type: str = "video"
    provider_name: str = "Yeoul"
    provider_url: str
    title: str
    author_name: str
    author_url: str
    thumbnail_url: str | None
    thumbnail_width: int | None
    thumbnail_height: int | None
    width: int
    height: int
    html: str


@router.get("/oembed")
def get_oembed(
    request: Request,
    parts: PartsDep,
    url: str,
    output_format: Annotated[str, Query(alias="format")] = "json",
    maxwidth: _Side = None,
    maxheight: _Side = None,
) -> Embed:
    """Returns the data to embed a video in another site. Private and hidden videos are answered with 404."""
    if output_format != "json":
        raise FormatError("the only supported format is json", format=output_format)
    base = make_public_url(request, parts)
    row, view = read_video_view(parts, _parse_video_id(url, base))
    if effective_visibility(row) == Visibility.PRIVATE:
        raise NotFoundError("there is no such video")
    size = (view.source.width, view.source.height) if view.source is not None else _DEFAULT_SIZE
    width, height = _fit(size, maxwidth or _DEFAULT_SIZE[0], maxheight or 10_000)
    has_poster = view.poster is not None
    return Embed(
        provider_url=base,
        title=view.title,
        author_name=view.channel.display_name,
        author_url=f"{base}/c/{view.channel.handle}",
        thumbnail_url=f"{base}{view.poster}" if has_poster else None,
        thumbnail_width=size[0] if has_poster else None,
        thumbnail_height=size[1] if has_poster else None,
        width=width,
        height=height,
        html=_frame(f"{base}/embed/{view.id}", view.title, width, height),
    )


def _parse_video_id(url: str, base: str) -> str:
    try:
        parsed = urlsplit(url)
    except ValueError:
        raise NotFoundError("there is no such video") from None
    path = _PATH.fullmatch(parsed.path)
    if path is None or parsed.scheme not in {"http", "https"} or parsed.netloc != urlsplit(base).netloc:
        raise NotFoundError("this is not the URL of a video on this server")
    return path[1]


def _fit(size: tuple[int, int], width: int, height: int) -> tuple[int, int]:
    """Returns the largest size with the same aspect ratio within width and height."""
    scale = min(width / size[0], height / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _frame(address: str, title: str, width: int, height: int) -> str:
    allowed = "autoplay; fullscreen; picture-in-picture; encrypted-media"
    return (
        f'<iframe src="{escape(address)}" title="{escape(title)}" width="{width}" height="{height}" '
        f'style="border:0" allow="{allowed}" allowfullscreen loading="lazy"></iframe>'
    )
