"""Inspect: look at the first piece, hold it against what the client said of its file, choose the ladder."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError, TooLargeError
from yeoul.media.source.probe import probe
from yeoul.media.video.ladder import make_ladder
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Prepared, TaskInput
from yeoul.pipeline.task.op import op


@op(version="1", publishes=True)
def inspect(context: Context, task: TaskInput) -> Prepared:
    """Raises MediaError when the piece cannot be used, PieceMismatchError when it is not of the source."""
    claimed = task.source
    if claimed is None or not task.pieces:
        raise PieceMismatchError("there is no first piece or no description of the source")
    found = probe(context.fetch_piece(task.pieces[0]), context.limits)
    _check(claimed, found, context)
    return Prepared(source=claimed, ladder=make_ladder(claimed, task.max_height))


def _check(claimed: Source, found: Source, context: Context) -> None:
    """The pictures are what decoding depends on; rotation, shape of pixels and colour are not in a piece and are taken as told."""
    if claimed.duration_s > context.limits.max_duration_s:
        raise TooLargeError(f"the video is longer than {context.limits.max_duration_s} s", duration_s=claimed.duration_s)
    for name in ("codec", "width", "height"):
        said, is_ = getattr(claimed.video, name), getattr(found.video, name)
        if said != is_:
            raise PieceMismatchError(f"the first piece has {name} {is_}, its description says {said}", field=name)
    if (claimed.audio is None) != (found.audio is None):
        raise PieceMismatchError("the first piece and its description differ about sound", field="audio")
    if claimed.audio is not None and found.audio is not None and claimed.audio.codec != found.audio.codec:
        message = f"the sound of the first piece is {found.audio.codec}, its description says {claimed.audio.codec}"
        raise PieceMismatchError(message, field="audio.codec")
