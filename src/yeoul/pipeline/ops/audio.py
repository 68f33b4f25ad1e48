"""Audio: the sound of a piece as one gapless CMAF segment."""

from __future__ import annotations

from functools import partial

from yeoul.base.errors import PieceMismatchError
from yeoul.media.audio import encode_audio_piece
from yeoul.media.audio_grid import output_channels
from yeoul.media.loudness import apply_gain
from yeoul.media.window import trim
from yeoul.model.piece import LandedPiece
from yeoul.model.rendition import Rendition
from yeoul.model.source import Source
from yeoul.pipeline.op import op
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.ops.encode import store_segment
from yeoul.pipeline.task_data import Gain, Sound, Track, Window

NAME = "audio"
_DECLARED_BPS = 256_000  # the encoder works at constant quality; measured peaks stayed below


@op(version="1", publishes=True)
def audio(context: Context, piece: LandedPiece, source: Source, window: Window | None = None, gain: Gain | None = None) -> Sound:
    """Gives the track "audio" with one segment; nothing for a piece too short to own an audio frame. Raises PieceMismatchError."""
    if source.audio is None:
        raise PieceMismatchError("audio works on pieces of a source with sound")
    window = window or Window()
    if piece.piece.index < window.skip:
        return Sound()
    file = context.fetch_piece(piece)
    shown, part = trim(source, piece.piece, window.start_s, window.skip)
    shape = None if gain is None else partial(apply_gain, gain_db=gain.gain_db)
    made = encode_audio_piece(file, part, shown, context.scratch / "audio.m4s", context.limits, shape=shape)
    if made is None:
        return Sound()
    rendition = Rendition(
        name=NAME,
        kind="audio",
        codecs=made.codecs,
        timescale=made.timescale,
        init_key=context.put_init(NAME, made.init),
        init_size_bytes=len(made.init),
        channels=output_channels(source.audio),
        sample_rate=made.timescale,
        language=source.audio.language,
    )
    return Sound(tracks=(Track(rendition=rendition, declared_bps=_DECLARED_BPS, segments=(store_segment(context, part.index, made),)),))
