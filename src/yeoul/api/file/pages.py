"""The web app's pages and assets, with a content security policy."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.file.page_policy import make_policy
from yeoul.api.identity import COOKIE
from yeoul.api.packing import packed_file, takes_gzip
from yeoul.api.watch.page_head import find_video_head
from yeoul.base.errors import NotFoundError

router = APIRouter(include_in_schema=False)
# Address, file of the web app, what it shows. Parts of addresses are read by the pages themselves.
_PAGES = (
    ("/", "index.html", "the newest videos"),
    ("/watch/{video_id}", "watch.html", "one video"),
    ("/embed/{video_id}", "embed.html", "one video, inside other people's pages"),
    ("/upload", "upload.html", "sending videos"),
    ("/search", "search.html", "what was found"),
    ("/trending", "trending.html", "what many watch"),
    ("/subscriptions", "subscriptions.html", "the channels one follows"),
    ("/c/{handle}", "channel.html", "one channel"),
    ("/playlist/{playlist_id}", "playlist.html", "one playlist"),
    ("/history", "history.html", "what one has watched"),
    ("/login", "login.html", "signing in"),
    ("/signup", "signup.html", "making an account"),
    ("/confirm", "confirm.html", "confirming an address"),
    ("/reset", "reset.html", "choosing a new password"),
    ("/settings", "settings.html", "one's own account"),
    ("/studio", "studio.html", "one's own videos"),
    ("/studio/video/{video_id}", "studio-video.html", "one of one's own videos and the work on it"),
    ("/admin", "admin.html", "the queues"),
)
_HTML_TAG = '<html lang="en">'
_TITLE = "<title>Yeoul</title>"
_PLAYER = '<yeoul-player id="player">'
# Written by the pages (web/src/preference/).
_LANGUAGE_COOKIE = "yeoul_language"
_THEME_COOKIE = "yeoul_theme"
_LANGUAGES = ("en", "ko")
_THEMES = ("dark", "light")
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
_PACKED = {".js", ".mjs", ".css", ".svg"}


def _wished_language(request: Request) -> str:
    """As chosen on the page, else as the browser prefers; quality values are left aside, since browsers send them falling."""
    wishes = [request.cookies.get(_LANGUAGE_COOKIE, ""), *request.headers.get("accept-language", "").split(",")]
    known = (wish.strip()[:2].lower() for wish in wishes)
    return next((language for language in known if language in _LANGUAGES), _LANGUAGES[0])


def _html_tag(request: Request) -> str:
    """The page's first element with what it must know before it is drawn: language, theme, and whether a session may be open."""
    theme = request.cookies.get(_THEME_COOKIE)
    theme_part = f' data-theme="{theme}"' if theme in _THEMES else ""
    session_part = " data-session" if request.cookies.get(COOKIE) else ""
    return f'<html lang="{_wished_language(request)}"{theme_part}{session_part}>'


def _page(request: Request, parts: Parts, name: str, policy: str) -> Response:
    path = parts.web / name
    if not path.is_file():
        raise NotFoundError("the web app is not built; run `make web`")
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "private, no-cache",
        "Vary": "Cookie, Accept-Language",
    }
    text = path.read_text(encoding="utf-8").replace(_HTML_TAG, _html_tag(request), 1)
    return HTMLResponse(_with_video(request, parts, text), headers=headers)


def _with_video(request: Request, parts: Parts, text: str) -> str:
    """A page that has a player in its markup, with what is known of the video of its address."""
    if _PLAYER not in text:
        return text
    embedded = request.url.path.startswith("/embed/")
    known = find_video_head(request, parts, request.path_params["video_id"], embedded=embedded)
    return text if known is None else text.replace(_TITLE, known.head, 1).replace(_PLAYER, _PLAYER + known.picture, 1)


def _add_page(path: str, file: str, what: str) -> None:
    def get_page(request: Request, parts: PartsDep) -> Response:
        # The one page that others may frame.
        framers = "*" if path.startswith("/embed/") else "'self'"
        return _page(request, parts, file, make_policy(parts.web, parts.settings.blob, frame_ancestors=framers))

    get_page.__doc__ = f"The page of {what}; what it shows it asks for as its reader."
    router.add_api_route(path, get_page, methods=["GET"])


for _path, _file, _what in _PAGES:
    _add_page(_path, _file, _what)


@router.get("/assets/{name:path}")
def get_asset(name: str, request: Request, parts: PartsDep) -> Response:
    """A script, style or picture, whose name changes with its content."""
    root = (parts.web / "assets").resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise NotFoundError("there is no such asset")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    media_type = _TYPES.get(path.suffix)
    if path.suffix in _PACKED:
        headers["Vary"] = "Accept-Encoding"
        if takes_gzip(request):
            return Response(packed_file(path), media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(path, media_type=media_type, headers=headers)
