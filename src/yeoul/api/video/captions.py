"""Captions of a video: those of its file, and those that its owner adds."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from yeoul.api.answer_cache import NOT_MODIFIED
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, MaybeCaller, Row, check_edit, may_see
from yeoul.api.view import make_caption_uri, make_stream_base
from yeoul.base.errors import BodyTooLargeError, ConflictError, InvalidError, NotFoundError
from yeoul.catalog.video import caption, video
from yeoul.media.text.caption import read_srt, read_webvtt
from yeoul.media.text.caption_file import read_caption_file
from yeoul.media.text.encoding import Encoding
from yeoul.media.text.extract import MAX_TEXT_BYTES
from yeoul.model.plain import Language, Line

router = APIRouter(tags=["captions"])
_MOST = 100
_NAME = re.compile(r"(?!audio|sidecars)[a-z][a-z0-9-]{0,39}")  # no folder of a stream is called so
_VTT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/vtt": {"schema": {"type": "string"}}}}, **NOT_MODIFIED}


class NewCaptions(BaseModel):
    """Captions as WebVTT or as SubRip, one of both, of at most 2 MiB. language: a BCP 47 tag; label: as viewers read it in menus."""

    language: Language
    label: Line = Field(min_length=1, max_length=80)
    webvtt: str | None = None
    srt: str | None = None


class CaptionFileBody(BaseModel):
    """A file of captions in base64, of at most 2 MiB. language: a hint for its encoding, as is a name like film.ko.srt."""

    data: str = Field(max_length=4 * MAX_TEXT_BYTES // 3 + 4)
    file_name: Line = Field(default="", max_length=500)
    language: Language | None = None
    encoding: Encoding | None = None


class SlipView(BaseModel):
    """What of a file could not be read, by its line."""

    line: int
    message: str


class ReadCaptionsView(BaseModel):
    """What a file of captions says, as WebVTT; encoding: what it was in; slips: the first 100 of what could not be read."""

    webvtt: str
    encoding: str
    slips: list[SlipView]


class CaptionsView(BaseModel):
    """A text track. origin: whether it came with the video's file or was added; webvtt_url: an address of this state of it."""

    name: str
    language: str | None
    label: str
    origin: Literal["file", "added"]
    webvtt_url: str


class CaptionsList(BaseModel):
    """All text tracks of a video on one page, in order of name."""

    items: list[CaptionsView]
    next: None = None


@router.get("/videos/{video_id}/captions")
def get_captions(video_id: str, caller: MaybeCaller, parts: PartsDep) -> CaptionsList:
    """The text tracks of a video."""
    with parts.database.read() as connection:
        row = _find_seen(connection, video_id, caller)
        found = caption.of_video(connection, video_id)
    return CaptionsList(items=[_view(parts, row, one) for one in found])


@router.get("/videos/{video_id}/captions/{name}", response_class=Response, responses=_VTT)
def get_captions_text(video_id: str, name: str, request: Request, caller: MaybeCaller, parts: PartsDep) -> Response:
    """One text track as WebVTT."""
    with parts.database.read() as connection:
        _find_seen(connection, video_id, caller)
        found = _find(connection, video_id, name)
    body = found["webvtt"].encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/vtt; charset=utf-8", headers=headers)


@router.put("/videos/{video_id}/captions/{name}")
def put_captions(video_id: str, name: str, body: NewCaptions, caller: Caller, parts: PartsDep) -> CaptionsView:
    """Add captions, or put them in the place of those of this name; what cannot be read is told with its line (`facts.line`)."""
    if not _NAME.fullmatch(name):
        raise InvalidError("a name is up to 40 letters a-z, digits and hyphens, and does not begin with audio or sidecars", field="name")
    new = {"name": name, "language": body.language, "label": body.label, "webvtt": _read(body)}
    with parts.database.write() as connection:
        row = video.lock(connection, video_id)
        check_edit(row, caller)
        known = [one["name"] for one in caption.of_video(connection, video_id)]
        if name not in known and len(known) >= _MOST:
            raise ConflictError(f"no video has more than {_MOST} text tracks", most=_MOST)
        return _view(parts, row, caption.put(connection, video_id, new, parts.clock.now()))


@router.post("/videos/{video_id}/captions/read")
def read_captions(video_id: str, body: CaptionFileBody, caller: Caller, parts: PartsDep) -> ReadCaptionsView:
    """Read a file of captions (WebVTT, SubRip, SSA, ASS, TTML, SBV, LRC) in any encoding, to be looked at before it is saved with PUT.

    A cue that cannot be read is told of and left out.
    """
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
    try:
        data = base64.b64decode(body.data, validate=True)
    except ValueError as error:
        raise InvalidError("data is no base64", field="data") from error
    found = read_caption_file(data, body.file_name, body.language, body.encoding)
    slips = [SlipView(line=slip.line, message=slip.message) for slip in found.slips]
    return ReadCaptionsView(webvtt=found.webvtt, encoding=found.encoding, slips=slips)


@router.delete("/videos/{video_id}/captions/{name}", status_code=204)
def delete_captions(video_id: str, name: str, caller: Caller, parts: PartsDep) -> None:
    """Take captions away."""
    with parts.database.write() as connection:
        check_edit(video.lock(connection, video_id), caller)
        _find(connection, video_id, name)
        caption.drop(connection, video_id, name, parts.clock.now())


def _find_seen(connection: Connection, video_id: str, caller: Row | None) -> Row:
    row = video.get(connection, video_id)
    if not may_see(row, caller):
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    return row


def _find(connection: Connection, video_id: str, name: str) -> Row:
    found = None if "\0" in name else caption.find(connection, video_id, name)
    if found is None:
        raise NotFoundError(f"there are no captions {name}", captions=name)
    return found


def _read(body: NewCaptions) -> str:
    given = [(text, read) for text, read in ((body.webvtt, read_webvtt), (body.srt, read_srt)) if text is not None]
    if len(given) != 1:
        raise InvalidError("send either webvtt or srt", field="webvtt")
    ((text, read),) = given
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise BodyTooLargeError(f"captions may have at most {MAX_TEXT_BYTES} bytes", max_bytes=MAX_TEXT_BYTES)
    return read(text)


def _view(parts: Parts, row: Row, found: Row) -> CaptionsView:
    names = ("name", "language", "label", "origin")
    plain: dict[str, Any] = {name: found[name] for name in names}
    return CaptionsView(**plain, webvtt_url=f"{make_stream_base(parts, row)}/{make_caption_uri(found)}")
