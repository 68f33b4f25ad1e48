"""Encoding the sound of one piece to gapless AAC-LC, as if the whole stream had gone through one encoder.

Every piece has a segment, so that sound and picture keep the same segment count: where sound begins late, has holes or ends early
there is silence. Only the last piece's segment ends where the sound ends, and has at least one frame.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av.error
import numpy as np
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

from yeoul.base.errors import MediaToolError
from yeoul.media.audio.decode import Samples, Sound, decode_sound, planar_floats
from yeoul.media.audio.grid import (
    FRAME_SAMPLES,
    LAYOUTS,
    OUTPUT_RATE,
    PRIMING_SAMPLES,
    FrameRun,
    Span,
    last_frames,
    longest_end,
    output_channels,
    output_position,
    owned_frames,
    source_window,
)
from yeoul.media.limits import Limits
from yeoul.media.mp4.audio_box import CODECS, make_audio_fragment, make_audio_init
from yeoul.media.segment import EncodedSegment
from yeoul.media.video.reorder import delay_samples
from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source

_MOST_FRAMES = 60 * OUTPUT_RATE // FRAME_SAMPLES  # that are encoded together: what is longer is encoded as if it were several pieces
# Constant quality 1.2 in units of FF_QP2LAMBDA: a fixed bit rate would start its rate control anew at every piece and be heard.
# The fast coder, because its choices hardly depend on history: of 185 seams two had a frame that erred 2.5 dB more than in a whole
# encode; with the default coder (twoloop) 35 frames did by up to 23 dB. It also takes 0.6 of the CPU time and, at equal rates, less noise.
_ENCODER_OPTIONS = {"flags": "+qscale", "global_quality": str(int(1.2 * 118)), "aac_coder": "fast"}


def encode_audio_piece(
    piece_file: Path | None,
    piece: Piece,
    source: Source,
    out: Path,
    limits: Limits,
    *,
    channels: int | None = None,
    shape: Callable[[Samples], Samples] | None = None,
) -> EncodedSegment | None:
    """Write the piece's media segment to `out`; None only if no frame of the grid lies in the piece, or the source has no sound.

    piece_file: None for a piece without sound. channels: 1, 2 or 6; None: as many as `output_channels` says. shape: what is done to the
    samples at 48 kHz before they are encoded; it may look no further than a frame, and remember nothing.
    Raises UnreadableError for a file that is no piece, MediaToolError when the encoder fails.
    """
    track = source.audio
    read = None if track is None else read_owned(piece_file, piece, source, track, channels or output_channels(track), limits)
    if track is None or read is None:
        return None
    owned, sound = read
    packets: list[bytes] = []
    for part in owned.parts(_MOST_FRAMES):
        samples = resample(sound, part.encoded, track.sample_rate)
        packets += encode_aac(samples if shape is None else shape(samples))[part.packets.start : part.packets.end]
    return _write_segment(packets, owned, piece, source, sound.channels, out)


def read_owned(
    piece_file: Path | None, piece: Piece, source: Source, track: AudioTrack, channels: int, limits: Limits
) -> tuple[FrameRun, Sound] | None:
    """(the frames that a piece owns, its sound in 1, 2 or 6 channels); None where no frame lies in the piece. Raises UnreadableError."""
    owned = owned_frames(piece, source)
    longest = len(source_window(Span(owned.first, longest_end(piece, source)), track.sample_rate).source)
    sound = decode_sound(piece_file, piece, source, track, limits, longest=longest, channels=channels)
    if piece.last:
        # What the last packet holds past the source's end is the padding of its encoder.
        heard = min(output_position(sound.end, track.sample_rate), round(source.duration_s * OUTPUT_RATE))
        owned = last_frames(piece, source, heard)
    return None if owned.end <= owned.first else (owned, sound)


def resample(sound: Sound, frames: Span, source_rate: int) -> Samples:
    """The sound of some content frames at 48 kHz, the same samples whichever piece asks."""
    window = source_window(frames, source_rate)
    samples = sound.cut(window.source)
    if source_rate == OUTPUT_RATE:
        return samples
    layout = LAYOUTS[sound.channels]
    resampler = AudioResampler(format="fltp", layout=layout, rate=OUTPUT_RATE)
    parts = [*resampler.resample(_audio_frame(samples, layout, source_rate)), *resampler.resample(None)]
    return np.concatenate([planar_floats(part) for part in parts], axis=1)[:, window.skip : window.skip + len(window.output)]


def encode_aac(samples: Samples) -> list[bytes]:
    """AAC-LC packets of samples at 48 kHz: one of priming, then one for each frame of 1,024. Raises MediaToolError."""
    layout = LAYOUTS[samples.shape[0]]
    encode = _open_encoder(layout).encode
    packets: list[bytes] = []
    try:
        for start in range(0, samples.shape[1], FRAME_SAMPLES):
            frame = _audio_frame(samples[:, start : start + FRAME_SAMPLES], layout, OUTPUT_RATE)
            frame.pts = start
            packets += map(bytes, encode(frame))
        packets += map(bytes, encode(None))
    except av.error.FFmpegError as error:
        raise MediaToolError("the AAC encoder failed", reason=str(error)) from error
    return packets


def _open_encoder(layout: str) -> Any:
    # Any: the stubs leave the packets that the encoder returns partly unknown.
    encoder = AudioCodecContext.create("aac", "w")
    encoder.sample_rate, encoder.layout, encoder.format = OUTPUT_RATE, layout, "fltp"
    encoder.options = dict(_ENCODER_OPTIONS)
    encoder.open()
    return encoder


def _audio_frame(samples: Samples, layout: str, rate: int) -> AudioFrame:
    frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=layout)
    frame.sample_rate = rate
    return frame


def _write_segment(packets: list[bytes], owned: FrameRun, piece: Piece, source: Source, channels: int, out: Path) -> EncodedSegment:
    """The first segment begins with packets of silence, so that sound is delayed as pictures are; the times told are without them."""
    if len(packets) != len(owned.packets):
        raise MediaToolError("the AAC encoder returned too few packets", found=len(packets), promised=len(owned.packets))
    delay = delay_samples(source)
    silent = (delay - PRIMING_SAMPLES) // FRAME_SAMPLES
    if owned.first == 0:
        written, decode_time = [*encode_aac(np.zeros((channels, FRAME_SAMPLES), np.float32))[:1] * silent, *packets], 0
    else:
        written, decode_time = packets, owned.start_ticks + silent * FRAME_SAMPLES
    out.write_bytes(make_audio_fragment(piece.index + 1, decode_time, written))
    return EncodedSegment(
        name="audio",
        init=make_audio_init(channels, delay),
        path=out,
        codecs=CODECS,
        timescale=OUTPUT_RATE,
        start_ticks=owned.start_ticks,
        duration_ticks=len(packets) * FRAME_SAMPLES,
        samples=len(written),
    )
