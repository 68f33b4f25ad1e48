"""Opening, feeding and completing uploads: the edge around the rules of `session.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
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
from yeoul.catalog.video import audio_track, caption, upload, video
from yeoul.media.text.caption import read_webvtt
from yeoul.media.text.extract import MAX_TRACKS
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

Row = Mapping[str, Any]
_PIECES_WEIGH, _HEADERS_BYTES = 1.1, 2**20  # what pieces may have beyond their file before it counts as another
NO_NUL = r"^[^\x00]*$"  # PostgreSQL holds no text with a NUL


class CaptionFile(Noun):
    """A text track that the client cut out of its file; it passes the same checks as captions that are sent later."""

    language: Language | None = None
    label: Line
    webvtt: str


class OpenUpload(Noun):
    """A request to open an upload. source: as the client's scan saw it; needed for mode pieces."""

    mode: Mode
    file_name: Annotated[str, Field(max_length=500, pattern=NO_NUL), AfterValidator(clean_line)]
    size_bytes: int = Field(ge=0, le=MAX_TICK)
    fingerprint: Sha256
    source: Source | None = None
    captions: tuple[CaptionFile, ...] = Field(default=(), max_length=MAX_TRACKS)


class UploadService:
    """All operations on uploads; callers have checked who asks."""

    def __init__(self, database: Database, store: Store, settings: Callable[[], UploadSettings], clock: Clock) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._clock = clock

    def open(self, video_id: str, request: OpenUpload, default_quota: int = 0) -> tuple[Row, bool]:
        """Open an upload for a video, or find the open one of the same file to resume; (row, whether it is new).

        default_quota: of owners without one of their own, in bytes; 0: none. Raises QuotaExceededError.
        """
        most = self._settings().max_source_bytes
        if request.size_bytes > most:
            raise InvalidError(f"files of more than {most} bytes are not taken", field="size_bytes")
        if request.size_bytes == 0:
            raise UnreadableError("the file is empty")
        if request.mode == "pieces" and request.source is None:
            raise InvalidError("an upload of pieces needs the source's description", field="source")
        if request.source is not None:
            check_source(request.source)
        captions = [_caption(position, item) for position, item in enumerate(request.captions)]
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)  # of two who open at once, the second finds the upload of the first
            known = upload.find_of_video(connection, video_id)
            if known is not None:
                check_alive(known["state"])
                if (known["fingerprint"], known["mode"]) != (request.fingerprint, request.mode):
                    raise ConflictError(f"video {video_id} has another upload already", upload=known["id"], state=known["state"])
                return known, False
            upload_id = new_id(now_s)
            row = {
                "id": upload_id,
                "video_id": video_id,
                "source": None if request.source is None else request.source.model_dump(mode="json"),
                **request.model_dump(include={"mode", "file_name", "size_bytes", "fingerprint"}),
            }
            upload.add(connection, row, now_s)
            if captions:
                caption.set_of_file(connection, video_id, captions)
            video.move(connection, video_id, VideoState.UPLOADING, now_s)
            usage.reserve(connection, owned["owner_id"], video_id, request.size_bytes, default_quota)
            return upload.get(connection, upload_id), True

    def sign(self, upload_id: str, declared: Sequence[Declared], default_quota: int = 0) -> list[tuple[int, SignedRequest | None]]:
        """Declare pieces and get a presigned URL for each; None for those that have landed already. default_quota: as of `open`."""
        now_s = self._clock.now()
        settings = self._settings()
        limits = Limits(max_piece_bytes=settings.max_piece_bytes, max_source_bytes=settings.max_source_bytes)
        free_bytes = self._store.free_bytes()  # before the transaction, as all that the store is asked: it may be far away
        with self._database.write() as connection:
            row = upload.lock(connection, upload_id)
            check_open(row["state"])
            owned = _check_alive(connection, row["video_id"])
            kind = _kind(row)
            source = None if row["source"] is None else Source.model_validate(row["source"])
            for item in declared:
                check_declared(row["mode"], item, limits, source)
            known = {found["index"]: found for found in upload.pieces(connection, upload_id, kind, [item.index for item in declared])}
            new, changed = plan_declared(known, declared)
            _check_room(sum(item.size_bytes for item in new), free_bytes)
            upload.declare(connection, upload_id, kind, [_declared_row(row, item) for item in new])
            for item in changed:
                upload.redeclare(connection, upload_id, kind, item.index, _declared_row(row, item))
            replaced_bytes = upload.note_replaced(connection, upload_id, sum(known[item.index]["size_bytes"] for item in changed))
            if changed:
                check_replaced(replaced_bytes, row["size_bytes"])
            upload.touch(connection, upload_id, now_s)
            self._count(connection, owned, row, kind, replaced_bytes, default_quota)
        landed = {index for index, found in known.items() if found["landed_at"] is not None}
        until = now_s + settings.url_ttl_s
        return [(item.index, None if item.index in landed else self._sign(row, item, until)) for item in declared]

    def land(self, upload_id: str, indexes: Sequence[int]) -> None:
        """Note that pieces are in the store. Raises PieceMissingError or ChecksumError (size) when they are not."""
        row, pieces = self._read(upload_id, indexes)
        check_alive(row["state"])
        found = {piece["index"]: piece for piece in pieces}
        for index in indexes:
            if index not in found:
                raise PieceMissingError(f"piece {index} was never declared", index=index)
        waiting = [piece for piece in pieces if piece["landed_at"] is None]
        if waiting:
            check_open(row["state"])
        for piece in waiting:
            if not self._is_there(piece):
                raise PieceMissingError(f"piece {piece['index']} is not in the store", index=piece["index"])
        self._land_all(upload_id, waiting)

    def status(self, upload_id: str) -> tuple[Row, list[Row]]:
        """(upload, pieces in order); pieces that are in the store but were not reported are noted first."""
        row, pieces = self._read(upload_id)
        waiting = [piece for piece in pieces if piece["landed_at"] is None] if row["state"] == "open" else []
        there = [piece for piece in waiting if self._is_there(piece)]
        if not there:
            return row, pieces
        self._land_all(upload_id, there)
        return self._read(upload_id)

    def complete(self, upload_id: str, count: int) -> Row:
        """Close an upload whose `count` pieces have all landed; closing twice is fine."""
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

    def _read(self, upload_id: str, indexes: Sequence[int] | None = None) -> tuple[Row, list[Row]]:
        with self._database.read() as connection:
            row = upload.get(connection, upload_id)
            return row, upload.pieces(connection, upload_id, _kind(row), indexes)

    def _land_all(self, upload_id: str, there: Sequence[Row]) -> None:
        """Note pieces that were found in the store. Raises PieceMissingError for one that was declared anew since then."""
        if not there:
            return
        keys = {piece["index"]: piece["key"] for piece in there}
        now_s = self._clock.now()
        with self._database.write() as connection:
            row = upload.lock(connection, upload_id)
            for piece in upload.pieces(connection, upload_id, _kind(row), list(keys)):
                if piece["landed_at"] is None:
                    check_open(row["state"])
                    _land_one(connection, row, piece, keys[piece["index"]], now_s)
            upload.touch(connection, upload_id, now_s)

    def _is_there(self, piece: Row) -> bool:
        info = self._store.find(Bucket(piece["bucket"]), piece["key"])
        if info is not None and info.size_bytes != piece["size_bytes"]:
            message = f"piece {piece['index']} has {info.size_bytes} bytes, {piece['size_bytes']} were declared"
            raise ChecksumError(message, index=piece["index"])
        return info is not None

    def _count(self, connection: Connection, owned: Row, row: Row, kind: upload.Kind, replaced_bytes: int, default_quota: int) -> None:
        """Count what was declared, where that is more than the file: pieces weigh a little more than what they were cut from."""
        size_bytes = upload.declared_bytes(connection, row["id"], kind) + replaced_bytes
        if size_bytes <= row["size_bytes"]:
            return
        usage.note_original(connection, owned["owner_id"], owned["id"], size_bytes + audio_track.sent_bytes(connection, owned["id"]))
        if size_bytes > row["size_bytes"] * _PIECES_WEIGH + _HEADERS_BYTES:
            usage.check(connection, owned["owner_id"], default_quota)

    def _sign(self, row: Row, item: Declared, until: float) -> SignedRequest:
        key = make_key(row["video_id"], row["id"], row["mode"], item)
        return self._store.sign_put(Bucket.ORIGINAL, key, item.size_bytes, item.sha256, until)


def _kind(row: Row) -> upload.Kind:
    return "piece" if row["mode"] == "pieces" else "part"


def _land_one(connection: Connection, row: Row, piece: Row, found_key: str, now_s: float) -> None:
    """found_key: what lies in the store."""
    index = piece["index"]
    if piece["key"] != found_key:
        raise PieceMissingError(f"piece {index} was declared anew and is not in the store", index=index)
    if upload.land(connection, row["id"], _kind(row), index, now_s) and _kind(row) == "piece":
        outbox.emit(connection, PieceLanded(video_id=row["video_id"], upload_id=row["id"], index=index), now_s)


def _check_room(size_bytes: int, free_bytes: int | None) -> None:
    if free_bytes is not None and size_bytes > free_bytes:
        raise StorageFullError("the server has no room for more pieces now; it will take them when there is", needed_bytes=size_bytes)


def _check_alive(connection: Connection, video_id: str) -> Row:
    """The video. One that has failed needs no more bytes: raises UploadClosedError. Raises NotFoundError for one that was deleted."""
    row = video.get(connection, video_id)
    if row["state"] == VideoState.FAILED.value:
        raise UploadClosedError("the video has failed and takes no more pieces", state=row["state"], error=row["error"])
    return row


def _declared_row(row: Row, item: Declared) -> dict[str, Any]:
    return {
        "index": item.index,
        "piece": None if item.piece is None else item.piece.model_dump(mode="json"),
        "bucket": Bucket.ORIGINAL.value,
        "key": make_key(row["video_id"], row["id"], row["mode"], item),
        "size_bytes": item.size_bytes,
        "sha256": item.sha256,
    }


def _caption(position: int, item: CaptionFile) -> dict[str, Any]:
    return {"name": f"text{position}", **item.model_dump(), "webvtt": read_webvtt(item.webvtt)}
