"""Poster: makes a poster from the first piece before the video is playable, and later a better one from another piece if needed."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.picture.storyboard import find_poster_thumbnail, make_poster, measure_interest
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.storyboard import read_thumbnails
from yeoul.pipeline.task.data import Output, PieceThumbnails, Poster
from yeoul.pipeline.task.op import op


@op(version="2", publishes=True)
def poster(context: Context, pieces: list[LandedPiece], source: Source) -> Poster:
    """Returns a poster from the first piece."""
    if not pieces:
        raise PieceMismatchError("the op poster needs at least one piece")
    return _store_poster(context, source, pieces[0], 0.0)


@op(version="2", publishes=True)
def better_poster(
    context: Context, pieces: list[LandedPiece], source: Source, earlier: Poster | None, tiles: list[PieceThumbnails | None]
) -> Output:
    """Returns a poster from the piece of the best thumbnail if it shows much more than the earlier poster, or if that one failed."""
    tile = find_poster_thumbnail(read_thumbnails(context, tiles), 0.0 if earlier is None else earlier.interest)
    return Output() if tile is None else _store_poster(context, source, _find_piece(tile.start_s, source, pieces), tile.start_s)


def _store_poster(context: Context, source: Source, landed: LandedPiece, from_s: float) -> Poster:
    picture = make_poster(context.fetch_piece(landed), landed.piece, source, context.limits, from_s)
    return Poster(poster_key=context.put_bytes("poster.jpg", picture), interest=measure_interest(picture))


def _find_piece(start_s: float, source: Source, pieces: list[LandedPiece]) -> LandedPiece:
    """Returns the piece that contains a time, in seconds after the start of the video."""
    tick_s = float(source.video.time_base.fraction)
    started = [landed for landed in pieces if (landed.piece.start_pts - source.start_pts) * tick_s <= start_s + tick_s]
    return max(started, key=lambda landed: landed.piece.index)
