"""Uploads and what they consist of: pieces, or byte-range parts of a whole file and the pieces that the server cut from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Executable, delete, func, insert, select, update

from yeoul.base.errors import NotFoundError
from yeoul.catalog.row import Row, all_rows, first_row, insert_new
from yeoul.catalog.schema.videos import video
from yeoul.catalog.schema.work import piece, upload

Kind = Literal["piece", "part"]


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Open an upload; row holds id, video_id, mode, file_name, size_bytes, fingerprint, source."""
    connection.execute(insert(upload).values(**row, state="open", created_at=now_s, touched_at=now_s))


def find_of_video(connection: Connection, video_id: str) -> Row | None:
    """The newest upload of a video."""
    return first_row(connection, select(upload).where(upload.c.video_id == video_id).order_by(upload.c.created_at.desc()).limit(1))


def get(connection: Connection, upload_id: str) -> Row:
    """An upload by id; raises NotFoundError."""
    return _one(connection, select(upload).where(upload.c.id == upload_id), upload_id)


def lock(connection: Connection, upload_id: str) -> Row:
    """The same, locked until the transaction ends."""
    return _one(connection, select(upload).where(upload.c.id == upload_id).with_for_update(key_share=True), upload_id)


def _one(connection: Connection, statement: Executable, upload_id: str) -> Row:
    row = first_row(connection, statement)
    if row is None:
        raise NotFoundError(f"there is no upload {upload_id}", upload=upload_id)
    return row


def close(connection: Connection, upload_id: str, now_s: float) -> bool:
    """Close an open upload; False when it was closed already."""
    statement = update(upload).where(upload.c.id == upload_id, upload.c.state == "open").values(state="closed", closed_at=now_s)
    return connection.execute(statement).rowcount == 1


def touch(connection: Connection, upload_id: str, now_s: float) -> None:
    """Note a sign of life of the client."""
    connection.execute(update(upload).where(upload.c.id == upload_id).values(touched_at=now_s))


def find_stale(connection: Connection, before: float, limit: int) -> list[str]:
    """Open uploads that have shown no sign of life since `before`, and whose videos were not edited since: ids, oldest first."""
    statement = (
        select(upload.c.id)
        .join(video, video.c.id == upload.c.video_id)
        .where(upload.c.state == "open", upload.c.touched_at < before, video.c.updated_at < before)
        .order_by(upload.c.touched_at)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def expire(connection: Connection, upload_id: str) -> None:
    """End an upload that nobody goes on with."""
    connection.execute(update(upload).where(upload.c.id == upload_id).values(state="expired"))


def drop_pieces(connection: Connection, upload_id: str) -> None:
    """Forget all pieces and parts of an upload."""
    connection.execute(delete(piece).where(piece.c.upload_id == upload_id))


def drop_cut(connection: Connection, upload_id: str) -> None:
    """Forget the pieces that the server cut from a whole file; nothing of an upload of pieces."""
    whole = select(upload.c.id).where(upload.c.id == upload_id, upload.c.mode == "whole")
    connection.execute(delete(piece).where(piece.c.upload_id.in_(whole), piece.c.kind == "piece"))


def drop(connection: Connection, upload_id: str) -> None:
    """Forget an upload that has no run."""
    drop_pieces(connection, upload_id)
    connection.execute(delete(upload).where(upload.c.id == upload_id))


def declare(connection: Connection, upload_id: str, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add pieces or parts (index, piece, bucket, key, size_bytes, sha256, maybe landed_at); known ones are left alone."""
    insert_new(connection, piece, [{"upload_id": upload_id, "kind": kind, **row} for row in rows])


def redeclare(connection: Connection, upload_id: str, kind: Kind, index: int, values: Mapping[str, Any]) -> None:
    """Change a piece that has not landed."""
    statement = update(piece).where(*_at(upload_id, kind, index), piece.c.landed_at.is_(None)).values(**values)
    connection.execute(statement)


def note_replaced(connection: Connection, upload_id: str, size_bytes: int) -> int:
    """Count bytes of pieces that were declared anew, and return all of the upload: what was sent of them lies in the store."""
    counted = update(upload).where(upload.c.id == upload_id).values(replaced_bytes=upload.c.replaced_bytes + size_bytes)
    return int(connection.execute(counted.returning(upload.c.replaced_bytes)).scalar_one())


def pieces(connection: Connection, upload_id: str, kind: Kind, indexes: Sequence[int] | None = None) -> list[Row]:
    """Pieces (or parts) in order of index, all or those named."""
    statement = select(piece).where(piece.c.upload_id == upload_id, piece.c.kind == kind).order_by(piece.c.index)
    if indexes is not None:
        statement = statement.where(piece.c.index.in_(list(indexes)))
    return all_rows(connection, statement)


def landed_indexes(connection: Connection, upload_id: str, kind: Kind) -> list[int]:
    """Indexes of what is in the store, in order."""
    statement = select(piece.c.index).where(piece.c.upload_id == upload_id, piece.c.kind == kind, piece.c.landed_at.is_not(None))
    return sorted(connection.execute(statement).scalars())


def land(connection: Connection, upload_id: str, kind: Kind, index: int, now_s: float) -> bool:
    """Note that the bytes are in the store; False when that was known."""
    statement = update(piece).where(*_at(upload_id, kind, index), piece.c.landed_at.is_(None)).values(landed_at=now_s)
    return connection.execute(statement).rowcount == 1


def declared_bytes(connection: Connection, upload_id: str, kind: Kind) -> int:
    """How many bytes the client has said that its pieces have."""
    total = select(func.coalesce(func.sum(piece.c.size_bytes), 0)).where(piece.c.upload_id == upload_id, piece.c.kind == kind)
    return int(connection.execute(total).scalar_one())


def landed_bytes(connection: Connection, upload_id: str) -> int:
    """How many of the client's bytes have landed."""
    own = select(func.coalesce(func.sum(piece.c.size_bytes), 0)).where(
        piece.c.upload_id == upload_id, piece.c.bucket == "original", piece.c.landed_at.is_not(None)
    )
    return int(connection.execute(own).scalar_one())


def _at(upload_id: str, kind: Kind, index: int) -> tuple[Any, Any, Any]:
    return piece.c.upload_id == upload_id, piece.c.kind == kind, piece.c.index == index
