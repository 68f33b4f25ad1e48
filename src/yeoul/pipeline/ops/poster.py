"""Poster: one good picture of the first piece, there before anything can be played; and a better one later where there is one."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.picture.storyboard import find_poster_tile, make_poster, measure_interest
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.storyboard import read_tiles
from yeoul.pipeline.task.data import Output, PieceTiles, Poster
from yeoul.pipeline.task.op import op


@op(version="2", publishes=True)
def poster(context: Context, pieces: list[LandedPiece], source: Source) -> Poster:
    """A picture of the first piece."""
    if not pieces:
        raise PieceMismatchError("there is no piece to take a poster from")
    return _made(context, source, pieces[0], 0.0)


@op(version="2", publishes=True)
def better_poster(
    context: Context, pieces: list[LandedPiece], source: Source, earlier: Poster | None, tiles: list[PieceTiles | None]
) -> Output:
    """A picture from the piece of the best tile where that shows much more than the earlier poster, or that failed; else nothing."""
    tile = find_poster_tile(read_tiles(context, tiles), 0.0 if earlier is None else earlier.interest)
    return Output() if tile is None else _made(context, source, _piece_at(tile.start_s, source, pieces), tile.start_s)


def _made(context: Context, source: Source, landed: LandedPiece, from_s: float) -> Poster:
    picture = make_poster(context.fetch_piece(landed), landed.piece, source, context.limits, from_s)
    return Poster(poster_key=context.put_bytes("poster.jpg", picture), interest=measure_interest(picture))


def _piece_at(start_s: float, source: Source, pieces: list[LandedPiece]) -> LandedPiece:
    """The piece that shows a moment, in seconds from the video's start."""
    tick_s = float(source.video.time_base.fraction)
    begun = [landed for landed in pieces if (landed.piece.start_pts - source.start_pts) * tick_s <= start_s + tick_s]
    return max(begun, key=lambda landed: landed.piece.index)
