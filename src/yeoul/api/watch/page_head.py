"""What a page of one video says before any script runs: cards for other sites, its picture, and where its streams begin."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from fastapi import Request

from yeoul.api.deps import Parts
from yeoul.api.public_url import make_public_url
from yeoul.api.view import VideoView, read_video_view
from yeoul.base.errors import NotFoundError, UnavailableError
from yeoul.delivery.presentation import INIT_NAME, Presentation, Track, folder_uri, segment_uri
from yeoul.model.video import Visibility, audience

_DESCRIPTION_LENGTH = 200


@dataclass(frozen=True)
class VideoHead:
    """Markup for the page's head, and for inside of its player element."""

    head: str
    picture: str


def find_video_head(request: Request, parts: Parts, video_id: str, *, embedded: bool) -> VideoHead | None:
    """The markup of a video that everybody with its link may see; None of all others, whether they exist or not."""
    try:
        row, view = read_video_view(parts, video_id.replace("\0", ""))
        offered = parts.presentations.get(view.id).presentation
    except (NotFoundError, UnavailableError):  # the page comes in any case, and asks by itself
        return None
    if audience(row) == Visibility.PRIVATE:
        return None
    base = make_public_url(request, parts)
    lines = [f"<title>{escape(view.title)} · Yeoul</title>", *_links(view, base)]
    if not embedded:
        lines += _cards(view, base)
    if embedded or audience(row) != Visibility.PUBLIC:
        lines.append('<meta name="robots" content="noindex">')
    lines.append(_known(view, offered))
    picture = "" if view.poster is None else f'<img class="poster" src="{escape(view.poster)}" alt="" fetchpriority="high">'
    return VideoHead("\n    ".join(lines), picture)


def _links(view: VideoView, base: str) -> list[str]:
    watch = f"{base}/watch/{view.id}"
    oembed = f"{base}/oembed?format=json&url={quote(watch, safe='')}"
    lines = [
        f'<link rel="canonical" href="{escape(watch)}">',
        f'<link rel="alternate" type="application/json+oembed" href="{escape(oembed)}" title="{escape(view.title)}">',
    ]
    if view.poster is not None:
        lines.append(f'<link rel="preload" as="image" href="{escape(view.poster)}" fetchpriority="high">')
    return lines


def _cards(view: VideoView, base: str) -> list[str]:
    """Open Graph (ogp.me), and the player card of X."""
    words = " ".join(view.description.split())
    description = words if len(words) <= _DESCRIPTION_LENGTH else f"{words[: _DESCRIPTION_LENGTH - 1]}…"
    width, height = (view.source.width, view.source.height) if view.source is not None else (1280, 720)
    embed = f"{base}/embed/{view.id}"
    graph: dict[str, object] = {
        "og:site_name": "Yeoul",
        "og:type": "video.other",
        "og:url": f"{base}/watch/{view.id}",
        "og:title": view.title,
        "og:description": description,
        "og:video:url": embed,
        "og:video:type": "text/html",
        "og:video:width": width,
        "og:video:height": height,
    }
    card: dict[str, object] = {
        "description": description,
        "twitter:card": "player",
        "twitter:title": view.title,
        "twitter:description": description,
        "twitter:player": embed,
        "twitter:player:width": width,
        "twitter:player:height": height,
    }
    if view.poster is not None:
        graph["og:image"] = card["twitter:image"] = f"{base}{view.poster}"
    return [_meta("property", *item) for item in graph.items() if item[1]] + [_meta("name", *item) for item in card.items() if item[1]]


def _meta(kind: str, name: str, value: object) -> str:
    return f'<meta {kind}="{name}" content="{escape(str(value))}">'


def _known(view: VideoView, offered: Presentation | None) -> str:
    """The video as the API gives it, and where its streams begin, as data that no browser runs."""
    known = {"video": view.model_dump(mode="json"), "start": None if offered is None else _start(view, offered)}
    text = json.dumps(known, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="known">{text}</script>'


def _start(view: VideoView, offered: Presentation) -> dict[str, Any] | None:
    """The first files of each rung of the codec that most players know, and of the sound."""
    if view.playback is None:
        return None
    base = view.playback.hls.rpartition("/")[0]
    bandwidths = {rendition.name: rendition.bandwidth_bps for rendition in view.renditions}
    rungs = [
        {
            "pixels": track.rendition.width * track.rendition.height,
            "bandwidth_bps": bandwidths.get(track.name, 0),
            "urls": _opening(base, offered, track),
        }
        for track in next(iter(offered.codecs), ())
    ]
    return {"rungs": rungs, "sound": [url for track in offered.audios[:1] for url in _opening(base, offered, track)]}


def _opening(base: str, offered: Presentation, track: Track) -> list[str]:
    """A rendition's init segment and its first media segment."""
    return [f"{base}/{folder_uri(track)}/{INIT_NAME}", *(f"{base}/{segment_uri(track, one)}" for one in offered.listed(track)[:1])]
