"""What an upload session may do next: pure rules about declared, landed and missing pieces."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field

from yeoul.base.errors import ConflictError, InvalidError, PieceConflictError, UploadClosedError, UploadExpiredError, UploadIncompleteError
from yeoul.model.noun import Noun
from yeoul.model.piece import MAX_PIECES, Piece
from yeoul.model.plain import Count, Sha256
from yeoul.model.source import Source
from yeoul.upload.claim import check_piece

_NAMED_AT_MOST = 100
_REPLACED_TIMES, _REPLACED_BYTES = 3, 64 * 2**20
Mode = Literal["pieces", "whole"]


class Declared(Noun):
    """A piece (with `piece`) or a byte-range part (without) that a client is about to send."""

    index: int = Field(ge=0, lt=MAX_PIECES)
    size_bytes: Count
    sha256: Sha256
    piece: Piece | None = None


class Limits(Noun):
    """Largest piece and largest source in bytes."""

    max_piece_bytes: int
    max_source_bytes: int


def make_key(video_id: str, upload_id: str, mode: Mode, item: Declared) -> str:
    """Where a piece or part lies in the `original` bucket; other content has another key."""
    kind, ending = ("piece", ".nut") if mode == "pieces" else ("part", "")
    return f"{video_id}/{upload_id}/{kind}-{item.index:05d}-{item.sha256[:16]}{ending}"


def check_declared(mode: Mode, declared: Declared, limits: Limits, source: Source | None = None) -> None:
    """Raises InvalidError when a piece cannot be what it says; source: what the client said of its file, in the mode of pieces."""
    if declared.size_bytes > limits.max_piece_bytes:
        raise InvalidError(f"piece {declared.index} is larger than {limits.max_piece_bytes} bytes", index=declared.index)
    if (declared.piece is None) == (mode == "pieces"):
        raise InvalidError(f"an upload of mode {mode} takes {'pieces' if mode == 'pieces' else 'parts'}", index=declared.index)
    if declared.piece is None or source is None:
        return
    if declared.piece.index != declared.index:
        raise InvalidError(f"piece {declared.index} calls itself {declared.piece.index}", index=declared.index)
    check_piece(declared.piece, source)


def plan_declared(rows: Mapping[int, Mapping[str, Any]], declared: Sequence[Declared]) -> tuple[list[Declared], list[Declared]]:
    """(new ones, changed ones that have not landed); those known and equal are in neither.

    rows: what is known, by index. Raises PieceConflictError for a landed piece with other content, InvalidError for an index
    that is declared twice with different content.
    """
    new: list[Declared] = []
    changed: list[Declared] = []
    once: dict[int, Declared] = {}
    for item in declared:
        if once.setdefault(item.index, item) != item:
            raise InvalidError(f"piece {item.index} is declared twice with different content", index=item.index)
    for item in once.values():
        row = rows.get(item.index)
        piece = None if item.piece is None else item.piece.model_dump(mode="json")
        if row is None:
            new.append(item)
        elif (row["size_bytes"], row["sha256"], row["piece"]) != (item.size_bytes, item.sha256, piece):
            if row["landed_at"] is not None:
                raise PieceConflictError(f"piece {item.index} has landed with other content", index=item.index)
            changed.append(item)
    return new, changed


def check_replaced(replaced_bytes: int, file_bytes: int) -> None:
    """Raises ConflictError when an upload has declared pieces anew without end: what was sent of them stays until the video is made."""
    most = max(_REPLACED_TIMES * file_bytes, _REPLACED_BYTES)
    if replaced_bytes > most:
        raise ConflictError(f"this upload has declared more than {most} bytes of pieces anew; begin another", replaced_bytes=replaced_bytes)


def check_open(state: str) -> None:
    """Raises UploadExpiredError or UploadClosedError."""
    check_alive(state)
    if state != "open":
        raise UploadClosedError("the upload is complete and takes no more pieces", state=state)


def check_alive(state: str) -> None:
    """Raises UploadExpiredError."""
    if state == "expired":
        raise UploadExpiredError("the upload was not finished in time and was given up; upload the file again", state=state)


def check_complete(mode: Mode, rows: Sequence[Mapping[str, Any]], count: int, size_bytes: int) -> None:
    """Raises UploadIncompleteError naming what is missing, InvalidError when pieces do not join or parts do not add up.

    rows: all declared pieces in order of index; count: how many the client says there are.
    """
    landed = [row for row in rows if row["landed_at"] is not None]
    there = {row["index"] for row in landed}
    missing = [index for index in range(count) if index not in there]
    if missing or count == 0:
        raise UploadIncompleteError(f"{len(missing)} of {count} pieces are missing", missing=missing[:_NAMED_AT_MOST], count=count)
    if len(landed) > count:
        raise InvalidError(f"{len(landed)} pieces have landed, {count} were announced", landed=len(landed), count=count)
    if mode == "whole":
        total = sum(row["size_bytes"] for row in landed)
        if total != size_bytes:
            raise InvalidError(f"the parts hold {total} bytes, the file {size_bytes}", found_bytes=total, promised_bytes=size_bytes)
        return
    for before, after in pairwise(landed):
        if before["piece"]["end_pts"] != after["piece"]["start_pts"] or before["piece"]["last"]:
            raise InvalidError(f"piece {after['index']} does not begin where the one before ends", index=after["index"])
    if not landed[-1]["piece"]["last"]:
        raise InvalidError(f"piece {landed[-1]['index']} is the last and does not say so", index=landed[-1]["index"])
