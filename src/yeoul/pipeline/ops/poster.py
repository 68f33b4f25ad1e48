"""Poster: one good picture of the first piece, there before anything can be played; and a better one later where that shows nothing."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.image import find_poster_tile, is_dull, make_poster
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.storyboard import read_tiles
from yeoul.pipeline.task_data import TaskInput, TaskOutput


def poster(context: Context, task: TaskInput) -> TaskOutput:
    """Gives poster_key and the fact whether the poster is dull.

    With parameter `from: tiles` it needs an earlier poster and the tiles of all pieces, and gives nothing unless that poster is dull
    or failed: then its picture comes from the piece of the best tile, and only that piece is decoded.
    """
    if task.source is None or not task.pieces:
        raise PieceMismatchError("there is no piece to take a poster from")
    if task.parameters.get("from") != "tiles":
        return _made(context, task.source, task.pieces[0], 0.0)
    tile = None if _has_good_one(task) else find_poster_tile(read_tiles(context, task))
    if tile is None:
        return TaskOutput()
    return _made(context, task.source, _piece_at(tile.start_s, task.source, task.pieces), tile.start_s)


def _made(context: Context, source: Source, landed: LandedPiece, from_s: float) -> TaskOutput:
    picture = make_poster(context.fetch_piece(landed), landed.piece, source, context.limits, from_s)
    return TaskOutput(poster_key=context.put_bytes("poster.jpg", picture), facts={"dull": is_dull(picture)})


def _has_good_one(task: TaskInput) -> bool:
    earlier = [need.outputs["facts"] for need in task.needs if need.piece is None and need.outputs is not None]
    return any(not facts["dull"] for facts in earlier)


def _piece_at(start_s: float, source: Source, pieces: tuple[LandedPiece, ...]) -> LandedPiece:
    """The piece that shows a moment, in seconds from the video's start."""
    tick_s = float(source.video.time_base.fraction)
    begun = [landed for landed in pieces if (landed.piece.start_pts - source.start_pts) * tick_s <= start_s + tick_s]
    return max(begun, key=lambda landed: landed.piece.index)
