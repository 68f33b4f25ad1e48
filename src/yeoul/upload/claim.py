"""Plausibility checks of a client's description of its file and pieces. Pure.

These checks prove nothing; the ops inspect the media themselves. `model/` checks the range of each value, this module the relations
between values.
"""

from __future__ import annotations

from yeoul.base.errors import InvalidError, TooLargeError
from yeoul.model.piece import Piece
from yeoul.model.plain import MAX_INT32
from yeoul.model.source import Source

_MAX_SIDE = 65_535
_ROUNDING_S = 1  # a client may round when it converts ticks to seconds


def check_source(source: Source) -> None:
    """Raises InvalidError, which names the field, if a description is impossible; TooLargeError if the frame is too large."""
    video = source.video
    sides = (video.width, video.height, *video.display_size)
    if not all(1 <= side <= _MAX_SIDE for side in sides):
        raise TooLargeError(f"a frame can have at most {_MAX_SIDE} pixels per side", width=video.width, height=video.height)
    for chapter in source.chapters:
        if not chapter.start_s <= chapter.end_s <= source.duration_s + 1:
            raise InvalidError("a chapter ends before it starts, or after the end of the video", field="source.chapters")


def check_piece(piece: Piece, source: Source) -> None:
    """Raises InvalidError, which names the field, if a piece's manifest contradicts the source's description."""
    span = piece.end_pts - piece.start_pts
    if not 0 < span <= MAX_INT32:
        raise InvalidError(f"piece {piece.index} ends before it starts, or is too long", field="end_pts", index=piece.index)
    if piece.frames is not None and piece.frames > span:
        raise InvalidError(f"piece {piece.index} has more frames than ticks", field="frames", index=piece.index)
    if piece.index == 0 and piece.start_pts != source.start_pts:
        raise InvalidError("the first piece does not start at the start of the source", field="start_pts", index=0)
    if piece.start_pts < source.start_pts:
        raise InvalidError(f"piece {piece.index} starts before the source", field="start_pts", index=piece.index)
    end_s = (piece.end_pts - source.start_pts) * source.video.time_base.fraction
    if end_s > source.duration_s + _ROUNDING_S:
        raise InvalidError(f"piece {piece.index} ends after the source", field="end_pts", index=piece.index)
