"""Poster: one good picture of the first piece, there before anything can be played."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.image import make_poster
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task_data import TaskInput, TaskOutput


def poster(context: Context, task: TaskInput) -> TaskOutput:
    """Gives poster_key."""
    if task.source is None or not task.pieces:
        raise PieceMismatchError("there is no piece to take a poster from")
    file = context.fetch_piece(task.pieces[0])
    picture = make_poster(file, task.pieces[0].piece, task.source, context.limits)
    return TaskOutput(poster_key=context.put_bytes("poster.jpg", picture))
