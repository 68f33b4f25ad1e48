"""Uploads: open an upload session, get presigned URLs, report landed pieces, complete."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import Caller, CallerRow, Maker, check_edit
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.pipeline_choice import choose_pipeline
from yeoul.api.public_url import make_signed_url
from yeoul.base.errors import InvalidError
from yeoul.catalog.schema.row.pipeline import PieceRow, UploadRow
from yeoul.catalog.video import upload, video
from yeoul.model.piece import MAX_PIECES
from yeoul.model.plain import MAX_TICK, Sha256
from yeoul.upload.service import OpenUpload
from yeoul.upload.session import Declared

router = APIRouter(tags=["uploads"])
_END_LENGTH = 4 * 2**20 // 3 + 4


class PieceView(BaseModel):
    """A declared piece or part. landed: its bytes are in the store."""

    index: int
    size_bytes: int
    sha256: str
    landed: bool


class UploadView(BaseModel):
    """An upload session. part_bytes: size of the parts of a whole file; piece_s: target duration of pieces in seconds."""

    id: str
    video_id: str
    mode: str
    state: str
    size_bytes: int
    fingerprint: str
    part_bytes: int
    piece_s: float
    pieces: list[PieceView]


class UploadPage(BaseModel):
    """One page of the caller's open uploads, newest first. part_bytes, piece_s: the values for a new upload.

    pipeline: the pipeline that a new video would have; whole: it needs the source as one file, not in pieces.
    """

    items: list[UploadView]
    next: str | None
    part_bytes: int
    piece_s: float
    pipeline: str
    whole: bool


class UrlRequest(BaseModel):
    """The pieces that the client wants to send."""

    pieces: list[Declared] = Field(min_length=1, max_length=1000)


class UrlView(BaseModel):
    """The presigned URL of a piece. The client must send the method and headers as given. url: null if the piece has landed.

    path: the URL's path if this server stores the piece, else null. Pages use it, because they may know the server by another name.
    """

    index: int
    method: str
    url: str | None
    path: str | None
    headers: dict[str, str]


class UrlList(BaseModel):
    """One entry for each requested piece."""

    urls: list[UrlView]


class FileEnds(BaseModel):
    """The first and the last MiB of a file, in base64."""

    first: str = Field(max_length=_END_LENGTH)
    last: str = Field(max_length=_END_LENGTH)
    size_bytes: int = Field(ge=1, le=MAX_TICK)


class FileView(BaseModel):
    """The container and codecs of a file, as far as its first and last bytes show them. Unknown ones are null."""

    container: str | None = None
    video: str | None = None
    audio: str | None = None


class Landed(BaseModel):
    """The indexes of pieces whose PUT request succeeded."""

    indexes: list[Annotated[int, Field(ge=0, lt=MAX_PIECES)]] = Field(min_length=1, max_length=1000)


class Complete(BaseModel):
    """The end of an upload. pieces: the total number of pieces."""

    pieces: int = Field(ge=0, le=MAX_PIECES)


def _view(parts: Parts, row: UploadRow, pieces: Sequence[PieceRow]) -> UploadView:
    piece_views = [
        PieceView(index=piece["index"], size_bytes=piece["size_bytes"], sha256=piece["sha256"], landed=piece["landed_at"] is not None)
        for piece in pieces
    ]
    fields: dict[str, Any] = {name: row[name] for name in ("id", "video_id", "mode", "state", "size_bytes", "fingerprint")}
    return UploadView(**fields, part_bytes=parts.settings.upload.part_bytes, piece_s=parts.settings.media.piece_s, pieces=piece_views)


def _check_edit(parts: Parts, upload_id: str, caller: CallerRow) -> None:
    with parts.database.read() as connection:
        row = upload.get(connection, upload_id)
        check_edit(video.get(connection, row["video_id"]), caller)


_RESUMED: dict[int | str, dict[str, Any]] = {200: {"model": UploadView, "description": "The open upload of the same file."}}


@router.post("/videos/{video_id}/upload", status_code=201, responses=_RESUMED)
def post_upload(video_id: str, body: OpenUpload, caller: Maker, parts: PartsDep, response: Response) -> UploadView:
    """Opens the upload session of a video. The same file again returns the existing session (200), to resume it."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
    row, is_new = parts.uploads.open(video_id, body, read_account_settings(parts).quota_bytes)
    if not is_new:
        response.status_code = 200
    return _view(parts, *parts.uploads.status(row["id"]))


@router.get("/uploads")
def get_uploads(
    caller: Caller,
    parts: PartsDep,
    fingerprint: Annotated[Sha256, Query()],
    pipeline: str | None = None,
    cursor: str | None = None,
    limit: PageSize = 10,
) -> UploadPage:
    """Lists the caller's open uploads of a file, to resume one of them. pipeline: the one that a new video would have."""
    pipeline_name = choose_pipeline(parts, pipeline, caller)
    with parts.database.read() as connection:
        rows = upload.page_of_owner(connection, caller["id"], fingerprint, read_cursor(cursor), limit + 1)
    items = [_view(parts, *parts.uploads.status(row["id"])) for row in rows[:limit]]
    part_bytes, piece_s = parts.settings.upload.part_bytes, parts.settings.media.piece_s
    return UploadPage(
        items=items,
        next=next_cursor(rows, limit),
        part_bytes=part_bytes,
        piece_s=piece_s,
        pipeline=pipeline_name,
        whole=parts.pipelines[pipeline_name].whole,
    )


@router.post("/uploads/probe")
def probe_file(body: FileEnds, caller: Maker, parts: PartsDep) -> FileView:  # noqa: ARG001 (only for callers who may upload)
    """Checks a file before its upload. Answers 422 `media.unsupported_codec` if the server cannot decode its video track."""
    try:
        first, last = (base64.b64decode(data, validate=True) for data in (body.first, body.last))
    except ValueError as error:
        raise InvalidError("first and last must be base64", field="first") from error
    return FileView(**parts.drawing.probe_ends(first, last, body.size_bytes))


@router.get("/uploads/{upload_id}")
def get_upload(upload_id: str, caller: Caller, parts: PartsDep) -> UploadView:
    """Returns an upload with its pieces and which of them have landed."""
    _check_edit(parts, upload_id, caller)
    return _view(parts, *parts.uploads.status(upload_id))


@router.post("/uploads/{upload_id}/urls")
def post_urls(upload_id: str, body: UrlRequest, request: Request, caller: Caller, parts: PartsDep) -> UrlList:
    """Declares pieces and returns presigned URLs for them. Repeat the request if a URL has expired."""
    _check_edit(parts, upload_id, caller)
    urls: list[UrlView] = []
    for index, signed in parts.uploads.declare(upload_id, body.pieces, read_account_settings(parts).quota_bytes):
        if signed is None:
            urls.append(UrlView(index=index, method="PUT", url=None, path=None, headers={}))
        else:
            url, path = make_signed_url(request, parts, signed)
            urls.append(UrlView(index=index, method="PUT", url=url, path=path, headers=signed.headers))
    return UrlList(urls=urls)


@router.post("/uploads/{upload_id}/landed", status_code=204)
def post_landed(upload_id: str, body: Landed, caller: Caller, parts: PartsDep) -> None:
    """Reports that pieces have landed. Processing of these pieces starts."""
    _check_edit(parts, upload_id, caller)
    parts.uploads.land(upload_id, body.indexes)


@router.post("/uploads/{upload_id}/complete")
def post_complete(upload_id: str, body: Complete, caller: Caller, parts: PartsDep) -> UploadView:
    """Completes the upload. Fails if pieces are missing. Repeating it has no further effect."""
    _check_edit(parts, upload_id, caller)
    parts.uploads.complete(upload_id, body.pieces)
    return _view(parts, *parts.uploads.status(upload_id))
