"""Encodes the audio of one piece to gapless AAC-LC, as if one encoder had encoded the whole stream.

Every piece has an audio segment, so that audio and video have the same number of segments. If the audio starts late, has gaps or ends
early, the segments hold silence there. Only the last piece's segment ends with the audio, and has at least one frame.
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
    max_end_frame,
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

_MAX_FRAMES = 60 * OUTPUT_RATE // FRAME_SAMPLES  # maximum per encode; longer audio is encoded as if it were several pieces
# Constant quality 1.2 in units of FF_QP2LAMBDA: with a fixed bit rate, rate control would restart audibly at every piece.
# The fast coder, because its choices hardly depend on history: compared with an encode of the whole stream, 2 of 185 borders had a frame
# with 2.5 dB more error; the default coder (twoloop) had 35 such frames, with up to 23 dB. The fast coder also needs only 0.6 of the CPU
# time and is less noisy at equal bit rates.
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
    """Writes the piece's media segment to `out`; returns None if no frame of the grid lies in the piece, or the source has no audio.

    piece_file: None for a piece without audio. channels: 1, 2 or 6; default: `output_channels`. shape: a function applied to the samples
    at 48 kHz before encoding; it must be stateless, and must not depend on samples further away than one frame.
    Raises UnreadableError if the file is not a piece, MediaToolError if the encoder fails.
    """
    track = source.audio
    piece_audio = None if track is None else read_owned(piece_file, piece, source, track, channels or output_channels(track), limits)
    if track is None or piece_audio is None:
        return None
    owned, sound = piece_audio
    packets: list[bytes] = []
    for part in owned.parts(_MAX_FRAMES):
        samples = resample(sound, part.encoded, track.sample_rate)
        packets += encode_aac(samples if shape is None else shape(samples))[part.packets.start : part.packets.end]
    return _write_segment(packets, owned, piece, source, sound.channels, out)


def read_owned(
    piece_file: Path | None, piece: Piece, source: Source, track: AudioTrack, channels: int, limits: Limits
) -> tuple[FrameRun, Sound] | None:
    """Returns (frames that a piece owns, its audio in 1, 2 or 6 channels); None if it owns no frame. Raises UnreadableError."""
    owned = owned_frames(piece, source)
    longest = len(source_window(Span(owned.first, max_end_frame(piece, source)), track.sample_rate).source)
    sound = decode_sound(piece_file, piece, source, track, limits, longest=longest, channels=channels)
    if piece.last:
        # Audio in the last packet beyond the source's end is the padding of its encoder.
        content_end = min(output_position(sound.end, track.sample_rate), round(source.duration_s * OUTPUT_RATE))
        owned = last_frames(piece, source, content_end)
    return None if owned.end <= owned.first else (owned, sound)


def resample(sound: Sound, frames: Span, source_rate: int) -> Samples:
    """Returns the audio of content frames at 48 kHz; the samples do not depend on the piece they are computed for."""
    window = source_window(frames, source_rate)
    samples = sound.cut(window.source)
    if source_rate == OUTPUT_RATE:
        return samples
    layout = LAYOUTS[sound.channels]
    resampler = AudioResampler(format="fltp", layout=layout, rate=OUTPUT_RATE)
    parts = [*resampler.resample(_audio_frame(samples, layout, source_rate)), *resampler.resample(None)]
    return np.concatenate([planar_floats(part) for part in parts], axis=1)[:, window.skip : window.skip + len(window.output)]


def encode_aac(samples: Samples) -> list[bytes]:
    """Encodes samples at 48 kHz to AAC-LC packets: one of priming, then one per 1,024 samples. Raises MediaToolError."""
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
    # Any: PyAV's stubs have no full type for the packets that the encoder returns.
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
    """Writes the segment. The first one starts with silent packets that delay audio as much as video; the result's times exclude them."""
    if len(packets) != len(owned.packets):
        raise MediaToolError("the AAC encoder returned too few packets", found=len(packets), promised=len(owned.packets))
    delay = delay_samples(source)
    silent_packets = (delay - PRIMING_SAMPLES) // FRAME_SAMPLES
    if owned.first == 0:
        written, decode_time = [*encode_aac(np.zeros((channels, FRAME_SAMPLES), np.float32))[:1] * silent_packets, *packets], 0
    else:
        written, decode_time = packets, owned.start_ticks + silent_packets * FRAME_SAMPLES
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
