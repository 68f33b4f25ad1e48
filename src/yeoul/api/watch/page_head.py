"""The markup of a video's page before any script runs: preview cards for other sites, the poster, and the first URLs of the streams."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any
from urllib.parse import quote

from yeoul.api.deps import Parts
from yeoul.api.view import VideoView, read_video_view
from yeoul.base.errors import NotFoundError
from yeoul.delivery.stream_index import StartPaths
from yeoul.model.video import Visibility, effective_visibility

_DESCRIPTION_LENGTH = 200


@dataclass(frozen=True)
class VideoHead:
    """Markup for the head of a page, and for the content of its player element."""

    head: str
    poster: str


def find_video_head(parts: Parts, video_id: str, base: str, *, embedded: bool) -> VideoHead | None:
    """Returns the markup of a public or unlisted video. Returns None for all others, whether they exist or not.

    base: the site's public URL. Raises UnavailableError.
    """
    try:
        row, view = read_video_view(parts, video_id.replace("\0", ""))
        start = parts.streams.get(view.id).start
    except NotFoundError:
        return None
    if effective_visibility(row) == Visibility.PRIVATE:
        return None
    lines = [f"<title>{escape(view.title)} · Yeoul</title>", *_links(view, base)]
    if not embedded:
        lines += _cards(view, base)
    if embedded or effective_visibility(row) != Visibility.PUBLIC:
        lines.append('<meta name="robots" content="noindex">')
    lines.append(_make_data_element(view, start))
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
    """Returns the Open Graph tags (ogp.me) and the player card of X."""
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


def _make_data_element(view: VideoView, start: StartPaths | None) -> str:
    """Returns a data element with the video's API view and the first URLs of its streams. Browsers do not run it."""
    data = {"video": view.model_dump(mode="json"), "start": None if start is None else _start_urls(view, start)}
    text = json.dumps(data, ensure_ascii=False).replace("<", "\\u003c")
    return f'<script type="application/json" id="known">{text}</script>'


def _start_urls(view: VideoView, start: StartPaths) -> dict[str, Any] | None:
    """Returns the first URLs of each rung, in the codec that most players support, and of the audio track."""
    if view.playback is None:
        return None
    base = view.playback.hls.rpartition("/")[0]
    bandwidths = {rendition.name: rendition.bandwidth_bps for rendition in view.renditions}
    rungs = [
        {"pixels": pixels, "bandwidth_bps": bandwidths.get(name, 0), "urls": [f"{base}/{path}" for path in paths]}
        for name, pixels, paths in start.rungs
    ]
    return {"rungs": rungs, "sound": [f"{base}/{path}" for path in start.audio]}
