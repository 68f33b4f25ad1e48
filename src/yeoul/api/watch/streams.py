"""Streams below `/stream/{token}/{video_id}/`: playlists made from the catalogue, and segments from the store."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, TypeVar, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from yeoul.api.compression import accepts_gzip
from yeoul.api.deps import Parts, PartsDep
from yeoul.base.errors import NotFoundError, SignatureError
from yeoul.blob.hosted import HostedStore
from yeoul.blob.store import Bucket
from yeoul.delivery import dash, hls
from yeoul.delivery import presentation as layout
from yeoul.delivery.catalogue_view import View, poster_uri
from yeoul.delivery.presentation import Presentation, Track
from yeoul.model.rendition import Storyboard
from yeoul.model.video import Visibility, effective_visibility

router = APIRouter(tags=["stream"], include_in_schema=False)
_HLS = "application/vnd.apple.mpegurl"
_DASH = "application/dash+xml"
_VTT = "text/vtt; charset=utf-8"
_SIGNED_GET_S = 3600
_YEAR_S = 365 * 86_400


def _get_view(token: str, video_id: str, parts: PartsDep) -> View:
    view = parts.presentations.get(video_id)
    now_s = parts.clock.now()
    try:
        parts.access.check(token, video_id, effective_visibility(view.row), now_s)
    except SignatureError:
        # The cached view can be older than a change of visibility.
        view = parts.presentations.get(video_id, fresh=True)
        parts.access.check(token, video_id, effective_visibility(view.row), now_s)
    return view


Handler = TypeVar("Handler", bound=Callable[..., Response])
ViewDep = Annotated[View, Depends(_get_view)]


def _get_presentation(view: View) -> Presentation:
    if view.presentation is None:
        raise NotFoundError(f"video {view.row['id']} cannot be played yet", video=view.row["id"], state=view.row["state"])
    return view.presentation


def _find_track(parts: Parts, view: View, folder: str) -> tuple[View, Track]:
    """Returns the view and track of a rendition's folder, also of earlier editions, so that viewers who started with one can continue."""
    name, edition = layout.read_folder(folder)
    if edition < view.row["edition"] and name not in view.captions:
        view = parts.presentations.get(view.row["id"], edition)
    presentation = _get_presentation(view)
    for track in (*presentation.tracks, *presentation.texts):
        # Captions are served at the URLs of all editions, so that players with an old playlist get the current text.
        if track.name == name and (track.edition == edition or track.rendition.kind == "text"):
            return view, track
    raise NotFoundError(f"there is no rendition {name}", rendition=name)


def _cache_scope(view: View) -> str:
    """Returns "private" if only some callers may see the video, so that no shared cache keeps it, else "public"."""
    return "private" if effective_visibility(view.row) == Visibility.PRIVATE else "public"


def make_text_response(request: Request, view: View, media_type: str, text: str) -> Response:
    """Returns a playlist or other text with an ETag, compressed if the client accepts gzip. Caches may keep it if the video is ready."""
    body = text.encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {
        "ETag": f"W/{etag}",  # weak: the same for all encodings
        "Vary": "Accept-Encoding",
        "Cache-Control": f"{_cache_scope(view)}, max-age=60" if view.is_ready else "no-cache",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",  # captions contain text from users
    }
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if accepts_gzip(request):
        headers["Content-Encoding"] = "gzip"
        body = gzip.compress(body, 5, mtime=0)
    return Response(body, media_type=media_type, headers=headers)


def make_file_response(parts: Parts, request: Request, view: View, key: str, media_type: str) -> Response:
    """Returns a file of the encoded bucket, which never changes. If the store is on another host, redirects to a presigned URL."""
    etag = f'"{hashlib.sha256(key.encode()).hexdigest()[:32]}"'
    cache_control = f"{_cache_scope(view)}, max-age={_YEAR_S}, immutable"
    headers = {"ETag": etag, "Cache-Control": cache_control, "Access-Control-Allow-Origin": "*", "Accept-Ranges": "bytes"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    if not isinstance(parts.store, HostedStore):
        signed = parts.store.sign_get(Bucket.ENCODED, key, parts.clock.now() + _SIGNED_GET_S)
        return RedirectResponse(signed.url, 307, headers={"Cache-Control": "private, max-age=600", "Access-Control-Allow-Origin": "*"})
    path: Path = parts.store.path(Bucket.ENCODED, key)
    if not path.is_file():
        raise NotFoundError("this file does not exist any more", key=key)
    return FileResponse(path, media_type=media_type, headers=headers)


_BASE = "/stream/{token}/{video_id}"


def _route(path: str) -> Callable[[Handler], Handler]:
    """Registers a route for GET and HEAD. Caches and players use HEAD to check whether a file exists."""

    def register(handler: Handler) -> Handler:
        router.api_route(path, methods=["GET", "HEAD"])(_retry_with_fresh_view(handler))
        return handler

    return register


def _retry_with_fresh_view(handler: Handler) -> Handler:
    """Calls a handler again if it did not find what was requested in a cached view, and the video has changed since.

    Clients learn from the API or from another server that something exists before this server's view of the video expires.
    """

    @wraps(handler)
    def run(*, request: Request, view: View, **others: Any) -> Response:
        try:
            return handler(request=request, view=view, **others)
        except NotFoundError:
            parts: Parts = request.app.state.parts
            fresh = parts.presentations.get(view.row["id"], fresh=True)
            if fresh.row["version"] == view.row["version"]:
                raise
            return handler(request=request, view=fresh, **others)

    return cast("Handler", run)


@_route(_BASE + "/" + layout.MASTER_NAME)
def get_master(request: Request, view: ViewDep) -> Response:
    """Returns the HLS multivariant playlist."""
    return make_text_response(request, view, _HLS, hls.make_multivariant_playlist(_get_presentation(view)))


@_route(_BASE + "/" + layout.MPD_NAME)
def get_mpd(request: Request, view: ViewDep) -> Response:
    """Returns the DASH manifest, which exists when the video is ready."""
    if not view.is_ready:
        raise NotFoundError("the DASH manifest exists only when the video is ready; play the HLS playlist", state=view.row["state"])
    return make_text_response(request, view, _DASH, dash.make_mpd(_get_presentation(view)))


@_route(_BASE + "/" + layout.STORYBOARD_NAME)
def get_storyboard(request: Request, view: ViewDep) -> Response:
    """Returns the storyboard as WebVTT."""
    presentation = _get_presentation(view)
    if presentation.storyboard is None:
        raise NotFoundError("there is no storyboard yet")
    return make_text_response(
        request, view, _VTT, layout.make_storyboard(presentation.storyboard, presentation.duration_s, view.row["edition"])
    )


@_route(_BASE + "/" + layout.CHAPTERS_NAME)
def get_chapters(request: Request, view: ViewDep) -> Response:
    """Returns the chapters as WebVTT."""
    presentation = _get_presentation(view)
    if not presentation.chapters:
        raise NotFoundError("there are no chapters")
    return make_text_response(request, view, _VTT, layout.make_chapters(presentation.chapters))


@_route(_BASE + "/" + layout.POSTER_NAME)
def get_poster(request: Request, view: ViewDep, parts: PartsDep) -> Response:
    """Returns the poster. It exists before the video can be played."""
    requested_uri = f"{layout.POSTER_NAME}?{request.url.query}".removesuffix("?")
    if requested_uri != poster_uri(view.row):
        # The cached view may be old, and caches would keep an old poster for a year.
        view = parts.presentations.get(view.row["id"], fresh=True)
    row = view.row
    key = row["own_poster_key"] if requested_uri == poster_uri(row) else row["poster_key"]
    key = key or row["poster_key"] or row["own_poster_key"]
    if key is None:
        raise NotFoundError("there is no poster yet")
    return make_file_response(parts, request, view, key, "image/jpeg")


@_route(_BASE + "/storyboard-{sheet}.jpg")
def get_sheet(request: Request, sheet: int, view: ViewDep, parts: PartsDep) -> Response:
    """Returns one sheet of the storyboard."""
    storyboard = None if view.row["storyboard"] is None else Storyboard.model_validate(view.row["storyboard"])
    if storyboard is None or not 0 <= sheet < len(storyboard.keys):
        raise NotFoundError("there is no such sheet", sheet=sheet)
    return make_file_response(parts, request, view, storyboard.keys[sheet], "image/jpeg")


@_route(_BASE + "/" + layout.SIDECAR_FOLDER + "/{name}")
def get_sidecar(request: Request, name: str, view: ViewDep, parts: PartsDep) -> Response:
    """Returns a file that an op published beside the streams. Browsers must not display it, because its content can be anything."""
    key = view.row["sidecars"].get(name)
    if key is None:
        raise NotFoundError(f"there is no sidecar {name}", sidecar=name)
    answer = make_file_response(parts, request, view, key, "application/json" if name.endswith(".json") else "application/octet-stream")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


@_route(_BASE + "/{name}/" + layout.MEDIA_NAME)
def get_media(request: Request, name: str, view: ViewDep, parts: PartsDep) -> Response:
    """Returns the media playlist of a rendition."""
    view, track = _find_track(parts, view, name)
    make = hls.make_caption_playlist if track.rendition.kind == "text" else hls.make_media_playlist
    return make_text_response(request, view, _HLS, make(_get_presentation(view), track))


@_route(_BASE + "/{name}/" + layout.IFRAMES_NAME)
def get_iframes(request: Request, name: str, view: ViewDep, parts: PartsDep) -> Response:
    """Returns the I-frame playlist of a rendition."""
    view, track = _find_track(parts, view, name)
    return make_text_response(request, view, _HLS, hls.make_iframe_playlist(_get_presentation(view), track))


@_route(_BASE + "/{name}/" + layout.CAPTIONS_NAME)
def get_captions(request: Request, name: str, view: ViewDep, parts: PartsDep) -> Response:
    """Returns a caption as WebVTT. The URL of a newer edition never returns an older text, because caches would keep it."""
    name, edition = layout.read_folder(name)
    if name not in view.captions or edition > view.captions[name]["edition"]:
        view = parts.presentations.get(view.row["id"], fresh=True)
    if name not in view.captions:
        raise NotFoundError(f"there is no caption {name}", rendition=name)
    return make_text_response(request, view, _VTT, view.captions[name]["webvtt"])


@_route(_BASE + "/{name}/" + layout.INIT_NAME)
def get_init(request: Request, name: str, view: ViewDep, parts: PartsDep) -> Response:
    """Returns the init segment of a rendition."""
    _, track = _find_track(parts, view, name)
    if track.rendition.init_key is None:
        raise NotFoundError(f"rendition {name} has no init segment", rendition=name)
    return make_file_response(parts, request, view, track.rendition.init_key, f"{track.rendition.kind}/mp4")


@_route(_BASE + "/{name}/{index}.m4s")
def get_segment(request: Request, name: str, index: int, view: ViewDep, parts: PartsDep) -> Response:
    """Returns one media segment."""
    _, track = _find_track(parts, view, name)
    segment = next((item for item in track.segments if item.index == index), None)
    if segment is None:
        raise NotFoundError(f"rendition {name} has no segment {index}", rendition=name, index=index)
    return make_file_response(parts, request, view, segment.key, f"{track.rendition.kind}/mp4")
