"""The web app's pages and assets, with a content security policy."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import FileResponse

from yeoul.api.deps import Parts, PartsDep
from yeoul.base.errors import NotFoundError

router = APIRouter(include_in_schema=False)
# style-src: media-chrome's shadow roots carry style elements. connect-src: presigned addresses of stores elsewhere.
_CSP = (
    "default-src 'self'; media-src 'self' blob:; img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; worker-src 'self' blob:; "
    "connect-src *; object-src 'none'; base-uri 'none'; frame-ancestors 'self'"
)
_EMBED_CSP = _CSP.replace("frame-ancestors 'self'", "frame-ancestors *")  # the one page that others may frame
_TYPES = {".js": "text/javascript", ".mjs": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}


def _page(parts: Parts, name: str, csp: str = _CSP) -> Response:
    path = parts.web / name
    if not path.is_file():
        raise NotFoundError("the web app is not built; run `make web`")
    headers = {
        "Content-Security-Policy": csp,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-cache",
    }
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=headers)


@router.get("/")
def get_home(parts: PartsDep) -> Response:
    """The home page."""
    return _page(parts, "index.html")


@router.get("/watch/{video_id}")
def get_watch(video_id: str, parts: PartsDep) -> Response:  # noqa: ARG001 (the page reads it from its address)
    """The watch page."""
    return _page(parts, "watch.html")


@router.get("/embed/{video_id}")
def get_embed(video_id: str, parts: PartsDep) -> Response:  # noqa: ARG001 (the page reads it from its address)
    """The player alone, for other people's pages."""
    name = "embed.html" if (parts.web / "embed.html").is_file() else "watch.html"
    return _page(parts, name, _EMBED_CSP)


@router.get("/admin")
def get_admin(parts: PartsDep) -> Response:
    """The admin's page; what it shows it asks for as its reader."""
    return _page(parts, "admin.html")


@router.get("/assets/{name:path}")
def get_asset(name: str, parts: PartsDep) -> Response:
    """A script, style or picture, whose name changes with its content."""
    root = (parts.web / "assets").resolve()
    path = (root / name).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise NotFoundError("there is no such asset")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return FileResponse(path, media_type=_TYPES.get(path.suffix), headers=headers)
