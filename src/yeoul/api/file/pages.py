"""The web app's pages and assets: an ASGI application of its own, with a content security policy.

It is reached before the middleware and the router of the API. A page costs neither a thread nor a query, unless it shows a video about
which something may have changed since the page was last sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.compression import accepts_gzip, gzip_file
from yeoul.api.deps import Parts
from yeoul.api.file.page_policy import make_policy
from yeoul.api.identity import COOKIE
from yeoul.api.problem import make_problem
from yeoul.api.public_url import make_public_url
from yeoul.api.stream_sender import Headers, send_all
from yeoul.api.watch.page_head import VideoHead, find_video_head
from yeoul.base.errors import MethodError, NotFoundError, UnavailableError, YeoulError

log = logging.getLogger("yeoul.api")
# URL path and file of the web app. The pages read the parameters of the path themselves.
PAGES = (
    ("/", "index.html"),
    ("/watch/{video_id}", "watch.html"),
    ("/embed/{video_id}", "embed.html"),
    ("/upload", "upload.html"),
    ("/search", "search.html"),
    ("/trending", "trending.html"),
    ("/subscriptions", "subscriptions.html"),
    ("/c/{handle}", "channel.html"),
    ("/playlist/{playlist_id}", "playlist.html"),
    ("/history", "history.html"),
    ("/login", "login.html"),
    ("/signup", "signup.html"),
    ("/confirm", "confirm.html"),
    ("/reset", "reset.html"),
    ("/settings", "settings.html"),
    ("/studio", "studio.html"),
    ("/studio/video/{video_id}", "studio-video.html"),
    ("/admin", "admin.html"),
)
_ASSETS = "/assets/"
_ASSET_ROUTE = "/assets/{name:path}"
_METHODS = "GET, HEAD"
_HTML_TAG = '<html lang="en">'
_TITLE = "<title>Yeoul</title>"
_PLAYER = '<yeoul-player id="player">'
# Written by the pages (web/src/preference/).
_LANGUAGE_COOKIE = "yeoul_language"
_THEME_COOKIE = "yeoul_theme"
_LANGUAGES = ("en", "ko")
_THEMES = ("dark", "light")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_COMPRESSED = {".js", ".mjs", ".css", ".svg"}
_MAX_HEADS, _MAX_HEAD_LENGTH = 1024, 2**15  # in characters; longer heads, of videos with hundreds of chapters, are not kept


@dataclass(frozen=True)
class _Address:
    """An address of a page. path: its pattern, by which metrics count; video_id: of the pages with a player."""

    path: str
    file: str
    video_id: str | None


@dataclass(frozen=True)
class _Template:
    """A page's file as it was at a time, and the headers that it is sent with."""

    modified_ns: int
    text: str
    headers: Headers


class _Addresses:
    """Finds the page of a path."""

    def __init__(self) -> None:
        self._fixed = {route: file for route, file in PAGES if "{" not in route}
        self._open = {route[: route.index("{")]: (route, file) for route, file in PAGES if "{" in route}

    def find(self, path: str) -> _Address | None:
        if path in self._fixed:
            return _Address(path, self._fixed[path], None)
        folder, slash, name = path.rpartition("/")
        known = self._open.get(folder + slash)
        if known is None or not name:
            return None
        return _Address(*known, video_id=name if "{video_id}" in known[0] else None)


_ADDRESSES = _Addresses()
_ASSET = _Address(_ASSET_ROUTE, "", None)


class Pages:
    """Answers requests for pages and assets.

    limit: wraps the application that answers requests for which the server has to work, as a middleware does.
    """

    def __init__(self, parts: Parts, limit: Callable[[ASGIApp], ASGIApp]) -> None:
        self._parts = parts
        self._work = limit(self._answer_with_work)
        self._templates: dict[str, _Template] = {}
        self._heads: OrderedDict[tuple[str, str, bool], tuple[int, VideoHead | None]] = OrderedDict()

    @staticmethod
    def is_for(scope: Scope) -> bool:
        """True if a request is for a page or an asset."""
        path: str = scope["path"]
        return path.startswith(_ASSETS) or _ADDRESSES.find(path) is not None or _find_without_slash(path) is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        place = _find_without_slash(scope["path"])
        address = _ADDRESSES.find(place or scope["path"]) or _ASSET
        scope["route"] = address  # the label of the request metrics
        if scope["method"] not in ("GET", "HEAD"):
            response = make_problem(MethodError(f"pages are read with GET, not with {scope['method'][:20]}"))
            response.headers["Allow"] = _METHODS
            await response(scope, receive, send)
            return
        if place is not None:
            query = scope["query_string"]
            await send_all(send, 307, [(b"location", quote(place).encode() + (b"?" + query if query else b""))], b"")
            return
        try:
            if address is _ASSET:
                await self._send_asset(scope, send)
            else:
                await self._send_page(address, scope, receive, send)
        except YeoulError as error:
            await make_problem(error)(scope, receive, send)

    # --- pages ---

    async def _send_page(self, address: _Address, scope: Scope, receive: Receive, send: Send) -> None:
        if address.video_id is None or _PLAYER not in self._open_template(address.file).text:
            await self._send(address, None, scope, send)
            return
        key = self._make_key(address, scope)
        kept = self._heads.get(key)
        if kept is None or kept[0] != self._find_generation():
            await self._work(scope, receive, send)
            return
        self._heads.move_to_end(key)
        await self._send(address, kept[1], scope, send)

    def _make_key(self, address: _Address, scope: Scope) -> tuple[str, str, bool]:
        """Returns (video id, base of absolute URLs, whether the page is for embedding)."""
        return address.video_id or "", make_public_url(Request(scope), self._parts), address.file == "embed.html"

    def _find_generation(self) -> int | None:
        """Returns a number that changes with each commit; None if the database cannot be reached."""
        try:
            return self._parts.response_cache.get_generation()
        except UnavailableError:
            return None

    async def _answer_with_work(self, scope: Scope, _receive: Receive, send: Send) -> None:
        address: _Address = scope["route"]
        video_id, base, is_embedded = key = self._make_key(address, scope)
        generation = self._find_generation()
        try:
            head = await asyncio.to_thread(find_video_head, self._parts, video_id, base, embedded=is_embedded)
        except UnavailableError:  # the page is sent anyway, and asks the API itself
            head, generation = None, None
        except Exception:
            log.exception("the head of a page could not be made")
            head, generation = None, None
        if generation is not None and (head is None or len(head.head) <= _MAX_HEAD_LENGTH):
            self._heads[key] = generation, head
            self._heads.move_to_end(key)
            while len(self._heads) > _MAX_HEADS:
                self._heads.popitem(last=False)
        await self._send(address, head, scope, send)

    async def _send(self, address: _Address, head: VideoHead | None, scope: Scope, send: Send) -> None:
        template = self._open_template(address.file)
        text = template.text.replace(_HTML_TAG, _make_html_tag(Request(scope)), 1)
        if head is not None:
            text = text.replace(_TITLE, head.head, 1).replace(_PLAYER, _PLAYER + head.poster, 1)
        body = text.encode()
        headers = [*template.headers, (b"content-length", b"%d" % len(body))]
        await send_all(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    def _open_template(self, file: str) -> _Template:
        """Returns a page's template. Raises NotFoundError if the web app is not built."""
        path = self._parts.web / file
        try:
            modified_ns = path.stat().st_mtime_ns
            known = self._templates.get(file)
            if known is None or known.modified_ns != modified_ns:
                known = self._templates[file] = _Template(modified_ns, path.read_text(encoding="utf-8"), self._make_headers(file))
        except OSError as error:
            raise NotFoundError("the web app is not built; run `make web`") from error
        return known

    def _make_headers(self, file: str) -> Headers:
        # Only the embed page may be framed by other sites.
        framers = "*" if file == "embed.html" else "'self'"
        policy = make_policy(self._parts.web, self._parts.settings.blob, frame_ancestors=framers)
        return [
            (b"content-type", b"text/html; charset=utf-8"),
            (b"content-security-policy", policy.encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
            (b"cache-control", b"private, no-cache"),
            (b"vary", b"Cookie, Accept-Language"),
        ]

    # --- assets ---

    async def _send_asset(self, scope: Scope, send: Send) -> None:
        """Sends a script, style or picture. Its name changes with its content. Raises NotFoundError."""
        path = self._find_asset(scope["path"].removeprefix(_ASSETS))
        headers: Headers = [(b"cache-control", b"public, max-age=31536000, immutable"), (b"x-content-type-options", b"nosniff")]
        if path.suffix in _TYPES:
            text_type = "; charset=utf-8" if _TYPES[path.suffix].startswith("text/") else ""
            headers.append((b"content-type", f"{_TYPES[path.suffix]}{text_type}".encode()))
        if path.suffix in _COMPRESSED:
            headers.append((b"vary", b"Accept-Encoding"))
        if path.suffix in _COMPRESSED and accepts_gzip(dict[bytes, bytes](scope["headers"]).get(b"accept-encoding", b"")):
            headers.append((b"content-encoding", b"gzip"))
            body = gzip_file(path)
        else:
            body = path.read_bytes()
        headers.append((b"content-length", b"%d" % len(body)))
        await send_all(send, 200, headers, b"" if scope["method"] == "HEAD" else body)

    def _find_asset(self, name: str) -> Path:
        root = (self._parts.web / "assets").resolve()
        with suppress(ValueError, OSError):  # a NUL, a name that is too long
            path = (root / name).resolve()
            if path.is_relative_to(root) and path.is_file():
                return path
        raise NotFoundError("there is no such asset")


def _find_without_slash(path: str) -> str | None:
    """Returns the address of the page whose path a client has written with a slash at its end; None for all other paths."""
    shorter = path.rstrip("/")
    return shorter if shorter not in ("", path) and _ADDRESSES.find(shorter) is not None else None


def _choose_language(request: Request) -> str:
    """Returns the language chosen on the page, else the first one of the browser that we support.

    Quality values are ignored, because browsers send languages in descending order.
    """
    preferences = [request.cookies.get(_LANGUAGE_COOKIE, ""), *request.headers.get("accept-language", "").split(",")]
    codes = (preference.strip()[:2].lower() for preference in preferences)
    return next((language for language in codes if language in _LANGUAGES), _LANGUAGES[0])


def _make_html_tag(request: Request) -> str:
    """Returns the html element with the language, the theme, and whether the browser has a session cookie."""
    theme = request.cookies.get(_THEME_COOKIE)
    theme_part = f' data-theme="{theme}"' if theme in _THEMES else ""
    session_part = " data-session" if request.cookies.get(COOKIE) else ""
    return f'<html lang="{_choose_language(request)}"{theme_part}{session_part}>'
