"""The upload service: opens and completes uploads and records landed pieces, by the rules in `session.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import (
    ChecksumError,
    ConflictError,
    InvalidError,
    PieceMissingError,
    StorageFullError,
    UnreadableError,
    UploadClosedError,
)
from yeoul.base.ids import new_id
from yeoul.base.settings import UploadSettings
from yeoul.blob.store import Bucket, SignedRequest
from yeoul.catalog.account import usage
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.schema.row.pipeline import PieceRow, UploadRow
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import audio_track, caption, upload, video
from yeoul.media.text.caption import read_webvtt
from yeoul.media.text.webvtt import MAX_TRACKS
from yeoul.model.event import PieceLanded, UploadClosed
from yeoul.model.noun import Noun
from yeoul.model.plain import MAX_TICK, Language, Line, Sha256, clean_line
from yeoul.model.source import Source
from yeoul.model.video import VideoState
from yeoul.upload.claim import check_source
from yeoul.upload.session import (
    Declared,
    Limits,
    Mode,
    check_alive,
    check_complete,
    check_declared,
    check_open,
    check_replaced,
    make_key,
    plan_declared,
)
from yeoul.upload.store import Store

_PIECE_OVERHEAD, _HEADERS_BYTES = 1.1, 2**20  # pieces may exceed their file by this much before the quota is checked again
NO_NUL = r"^[^\x00]*$"  # PostgreSQL cannot store text with a NUL


class CaptionFile(Noun):
    """A caption that the client extracted from its file. It passes the same checks as a caption that is uploaded later."""

    language: Language | None = None
    label: Line
    webvtt: str


class OpenUpload(Noun):
    """A request to open an upload. source: the result of the client's scan; required for mode `pieces`."""

    mode: Mode
    file_name: Annotated[str, Field(max_length=500, pattern=NO_NUL), AfterValidator(clean_line)]
    size_bytes: int = Field(ge=0, le=MAX_TICK)
    fingerprint: Sha256
    source: Source | None = None
    captions: tuple[CaptionFile, ...] = Field(default=(), max_length=MAX_TRACKS)


class UploadService:
    """All operations on uploads. The API has already checked that the caller may use the upload."""

    def __init__(self, database: Database, store: Store, settings: Callable[[], UploadSettings], clock: Clock) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._clock = clock

    def open(self, video_id: str, request: OpenUpload, default_quota: int = 0) -> tuple[UploadRow, bool]:
        """Opens an upload for a video, or resumes its upload of the same file; returns (row, True if it is new).

        default_quota: quota in bytes of owners without their own; 0: no limit. Raises InvalidError, UnreadableError for an empty file,
        ConflictError if the video has an upload of another file, and QuotaExceededError.
        """
        max_bytes = self._settings().max_source_bytes
        if request.size_bytes > max_bytes:
            raise InvalidError(f"the file is larger than the limit of {max_bytes} bytes", field="size_bytes")
        if request.size_bytes == 0:
            raise UnreadableError("the file is empty")
        if request.mode == "pieces" and request.source is None:
            raise InvalidError("an upload in mode pieces needs a description of the source", field="source")
        if request.source is not None:
            check_source(request.source)
        captions = [_make_caption(position, item) for position, item in enumerate(request.captions)]
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)  # if two clients open at once, the second finds the upload of the first
            existing = upload.find_of_video(connection, video_id)
            if existing is not None:
                check_alive(existing["state"])
                if (existing["fingerprint"], existing["mode"]) != (request.fingerprint, request.mode):
                    message = f"video {video_id} already has an upload of another file"
                    raise ConflictError(message, upload=existing["id"], state=existing["state"])
                return existing, False
            upload_id = new_id(now_s)
            row = {
                "id": upload_id,
                "video_id": video_id,
                "source": None if request.source is None else request.source.model_dump(mode="json"),
                **request.model_dump(include={"mode", "file_name", "size_bytes", "fingerprint"}),
            }
            upload.add(connection, row, now_s)
            if captions:
                caption.set_from_file(connection, video_id, captions)
            video.change_state(connection, video_id, VideoState.UPLOADING, now_s)
            usage.reserve(connection, owned["owner_id"], video_id, request.size_bytes, default_quota)
            return upload.get(connection, upload_id), True

    def declare(self, upload_id: str, declared: Sequence[Declared], default_quota: int = 0) -> list[tuple[int, SignedRequest | None]]:
        """Declares pieces and returns (index, presigned URL) for each; the URL is None if the piece has landed already.

        default_quota: as in `open`. Raises UploadClosedError, UploadExpiredError, InvalidError, PieceConflictError, StorageFullError and
        QuotaExceededError.
        """
        now_s = self._clock.now()
        settings = self._settings()
        limits = Limits(max_piece_bytes=settings.max_piece_bytes, max_source_bytes=settings.max_source_bytes)
        free_bytes = self._store.free_bytes()  # before the transaction, because the store may be slow to answer
        with self._database.write() as connection:
            row = upload.lock(connection, upload_id)
            check_open(row["state"])
            owned = _get_live_video(connection, row["video_id"])
            kind = _kind(row)
            source = None if row["source"] is None else Source.model_validate(row["source"])
            for item in declared:
                check_declared(row["mode"], item, limits, source)
            pieces = {piece["index"]: piece for piece in upload.pieces(connection, upload_id, kind, [item.index for item in declared])}
            new, changed = plan_declared(pieces, declared)
            _check_space(sum(item.size_bytes for item in new), free_bytes)
            upload.declare(connection, upload_id, kind, [_make_piece_row(row, item) for item in new])
            for item in changed:
                upload.redeclare(connection, upload_id, kind, item.index, _make_piece_row(row, item))
            replaced_bytes = upload.add_replaced_bytes(connection, upload_id, sum(pieces[item.index]["size_bytes"] for item in changed))
            if changed:
                check_replaced(replaced_bytes, row["size_bytes"])
            upload.touch(connection, upload_id, now_s)
            self._note_usage(connection, owned, row, kind, replaced_bytes, default_quota)
        landed = {index for index, piece in pieces.items() if piece["landed_at"] is not None}
        expires_at_s = now_s + settings.url_ttl_s
        return [(item.index, None if item.index in landed else self._sign(row, item, expires_at_s)) for item in declared]

    def land(self, upload_id: str, indexes: Sequence[int]) -> None:
        """Records that pieces have landed. Raises PieceMissingError if one is not in the store, ChecksumError if its size is wrong."""
        row, pieces = self._read(upload_id, indexes)
        check_alive(row["state"])
        declared = {piece["index"] for piece in pieces}
        for index in indexes:
            if index not in declared:
                raise PieceMissingError(f"piece {index} was never declared", index=index)
        pending = [piece for piece in pieces if piece["landed_at"] is None]
        if pending:
            check_open(row["state"])
        for piece in pending:
            if not self._is_stored(piece):
                raise PieceMissingError(f"piece {piece['index']} is not in the store", index=piece["index"])
        self._land_all(upload_id, pending)

    def status(self, upload_id: str) -> tuple[UploadRow, list[PieceRow]]:
        """Returns (upload, pieces in order). First records pieces that are in the store although the client did not report them."""
        row, pieces = self._read(upload_id)
        pending = [piece for piece in pieces if piece["landed_at"] is None] if row["state"] == "open" else []
        stored = [piece for piece in pending if self._is_stored(piece)]
        if not stored:
            return row, pieces
        self._land_all(upload_id, stored)
        return self._read(upload_id)

    def complete(self, upload_id: str, count: int) -> UploadRow:
        """Completes an upload of `count` pieces; does nothing if it is complete. Raises UploadIncompleteError if a piece is missing."""
        now_s = self._clock.now()
        with self._database.write() as connection:
            row = upload.lock(connection, upload_id)
            check_alive(row["state"])
            kind = _kind(row)
            check_complete(row["mode"], upload.pieces(connection, upload_id, kind), count, row["size_bytes"])
            if upload.close(connection, upload_id, now_s):
                event = UploadClosed(video_id=row["video_id"], upload_id=upload_id, mode=row["mode"], pieces=count)
                outbox.emit(connection, event, now_s)
            return upload.get(connection, upload_id)

    def _read(self, upload_id: str, indexes: Sequence[int] | None = None) -> tuple[UploadRow, list[PieceRow]]:
        with self._database.read() as connection:
            row = upload.get(connection, upload_id)
            return row, upload.pieces(connection, upload_id, _kind(row), indexes)

    def _land_all(self, upload_id: str, stored: Sequence[PieceRow]) -> None:
        """Records pieces that are in the store. Raises PieceMissingError if the client has declared one again in the meantime."""
        if not stored:
            return
        keys = {piece["index"]: piece["key"] for piece in stored}
        now_s = self._clock.now()
        with self._database.write() as connection:
            row = upload.lock(connection, upload_id)
            for piece in upload.pieces(connection, upload_id, _kind(row), list(keys)):
                if piece["landed_at"] is None:
                    check_open(row["state"])
                    _land_one(connection, row, piece, keys[piece["index"]], now_s)
            upload.touch(connection, upload_id, now_s)

    def _is_stored(self, piece: PieceRow) -> bool:
        info = self._store.find(Bucket(piece["bucket"]), piece["key"])
        if info is not None and info.size_bytes != piece["size_bytes"]:
            message = f"piece {piece['index']} has {info.size_bytes} bytes, but {piece['size_bytes']} were declared"
            raise ChecksumError(message, index=piece["index"])
        return info is not None

    def _note_usage(
        self, connection: Connection, owned: VideoRow, row: UploadRow, kind: upload.Kind, replaced_bytes: int, default_quota: int
    ) -> None:
        """Updates the owner's usage if the declared pieces are larger than the file; pieces are usually a little larger."""
        size_bytes = upload.declared_bytes(connection, row["id"], kind) + replaced_bytes
        if size_bytes <= row["size_bytes"]:
            return
        usage.raise_original_bytes(
            connection, owned["owner_id"], owned["id"], size_bytes + audio_track.declared_bytes(connection, owned["id"])
        )
        if size_bytes > row["size_bytes"] * _PIECE_OVERHEAD + _HEADERS_BYTES:
            usage.check_quota(connection, owned["owner_id"], default_quota)

    def _sign(self, row: UploadRow, item: Declared, expires_at_s: float) -> SignedRequest:
        key = make_key(row["video_id"], row["id"], row["mode"], item)
        return self._store.sign_put(Bucket.ORIGINAL, key, item.size_bytes, item.sha256, expires_at_s)


def _kind(row: UploadRow) -> upload.Kind:
    return "piece" if row["mode"] == "pieces" else "part"


def _land_one(connection: Connection, row: UploadRow, piece: PieceRow, stored_key: str, now_s: float) -> None:
    """Records one landed piece. stored_key: the key of the blob that was found in the store."""
    index = piece["index"]
    if piece["key"] != stored_key:
        raise PieceMissingError(f"piece {index} was declared again, and its new content is not in the store", index=index)
    if upload.mark_landed(connection, row["id"], _kind(row), index, now_s) and _kind(row) == "piece":
        outbox.emit(connection, PieceLanded(video_id=row["video_id"], upload_id=row["id"], index=index), now_s)


def _check_space(size_bytes: int, free_bytes: int | None) -> None:
    if free_bytes is not None and size_bytes > free_bytes:
        message = "the server has no storage space for more pieces now; try again later"
        raise StorageFullError(message, needed_bytes=size_bytes)


def _get_live_video(connection: Connection, video_id: str) -> VideoRow:
    """Returns the video. Raises UploadClosedError if it has failed, NotFoundError if it was deleted."""
    row = video.get(connection, video_id)
    if row["state"] == VideoState.FAILED.value:
        raise UploadClosedError("the video has failed and accepts no more pieces", state=row["state"], error=row["error"])
    return row


def _make_piece_row(row: UploadRow, item: Declared) -> dict[str, Any]:
    return {
        "index": item.index,
        "piece": None if item.piece is None else item.piece.model_dump(mode="json"),
        "bucket": Bucket.ORIGINAL.value,
        "key": make_key(row["video_id"], row["id"], row["mode"], item),
        "size_bytes": item.size_bytes,
        "sha256": item.sha256,
    }


def _make_caption(position: int, item: CaptionFile) -> dict[str, Any]:
    return {"name": f"text{position}", **item.model_dump(), "webvtt": read_webvtt(item.webvtt)}
