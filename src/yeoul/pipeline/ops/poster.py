"""Poster: one good picture of the first piece, there before anything can be played."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.image import make_poster
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.op import op
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task_data import Output


@op(version="1", publishes=True)
def poster(context: Context, pieces: list[LandedPiece], source: Source) -> Output:
    """Gives poster_key."""
    if not pieces:
        raise PieceMismatchError("there is no piece to take a poster from")
    picture = make_poster(context.fetch_piece(pieces[0]), pieces[0].piece, source, context.limits)
    return Output(poster_key=context.put_bytes("poster.jpg", picture))
