"""Captions of a video: those of the source, and those that the owner adds."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, CallerRow, MaybeCaller, can_see, check_edit
from yeoul.api.response_cache import NOT_MODIFIED
from yeoul.api.view import make_caption_uri, make_stream_base
from yeoul.base.errors import BodyTooLargeError, ConflictError, InvalidError, NotFoundError
from yeoul.catalog.schema.row.videos import CaptionRow, VideoRow
from yeoul.catalog.video import caption, video
from yeoul.media.text.caption import read_srt, read_webvtt
from yeoul.media.text.caption_file import read_caption_file
from yeoul.media.text.encoding import Encoding
from yeoul.media.text.webvtt import MAX_TEXT_BYTES
from yeoul.model.plain import Language, Line

router = APIRouter(tags=["captions"])
_MAX_CAPTIONS = 100
_NAME = re.compile(r"(?!audio|sidecars)[a-z][a-z0-9-]{0,39}")  # other folders of a stream have these names
_VTT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/vtt": {"schema": {"type": "string"}}}}, **NOT_MODIFIED}


class NewCaptions(BaseModel):
    """A caption, either as WebVTT or as SubRip, of at most 2 MiB. language: a BCP 47 tag; label: the name that player menus show."""

    language: Language
    label: Line = Field(min_length=1, max_length=80)
    webvtt: str | None = None
    srt: str | None = None


class CaptionFileBody(BaseModel):
    """A caption file in base64, of at most 2 MiB. language, file_name (such as film.ko.srt): hints for the encoding."""

    data: str = Field(max_length=4 * MAX_TEXT_BYTES // 3 + 4)
    file_name: Line = Field(default="", max_length=500)
    language: Language | None = None
    encoding: Encoding | None = None


class SlipView(BaseModel):
    """A part of a caption file that could not be read. line: its line in the file."""

    line: int
    message: str


class ReadCaptionsView(BaseModel):
    """A caption file as WebVTT. encoding: the encoding of the file; slips: the first 100 parts that could not be read."""

    webvtt: str
    encoding: str
    slips: list[SlipView]


class CaptionsView(BaseModel):
    """A caption. origin: from the source file, or added later; webvtt_url: changes when the caption changes."""

    name: str
    language: str | None
    label: str
    origin: Literal["file", "added"]
    webvtt_url: str


class CaptionsList(BaseModel):
    """All captions of a video on one page, in order of name."""

    items: list[CaptionsView]
    next: None = None


@router.get("/videos/{video_id}/captions")
def get_captions(video_id: str, caller: MaybeCaller, parts: PartsDep) -> CaptionsList:
    """Lists the captions of a video."""
    with parts.database.read() as connection:
        row = _get_visible_video(connection, video_id, caller)
        caption_rows = caption.of_video(connection, video_id)
    return CaptionsList(items=[_view(parts, row, caption_row) for caption_row in caption_rows])


@router.get("/videos/{video_id}/captions/{name}", response_class=Response, responses=_VTT)
def get_captions_text(video_id: str, name: str, request: Request, caller: MaybeCaller, parts: PartsDep) -> Response:
    """Returns a caption as WebVTT."""
    with parts.database.read() as connection:
        _get_visible_video(connection, video_id, caller)
        caption_row = _get_caption(connection, video_id, name)
    body = caption_row["webvtt"].encode()
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache", "X-Content-Type-Options": "nosniff"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="text/vtt; charset=utf-8", headers=headers)


@router.put("/videos/{video_id}/captions/{name}")
def put_captions(video_id: str, name: str, body: NewCaptions, caller: Caller, parts: PartsDep) -> CaptionsView:
    """Adds a caption, or replaces the one with this name. A syntax error is answered with its line (`facts.line`)."""
    if not _NAME.fullmatch(name):
        raise InvalidError(
            "a name has up to 40 letters a-z, digits and hyphens; it must start with a letter, and not with audio or sidecars", field="name"
        )
    new = {"name": name, "language": body.language, "label": body.label, "webvtt": _read(body)}
    with parts.database.write() as connection:
        row = video.lock(connection, video_id)
        check_edit(row, caller)
        existing_names = [existing["name"] for existing in caption.of_video(connection, video_id)]
        if name not in existing_names and len(existing_names) >= _MAX_CAPTIONS:
            raise ConflictError(f"a video can have at most {_MAX_CAPTIONS} captions", most=_MAX_CAPTIONS)
        return _view(parts, row, caption.put(connection, video_id, new, parts.clock.now()))


@router.post("/videos/{video_id}/captions/read")
def read_captions(video_id: str, body: CaptionFileBody, caller: Caller, parts: PartsDep) -> ReadCaptionsView:
    """Converts a caption file (WebVTT, SubRip, SSA, ASS, TTML, SBV, LRC) in any encoding, for review before it is saved with PUT.

    Cues that cannot be read are left out and listed in `slips`.
    """
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
    try:
        data = base64.b64decode(body.data, validate=True)
    except ValueError as error:
        raise InvalidError("data is not valid base64", field="data") from error
    caption_file = read_caption_file(data, body.file_name, body.language, body.encoding)
    slips = [SlipView(line=slip.line, message=slip.message) for slip in caption_file.slips]
    return ReadCaptionsView(webvtt=caption_file.webvtt, encoding=caption_file.encoding, slips=slips)


@router.delete("/videos/{video_id}/captions/{name}", status_code=204)
def delete_captions(video_id: str, name: str, caller: Caller, parts: PartsDep) -> None:
    """Deletes a caption."""
    with parts.database.write() as connection:
        check_edit(video.lock(connection, video_id), caller)
        _get_caption(connection, video_id, name)
        caption.remove(connection, video_id, name, parts.clock.now())


def _get_visible_video(connection: Connection, video_id: str, caller: CallerRow | None) -> video.OwnedVideoRow:
    row = video.get(connection, video_id)
    if not can_see(row, caller):
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    return row


def _get_caption(connection: Connection, video_id: str, name: str) -> CaptionRow:
    caption_row = None if "\0" in name else caption.find(connection, video_id, name)
    if caption_row is None:
        raise NotFoundError(f"there is no caption {name}", captions=name)
    return caption_row


def _read(body: NewCaptions) -> str:
    formats = [(text, read) for text, read in ((body.webvtt, read_webvtt), (body.srt, read_srt)) if text is not None]
    if len(formats) != 1:
        raise InvalidError("send either webvtt or srt", field="webvtt")
    ((text, read),) = formats
    if len(text.encode("utf-8", "replace")) > MAX_TEXT_BYTES:
        raise BodyTooLargeError(f"captions can have at most {MAX_TEXT_BYTES} bytes", max_bytes=MAX_TEXT_BYTES)
    return read(text)


def _view(parts: Parts, row: VideoRow, caption_row: CaptionRow) -> CaptionsView:
    names = ("name", "language", "label", "origin")
    fields: dict[str, Any] = {name: caption_row[name] for name in names}
    return CaptionsView(**fields, webvtt_url=f"{make_stream_base(parts, row)}/{make_caption_uri(caption_row)}")
