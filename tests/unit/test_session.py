"""The rules of an upload session."""

from __future__ import annotations

from typing import Any, cast

import pytest
from pydantic import ValidationError

from yeoul.base.errors import InvalidError, PieceConflictError, UploadClosedError, UploadIncompleteError
from yeoul.catalog.schema.row.pipeline import PieceRow
from yeoul.model.piece import Piece
from yeoul.model.source import Source, TimeBase, VideoTrack
from yeoul.upload.session import Declared, Limits, check_complete, check_declared, check_open, make_key, plan_declared

LIMITS = Limits(max_piece_bytes=1000, max_source_bytes=10_000)
SHA = "ab" * 32
TRACK = VideoTrack(codec="h264", width=64, height=64, time_base=TimeBase(num=1, den=100), frame_rate=25.0)
SOURCE = Source(container="mov", duration_s=10.0, start_pts=0, video=TRACK)


def part(index: int, size_bytes: int = 10, sha256: str = SHA) -> Declared:
    return Declared(index=index, size_bytes=size_bytes, sha256=sha256)


def piece(index: int, start: int | None = None, end: int | None = None, **values: Any) -> Declared:
    begin = index * 100 if start is None else start
    described = Piece(index=index, start_pts=begin, end_pts=begin + 100 if end is None else end, **values)
    return Declared(index=index, size_bytes=10, sha256=SHA, piece=described)


def row(item: Declared, *, landed: bool = True) -> PieceRow:
    described = None if item.piece is None else item.piece.model_dump(mode="json")
    return cast("PieceRow", {**item.model_dump(), "piece": described, "landed_at": 1.0 if landed else None})


@pytest.mark.parametrize(
    "values", [{"index": -1}, {"index": 100_000}, {"size_bytes": 0}, {"sha256": "AB" * 32}, {"sha256": "ab"}, {"more": 1}]
)
def test_what_is_no_declaration(values: dict[str, Any]):
    with pytest.raises(ValidationError):
        Declared(**{"index": 0, "size_bytes": 1, "sha256": SHA, **values})


def test_other_content_lies_elsewhere():
    keys = {
        make_key("v", "u", "pieces", piece(0)),
        make_key("v", "u", "pieces", piece(1)),
        make_key("v", "u", "whole", part(0)),
        make_key("v", "u", "whole", part(0, sha256="cd" * 32)),
    }
    assert len(keys) == 4 and all(key.startswith("v/u/") for key in keys)
    assert make_key("v", "u", "pieces", piece(0)) == "v/u/piece-00000-abababababababab.nut"


@pytest.mark.parametrize(
    ("mode", "item", "message"),
    [
        ("whole", part(0, size_bytes=1001), "larger than 1000"),
        ("pieces", part(0), "accepts only pieces"),
        ("whole", piece(0), "accepts only parts"),
        ("pieces", Declared(index=1, size_bytes=1, sha256=SHA, piece=Piece(index=2, start_pts=0, end_pts=1)), "piece 1 has index 2"),
        ("pieces", piece(0, 100, 100), "ends before it starts"),
        ("pieces", piece(0, 100, 99), "ends before it starts"),
        ("pieces", piece(0, 1, 100), "does not start at the start of the source"),
        ("pieces", piece(1, -1, 100), "piece 1 starts before the source"),
        ("pieces", piece(9, 900, 1101), "ends after the source"),
        ("pieces", piece(9, 10**9, 10**9 + 100), "ends after the source"),
    ],
)
def test_pieces_that_cannot_be(mode: Any, item: Declared, message: str):
    with pytest.raises(InvalidError, match=message):
        check_declared(mode, item, LIMITS, SOURCE if mode == "pieces" else None)


def test_pieces_that_can_be():
    check_declared("whole", part(0, size_bytes=1000), LIMITS)
    for number in range(10):
        check_declared("pieces", piece(number), LIMITS, SOURCE)
    later = SOURCE.with_values(start_pts=700)
    check_declared("pieces", piece(0, 700, 800), LIMITS, later)
    check_declared("pieces", piece(1, 800, 1750), LIMITS, later)  # half a second of rounding


def test_declaring_again():
    known = {0: row(piece(0)), 1: row(piece(1), landed=False), 2: row(piece(2), landed=False)}
    shorter = piece(2, 200, 250)
    assert plan_declared(known, [piece(0), piece(1), shorter, piece(3)]) == ([piece(3)], [shorter])
    with pytest.raises(PieceConflictError):
        plan_declared(known, [piece(0, 0, 50)])


def test_a_closed_upload_takes_nothing():
    check_open("open")
    with pytest.raises(UploadClosedError):
        check_open("closed")


def test_complete_uploads():
    check_complete("pieces", [row(piece(index, last=index == 2)) for index in range(3)], 3, 30)
    check_complete("whole", [row(part(index)) for index in range(3)], 3, 30)
    # What was declared and never sent is no part of it.
    check_complete("pieces", [row(piece(0, last=True)), row(piece(1), landed=False)], 1, 10)
    check_complete("whole", [row(part(0)), row(part(1), landed=False)], 1, 10)


def test_missing_pieces_are_named_up_to_a_hundred():
    rows = [row(piece(0)), row(piece(1), landed=False), row(piece(2))]
    with pytest.raises(UploadIncompleteError) as caught:
        check_complete("pieces", rows, 4, 30)
    assert caught.value.facts == {"missing": [1, 3], "count": 4}
    with pytest.raises(UploadIncompleteError) as caught:
        check_complete("whole", [], 5000, 30)
    assert caught.value.facts["missing"] == list(range(100))
    with pytest.raises(UploadIncompleteError):
        check_complete("pieces", [], 0, 30)


@pytest.mark.parametrize(
    ("mode", "items", "count", "message"),
    [
        ("pieces", [piece(0), piece(1)], 1, "2 pieces have landed, but the client reports 1"),
        ("whole", [part(0), part(1, 11)], 2, "the parts have 21 bytes in total, but the file has 20"),
        ("pieces", [piece(0), piece(1, 101, 200)], 2, "piece 1 does not start where"),
        ("pieces", [piece(0), piece(1, 99, 200)], 2, "piece 1 does not start where"),
        ("pieces", [piece(0, last=True), piece(1)], 2, "piece 1 does not start where"),
        ("pieces", [piece(0), piece(1)], 2, "piece 1 is the last piece, but"),
    ],
)
def test_pieces_that_do_not_join(mode: Any, items: list[Declared], count: int, message: str):
    with pytest.raises(InvalidError, match=message):
        check_complete(mode, [row(item) for item in items], count, 20)
