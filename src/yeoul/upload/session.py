"""The rules of upload sessions: declared, landed and missing pieces. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field

from yeoul.base.errors import ConflictError, InvalidError, PieceConflictError, UploadClosedError, UploadExpiredError, UploadIncompleteError
from yeoul.catalog.schema.row.pipeline import PieceRow
from yeoul.model.noun import Noun
from yeoul.model.piece import MAX_PIECES, Piece
from yeoul.model.plain import Count, Sha256
from yeoul.model.source import Source
from yeoul.upload.claim import check_piece

_MAX_LISTED = 100
_MAX_REPLACED_TIMES, _MIN_REPLACED_BYTES = 3, 64 * 2**20
Mode = Literal["pieces", "whole"]


class Declared(Noun):
    """A piece (with `piece`) or part (without) that a client is about to send."""

    index: int = Field(ge=0, lt=MAX_PIECES)
    size_bytes: Count
    sha256: Sha256
    piece: Piece | None = None


class Limits(Noun):
    """Upload limits: the largest piece and the largest source, in bytes."""

    max_piece_bytes: int
    max_source_bytes: int


def make_key(video_id: str, upload_id: str, mode: Mode, item: Declared) -> str:
    """Returns the key of a piece or part in the `original` bucket. Different content gets a different key."""
    kind, ending = ("piece", ".nut") if mode == "pieces" else ("part", "")
    return f"{video_id}/{upload_id}/{kind}-{item.index:05d}-{item.sha256[:16]}{ending}"


def check_declared(mode: Mode, declared: Declared, limits: Limits, source: Source | None = None) -> None:
    """Raises InvalidError if a declared piece is impossible. source: the client's description of its file, in mode `pieces`."""
    if declared.size_bytes > limits.max_piece_bytes:
        raise InvalidError(f"piece {declared.index} is larger than {limits.max_piece_bytes} bytes", index=declared.index)
    if (declared.piece is None) == (mode == "pieces"):
        raise InvalidError(f"an upload in mode {mode} accepts only {'pieces' if mode == 'pieces' else 'parts'}", index=declared.index)
    if declared.piece is None or source is None:
        return
    if declared.piece.index != declared.index:
        raise InvalidError(f"the manifest of piece {declared.index} has index {declared.piece.index}", index=declared.index)
    check_piece(declared.piece, source)


def plan_declared(rows: Mapping[int, PieceRow], declared: Sequence[Declared]) -> tuple[list[Declared], list[Declared]]:
    """Returns (new pieces, changed pieces that have not landed); omits pieces that are already declared unchanged.

    rows: the stored pieces by index. Raises PieceConflictError for a landed piece with different content, InvalidError for an index that
    is declared twice with different content.
    """
    new: list[Declared] = []
    changed: list[Declared] = []
    by_index: dict[int, Declared] = {}
    for item in declared:
        if by_index.setdefault(item.index, item) != item:
            raise InvalidError(f"piece {item.index} is declared twice with different content", index=item.index)
    for item in by_index.values():
        row = rows.get(item.index)
        piece = None if item.piece is None else item.piece.model_dump(mode="json")
        if row is None:
            new.append(item)
        elif (row["size_bytes"], row["sha256"], row["piece"]) != (item.size_bytes, item.sha256, piece):
            if row["landed_at"] is not None:
                raise PieceConflictError(f"piece {item.index} has already landed with different content", index=item.index)
            changed.append(item)
    return new, changed


def check_replaced(replaced_bytes: int, file_bytes: int) -> None:
    """Raises ConflictError if an upload has replaced too many bytes of pieces, because replaced blobs stay until the video is ready."""
    limit = max(_MAX_REPLACED_TIMES * file_bytes, _MIN_REPLACED_BYTES)
    if replaced_bytes > limit:
        message = f"this upload has declared more than {limit} bytes of pieces again; open a new upload"
        raise ConflictError(message, replaced_bytes=replaced_bytes)


def check_open(state: str) -> None:
    """Raises UploadExpiredError if the upload has expired, UploadClosedError if it is not open."""
    check_alive(state)
    if state != "open":
        raise UploadClosedError("the upload is closed and accepts no more pieces", state=state)


def check_alive(state: str) -> None:
    """Raises UploadExpiredError if the upload has expired."""
    if state == "expired":
        raise UploadExpiredError("the upload was not completed in time and has expired; upload the file again", state=state)


def check_complete(mode: Mode, rows: Sequence[PieceRow], count: int, size_bytes: int) -> None:
    """Raises UploadIncompleteError if pieces are missing, InvalidError if pieces have gaps or the sizes of parts do not add up.

    rows: all declared pieces in order of index; count: the number of pieces according to the client.
    """
    landed = [row for row in rows if row["landed_at"] is not None]
    landed_indexes = {row["index"] for row in landed}
    missing = [index for index in range(count) if index not in landed_indexes]
    if missing or count == 0:
        raise UploadIncompleteError(f"{len(missing)} of {count} pieces are missing", missing=missing[:_MAX_LISTED], count=count)
    if len(landed) > count:
        raise InvalidError(f"{len(landed)} pieces have landed, but the client reports {count}", landed=len(landed), count=count)
    if mode == "whole":
        total = sum(row["size_bytes"] for row in landed)
        if total != size_bytes:
            message = f"the parts have {total} bytes in total, but the file has {size_bytes}"
            raise InvalidError(message, found_bytes=total, promised_bytes=size_bytes)
        return
    for before, after in pairwise(landed):
        if _describe(before)["end_pts"] != _describe(after)["start_pts"] or _describe(before)["last"]:
            raise InvalidError(f"piece {after['index']} does not start where the previous piece ends", index=after["index"])
    if not _describe(landed[-1])["last"]:
        raise InvalidError(f"piece {landed[-1]['index']} is the last piece, but its manifest does not say so", index=landed[-1]["index"])


def _describe(row: PieceRow) -> Mapping[str, Any]:
    assert row["piece"] is not None, "only parts have no description"
    return row["piece"]
