"""Inspect: probes the first piece, compares it with the source that the client declared, and chooses the ladder."""

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
    """Returns the declared source and its ladder.

    Raises MediaError if the first piece cannot be used, PieceMismatchError if it does not match the declared source.
    """
    declared = task.source
    if declared is None or not task.pieces:
        raise PieceMismatchError("the first piece or the description of the source is missing")
    probed = probe(context.fetch_piece(task.pieces[0]), context.limits)
    _check(declared, probed, context)
    return Prepared(source=declared, ladder=make_ladder(declared, task.max_height))


def _check(declared: Source, probed: Source, context: Context) -> None:
    """Raises an error if properties that decoding depends on differ. Rotation, SAR and colour are not in a piece and are not checked."""
    if declared.duration_s > context.limits.max_duration_s:
        raise TooLargeError(f"the video is longer than {context.limits.max_duration_s} s", duration_s=declared.duration_s)
    for name in ("codec", "width", "height"):
        expected, actual = getattr(declared.video, name), getattr(probed.video, name)
        if expected != actual:
            raise PieceMismatchError(f"the first piece has {name} {actual}, but the upload declared {expected}", field=name)
    if (declared.audio is None) != (probed.audio is None):
        what = "no sound, but the upload declared sound" if probed.audio is None else "sound, but the upload declared none"
        raise PieceMismatchError(f"the first piece has {what}", field="audio")
    if declared.audio is not None and probed.audio is not None and declared.audio.codec != probed.audio.codec:
        message = f"the first piece has the audio codec {probed.audio.codec}, but the upload declared {declared.audio.codec}"
        raise PieceMismatchError(message, field="audio.codec")
