"""Uploads: open a session, get presigned URLs, tell what has landed, complete."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Select, and_, or_, select

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import Caller, Maker, check_edit
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.pipeline_choice import choose_pipeline
from yeoul.api.public_url import make_signed_url
from yeoul.base.errors import InvalidError
from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.videos import video as video_table
from yeoul.catalog.schema.work import upload as upload_table
from yeoul.catalog.video import upload, video
from yeoul.model.piece import MAX_PIECES
from yeoul.model.plain import MAX_TICK, Sha256
from yeoul.model.video import VideoState
from yeoul.upload.service import OpenUpload
from yeoul.upload.session import Declared

router = APIRouter(tags=["uploads"])
Row = Mapping[str, Any]
_END_LENGTH = 4 * 2**20 // 3 + 4


class PieceView(BaseModel):
    """A declared piece or part; landed: its bytes are in the store."""

    index: int
    size_bytes: int
    sha256: str
    landed: bool


class UploadView(BaseModel):
    """An upload session. part_bytes: size of the parts of a whole file; piece_s: target length of pieces in seconds."""

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
    """Open uploads of the caller, newest first, `next` as everywhere. part_bytes, piece_s: what a new upload should use.

    pipeline: which one a new video would have; whole: it wants the file as it is, not in pieces.
    """

    items: list[UploadView]
    next: str | None
    part_bytes: int
    piece_s: float
    pipeline: str
    whole: bool


class UrlRequest(BaseModel):
    """Pieces about to be sent."""

    pieces: list[Declared] = Field(min_length=1, max_length=1000)


class UrlView(BaseModel):
    """Where to send a piece: the method, the address and headers that must be sent as given; url is null when it has landed.

    path: the same below the address of this server, for pages, which may know it by another name; null where the store is elsewhere.
    """

    index: int
    method: str
    url: str | None
    path: str | None
    headers: dict[str, str]


class UrlList(BaseModel):
    """One entry for each piece asked for."""

    urls: list[UrlView]


class FileEnds(BaseModel):
    """The first and the last MiB of a file, in base64."""

    first: str = Field(max_length=_END_LENGTH)
    last: str = Field(max_length=_END_LENGTH)
    size_bytes: int = Field(ge=1, le=MAX_TICK)


class FileView(BaseModel):
    """What a file is as far as its ends tell: the container, the codecs of picture and sound; null what they do not tell."""

    container: str | None = None
    video: str | None = None
    audio: str | None = None


class Landed(BaseModel):
    """Indexes of pieces whose PUT has been answered with success."""

    indexes: list[Annotated[int, Field(ge=0, lt=MAX_PIECES)]] = Field(min_length=1, max_length=1000)


class Complete(BaseModel):
    """How many pieces there are in all."""

    pieces: int = Field(ge=0, le=MAX_PIECES)


def _view(parts: Parts, row: Row, pieces: list[Row]) -> UploadView:
    shown = [
        PieceView(index=piece["index"], size_bytes=piece["size_bytes"], sha256=piece["sha256"], landed=piece["landed_at"] is not None)
        for piece in pieces
    ]
    plain = {name: row[name] for name in ("id", "video_id", "mode", "state", "size_bytes", "fingerprint")}
    return UploadView(**plain, part_bytes=parts.settings.upload.part_bytes, piece_s=parts.settings.media.piece_s, pieces=shown)


def _check(parts: Parts, upload_id: str, caller: Row) -> None:
    with parts.database.read() as connection:
        row = upload.get(connection, upload_id)
        check_edit(video.get(connection, row["video_id"]), caller)


_RESUMED: dict[int | str, dict[str, Any]] = {200: {"model": UploadView, "description": "The open upload of the same file."}}


@router.post("/videos/{video_id}/upload", status_code=201, responses=_RESUMED)
def post_upload(video_id: str, body: OpenUpload, caller: Maker, parts: PartsDep, response: Response) -> UploadView:
    """Open the upload of a video; the same file again finds the session that exists (200), to resume it."""
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)
    row, new = parts.uploads.open(video_id, body, read_account_settings(parts).quota_bytes)
    if not new:
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
    """The caller's open uploads of a file, to be resumed from anywhere. pipeline: what a new upload would name."""
    chosen = choose_pipeline(parts, pipeline, caller)
    statement = _open_uploads(caller["id"], fingerprint, read_cursor(cursor)).limit(limit + 1)
    with parts.database.read() as connection:
        rows = all_rows(connection, statement)
    items = [_view(parts, *parts.uploads.status(row["id"])) for row in rows[:limit]]
    part_bytes, piece_s = parts.settings.upload.part_bytes, parts.settings.media.piece_s
    return UploadPage(
        items=items,
        next=next_cursor(rows, limit),
        part_bytes=part_bytes,
        piece_s=piece_s,
        pipeline=chosen,
        whole=parts.pipelines[chosen].whole,
    )


def _open_uploads(owner_id: str, fingerprint: str, before: tuple[float, str] | None) -> Select[Any]:
    place = upload_table.c
    alive = video_table.c.state.not_in((VideoState.DELETED.value, VideoState.FAILED.value))
    statement = (
        select(upload_table)
        .join(video_table, video_table.c.id == place.video_id)
        .where(video_table.c.owner_id == owner_id, place.fingerprint == fingerprint, place.state == "open", alive)
        .order_by(place.created_at.desc(), place.id.desc())
    )
    if before is None:
        return statement
    created_at, upload_id = before
    return statement.where(or_(place.created_at < created_at, and_(place.created_at == created_at, place.id < upload_id)))


@router.post("/uploads/probe")
def probe_file(body: FileEnds, caller: Maker, parts: PartsDep) -> FileView:  # noqa: ARG001 (who may upload may ask)
    """Ask whether a file can be taken, before it is sent: 422 `media.unsupported_codec` where no decoder here knows its pictures."""
    try:
        first, last = (base64.b64decode(data, validate=True) for data in (body.first, body.last))
    except ValueError as error:
        raise InvalidError("first and last are not base64", field="first") from error
    return FileView(**parts.drawing.look_at_ends(first, last, body.size_bytes))


@router.get("/uploads/{upload_id}")
def get_upload(upload_id: str, caller: Caller, parts: PartsDep) -> UploadView:
    """What has landed."""
    _check(parts, upload_id, caller)
    return _view(parts, *parts.uploads.status(upload_id))


@router.post("/uploads/{upload_id}/urls")
def post_urls(upload_id: str, body: UrlRequest, request: Request, caller: Caller, parts: PartsDep) -> UrlList:
    """Declare pieces and get presigned URLs for them; ask again when one has expired."""
    _check(parts, upload_id, caller)
    urls: list[UrlView] = []
    for index, signed in parts.uploads.sign(upload_id, body.pieces, read_account_settings(parts).quota_bytes):
        if signed is None:
            urls.append(UrlView(index=index, method="PUT", url=None, path=None, headers={}))
        else:
            url, path = make_signed_url(request, parts, signed)
            urls.append(UrlView(index=index, method="PUT", url=url, path=path, headers=signed.headers))
    return UrlList(urls=urls)


@router.post("/uploads/{upload_id}/landed", status_code=204)
def post_landed(upload_id: str, body: Landed, caller: Caller, parts: PartsDep) -> None:
    """Tell that pieces are in the store; work on them starts."""
    _check(parts, upload_id, caller)
    parts.uploads.land(upload_id, body.indexes)


@router.post("/uploads/{upload_id}/complete")
def post_complete(upload_id: str, body: Complete, caller: Caller, parts: PartsDep) -> UploadView:
    """Close the upload; refused while pieces are missing, harmless when repeated."""
    _check(parts, upload_id, caller)
    parts.uploads.complete(upload_id, body.pieces)
    return _view(parts, *parts.uploads.status(upload_id))
