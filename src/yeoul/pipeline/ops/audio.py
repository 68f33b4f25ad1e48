"""Audio: the sound of a piece as one gapless CMAF segment."""

from __future__ import annotations

from yeoul.base.errors import PieceMismatchError
from yeoul.media.audio import encode_audio_piece
from yeoul.media.audio_grid import output_channels
from yeoul.model.rendition import Rendition
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.encode import store_segment
from yeoul.pipeline.task_data import TaskInput, TaskOutput, Track

NAME = "audio"
_DECLARED_BPS = 256_000  # the encoder works at constant quality; measured peaks stayed below


def audio(context: Context, task: TaskInput) -> TaskOutput:
    """Gives the track "audio" with one segment; nothing for a piece too short to own an audio frame."""
    if task.piece is None or task.source is None or task.source.audio is None:
        raise PieceMismatchError("audio works on pieces of a source with sound")
    file = context.fetch_piece(task.piece)
    made = encode_audio_piece(file, task.piece.piece, task.source, context.scratch / "audio.m4s", context.limits)
    if made is None:
        return TaskOutput()
    rendition = Rendition(
        name=NAME,
        kind="audio",
        codecs=made.codecs,
        timescale=made.timescale,
        init_key=context.put_init(NAME, made.init),
        init_size_bytes=len(made.init),
        channels=output_channels(task.source.audio),
        sample_rate=made.timescale,
        language=task.source.audio.language,
    )
    track = Track(rendition=rendition, declared_bps=_DECLARED_BPS, segments=(store_segment(context, task.piece.piece.index, made),))
    return TaskOutput(tracks=(track,))
