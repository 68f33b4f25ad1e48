"""Uploads and their pieces, or the byte-range parts of a whole file and the pieces that the server split it into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, Executable, delete, func, insert, select, update

from yeoul.base.errors import NotFoundError
from yeoul.catalog.row import all_rows, first_row, insert_new, older_than
from yeoul.catalog.schema.pipeline import piece, upload
from yeoul.catalog.schema.row.pipeline import PieceRow, UploadRow
from yeoul.catalog.schema.videos import video
from yeoul.model.video import VideoState

Kind = Literal["piece", "part"]


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts an open upload. row: id, video_id, mode, file_name, size_bytes, fingerprint, source."""
    connection.execute(insert(upload).values(**row, state="open", created_at=now_s, touched_at=now_s))


def find_of_video(connection: Connection, video_id: str) -> UploadRow | None:
    """Returns the newest upload of a video; None if there is none."""
    return first_row(
        connection, select(upload).where(upload.c.video_id == video_id).order_by(upload.c.created_at.desc()).limit(1), UploadRow
    )


def page_of_owner(connection: Connection, owner_id: str, fingerprint: str, before: tuple[float, str] | None, limit: int) -> list[UploadRow]:
    """Returns a page of an account's open uploads of a file, newest first. before: (created_at, id) of the last row before the page."""
    is_alive = video.c.state.not_in((VideoState.DELETED.value, VideoState.FAILED.value))
    mine = (video.c.owner_id == owner_id, upload.c.fingerprint == fingerprint, upload.c.state == "open", is_alive)
    statement = select(upload).join(video, video.c.id == upload.c.video_id).where(*mine)
    return all_rows(connection, older_than(statement, upload, before, limit), UploadRow)


def get(connection: Connection, upload_id: str) -> UploadRow:
    """Returns an upload by id. Raises NotFoundError."""
    return _get_row(connection, select(upload).where(upload.c.id == upload_id), upload_id)


def lock(connection: Connection, upload_id: str) -> UploadRow:
    """Returns an upload by id, locked until the transaction ends. Raises NotFoundError."""
    return _get_row(connection, select(upload).where(upload.c.id == upload_id).with_for_update(key_share=True), upload_id)


def _get_row(connection: Connection, statement: Executable, upload_id: str) -> UploadRow:
    row = first_row(connection, statement, UploadRow)
    if row is None:
        raise NotFoundError(f"there is no upload {upload_id}", upload=upload_id)
    return row


def close(connection: Connection, upload_id: str, now_s: float) -> bool:
    """Closes an upload; False if it is not open."""
    statement = update(upload).where(upload.c.id == upload_id, upload.c.state == "open").values(state="closed", closed_at=now_s)
    return connection.execute(statement).rowcount == 1


def touch(connection: Connection, upload_id: str, now_s: float) -> None:
    """Records that the client is active now."""
    connection.execute(update(upload).where(upload.c.id == upload_id).values(touched_at=now_s))


def find_stale(connection: Connection, before: float, limit: int) -> list[str]:
    """Returns the ids of open uploads with no activity, and no edit of the video, since `before`, oldest first."""
    statement = (
        select(upload.c.id)
        .join(video, video.c.id == upload.c.video_id)
        .where(upload.c.state == "open", upload.c.touched_at < before, video.c.updated_at < before)
        .order_by(upload.c.touched_at)
        .limit(limit)
    )
    return list(connection.execute(statement).scalars())


def expire(connection: Connection, upload_id: str) -> None:
    """Marks an abandoned upload as expired."""
    connection.execute(update(upload).where(upload.c.id == upload_id).values(state="expired"))


def delete_pieces(connection: Connection, upload_id: str) -> None:
    """Deletes all pieces and parts of an upload."""
    connection.execute(delete(piece).where(piece.c.upload_id == upload_id))


def delete_split_pieces(connection: Connection, upload_id: str) -> None:
    """Deletes the pieces that the server split a whole file into. Changes nothing if the client uploads pieces."""
    whole_upload_ids = select(upload.c.id).where(upload.c.id == upload_id, upload.c.mode == "whole")
    connection.execute(delete(piece).where(piece.c.upload_id.in_(whole_upload_ids), piece.c.kind == "piece"))


def delete_upload(connection: Connection, upload_id: str) -> None:
    """Deletes an upload that has no run, with its pieces and parts."""
    delete_pieces(connection, upload_id)
    connection.execute(delete(upload).where(upload.c.id == upload_id))


def declare(connection: Connection, upload_id: str, kind: Kind, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts pieces or parts; skips those that exist. rows: index, piece, bucket, key, size_bytes, sha256; optional: landed_at."""
    insert_new(connection, piece, [{"upload_id": upload_id, "kind": kind, **row} for row in rows])


def redeclare(connection: Connection, upload_id: str, kind: Kind, index: int, values: Mapping[str, Any]) -> None:
    """Changes a piece or part that has not landed."""
    statement = update(piece).where(*_at(upload_id, kind, index), piece.c.landed_at.is_(None)).values(**values)
    connection.execute(statement)


def add_replaced_bytes(connection: Connection, upload_id: str, size_bytes: int) -> int:
    """Adds the size of pieces that were declared again, and returns the upload's total. Their old bytes may still be in the store."""
    statement = update(upload).where(upload.c.id == upload_id).values(replaced_bytes=upload.c.replaced_bytes + size_bytes)
    return int(connection.execute(statement.returning(upload.c.replaced_bytes)).scalar_one())


def pieces(connection: Connection, upload_id: str, kind: Kind, indexes: Sequence[int] | None = None) -> list[PieceRow]:
    """Returns pieces (or parts) in order of index, all or those with the given indexes."""
    statement = select(piece).where(piece.c.upload_id == upload_id, piece.c.kind == kind).order_by(piece.c.index)
    if indexes is not None:
        statement = statement.where(piece.c.index.in_(list(indexes)))
    return all_rows(connection, statement, PieceRow)


def landed_indexes(connection: Connection, upload_id: str, kind: Kind) -> list[int]:
    """Returns the indexes of landed pieces (or parts), in order."""
    statement = select(piece.c.index).where(piece.c.upload_id == upload_id, piece.c.kind == kind, piece.c.landed_at.is_not(None))
    return sorted(connection.execute(statement).scalars())


def mark_landed(connection: Connection, upload_id: str, kind: Kind, index: int, now_s: float) -> bool:
    """Records that a piece (or part) has landed; False if that was recorded before."""
    statement = update(piece).where(*_at(upload_id, kind, index), piece.c.landed_at.is_(None)).values(landed_at=now_s)
    return connection.execute(statement).rowcount == 1


def declared_bytes(connection: Connection, upload_id: str, kind: Kind) -> int:
    """Returns the total declared size of the pieces (or parts)."""
    total = select(func.coalesce(func.sum(piece.c.size_bytes), 0)).where(piece.c.upload_id == upload_id, piece.c.kind == kind)
    return int(connection.execute(total).scalar_one())


def landed_bytes(connection: Connection, upload_id: str) -> int:
    """Returns how many bytes of the client have landed."""
    total = select(func.coalesce(func.sum(piece.c.size_bytes), 0)).where(
        piece.c.upload_id == upload_id, piece.c.bucket == "original", piece.c.landed_at.is_not(None)
    )
    return int(connection.execute(total).scalar_one())


def _at(upload_id: str, kind: Kind, index: int) -> tuple[Any, Any, Any]:
    return piece.c.upload_id == upload_id, piece.c.kind == kind, piece.c.index == index
