"""The web app's pages and assets, with a content security policy."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from yeoul.api.compression import accepts_gzip, gzip_file
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.file.page_policy import make_policy
from yeoul.api.identity import COOKIE
from yeoul.api.watch.page_head import find_video_head
from yeoul.base.errors import NotFoundError

router = APIRouter(include_in_schema=False)
# URL path, file of the web app, what the page shows. The pages read the parameters of the path themselves.
_PAGES = (
    ("/", "index.html", "the newest videos"),
    ("/watch/{video_id}", "watch.html", "one video"),
    ("/embed/{video_id}", "embed.html", "one video, embedded in another site"),
    ("/upload", "upload.html", "uploading videos"),
    ("/search", "search.html", "search results"),
    ("/trending", "trending.html", "trending videos"),
    ("/subscriptions", "subscriptions.html", "subscriptions"),
    ("/c/{handle}", "channel.html", "one channel"),
    ("/playlist/{playlist_id}", "playlist.html", "one playlist"),
    ("/history", "history.html", "the watch history"),
    ("/login", "login.html", "signing in"),
    ("/signup", "signup.html", "creating an account"),
    ("/confirm", "confirm.html", "confirming an e-mail address"),
    ("/reset", "reset.html", "choosing a new password"),
    ("/settings", "settings.html", "the caller's account"),
    ("/studio", "studio.html", "the caller's videos"),
    ("/studio/video/{video_id}", "studio-video.html", "one of the caller's videos and its run"),
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
_COMPRESSED = {".js", ".mjs", ".css", ".svg"}


def _choose_language(request: Request) -> str:
    """Returns the language chosen on the page, else the first one of the browser that we support.

    Quality values are ignored, because browsers send languages in descending order.
    """
    preferences = [request.cookies.get(_LANGUAGE_COOKIE, ""), *request.headers.get("accept-language", "").split(",")]
    codes = (preference.strip()[:2].lower() for preference in preferences)
    return next((language for language in codes if language in _LANGUAGES), _LANGUAGES[0])


def _html_tag(request: Request) -> str:
    """Returns the html element with the language, the theme, and whether the browser has a session cookie."""
    theme = request.cookies.get(_THEME_COOKIE)
    theme_part = f' data-theme="{theme}"' if theme in _THEMES else ""
    session_part = " data-session" if request.cookies.get(COOKIE) else ""
    return f'<html lang="{_choose_language(request)}"{theme_part}{session_part}>'


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
    return HTMLResponse(_add_video_head(request, parts, text), headers=headers)


def _add_video_head(request: Request, parts: Parts, text: str) -> str:
    """Adds the head and the poster of the video to a page that contains a player."""
    if _PLAYER not in text:
        return text
    is_embedded = request.url.path.startswith("/embed/")
    video_head = find_video_head(request, parts, request.path_params["video_id"], embedded=is_embedded)
    return text if video_head is None else text.replace(_TITLE, video_head.head, 1).replace(_PLAYER, _PLAYER + video_head.poster, 1)


def _add_page(path: str, file: str, shows: str) -> None:
    def get_page(request: Request, parts: PartsDep) -> Response:
        # Only the embed page may be framed by other sites.
        framers = "*" if path.startswith("/embed/") else "'self'"
        return _page(request, parts, file, make_policy(parts.web, parts.settings.blob, frame_ancestors=framers))

    get_page.__doc__ = f"Returns the page for {shows}. The page loads its data from the API as the current caller."
    router.add_api_route(path, get_page, methods=["GET"])


for _path, _file, _shows in _PAGES:
    _add_page(_path, _file, _shows)


@router.get("/assets/{name:path}")
def get_asset(name: str, request: Request, parts: PartsDep) -> Response:
    """Returns a script, style or picture. Its name changes with its content."""
    root = (parts.web / "assets").resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise NotFoundError("there is no such asset")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    media_type = _TYPES.get(path.suffix)
    if path.suffix in _COMPRESSED:
        headers["Vary"] = "Accept-Encoding"
        if accepts_gzip(request.headers.get("accept-encoding", "").encode("latin-1")):
            return Response(gzip_file(path), media_type=media_type, headers={**headers, "Content-Encoding": "gzip"})
    return FileResponse(path, media_type=media_type, headers=headers)
