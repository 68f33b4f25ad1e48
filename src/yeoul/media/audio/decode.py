"""Decodes a piece's audio into float samples at the source's rate.

Frames with nearly contiguous timestamps are treated as contiguous, because timestamps may jitter while audio does not. The position of a
run of frames follows the rules in `media.source.split`: it comes from the timestamps, or from the piece's anchor if those are coarse.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from pathlib import Path
from statistics import median_low
from typing import IO, Any, cast

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from yeoul.media.audio.grid import LAYOUTS, Span, output_channels
from yeoul.media.limits import Limits, open_input
from yeoul.media.source.scan import decode_audio_packet, media_packets
from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source

Samples = NDArray[np.float32]  # (channels, samples), full scale is 1

_GAP_S = Fraction(20, 1000)  # shorter than one AAC, MP3 or AC-3 frame, so that a lost frame is detected
_COARSE_GAP_S = Fraction(50, 1000)  # the limit of `scan.AUDIO_GAP_S` for coarse timestamps, which jitter by 10 ms
_MARGIN_S = 10  # how much more than the longest expected audio is decoded
_MAX_VALUE = 4.0
_MAX_MEMORY_LENGTH = 60 * 48_000  # samples per channel in memory; only pieces with a frame that is shown for minutes are longer


class _SampleBuffer:
    """Collects blocks of samples: in memory, or in an unnamed temporary file if there are many."""

    def __init__(self) -> None:
        self._blocks: list[Samples] = []
        self._memory_length = self._file_length = 0
        self._file: IO[bytes] | None = None

    def append(self, block: Samples) -> None:
        self._blocks.append(block)
        self._memory_length += block.shape[1]
        if self._memory_length > _MAX_MEMORY_LENGTH:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is mapped)
        for block in self._blocks:
            self._file.write(np.ascontiguousarray(block.T).tobytes())
        self._file_length, self._memory_length, self._blocks = self._file_length + self._memory_length, 0, []

    def array(self) -> Samples | None:
        """Returns all samples as (channels, samples); None if there are none."""
        if self._file is None:
            return np.concatenate(self._blocks, axis=1) if self._blocks else None
        channels = self._blocks[0].shape[0] if self._blocks else self._file.tell() // (4 * self._file_length)
        self._spill()
        with self._file as file:
            file.flush()
            return cast("Samples", np.memmap(file, np.float32, "r", shape=(self._file_length, channels)).T)


@dataclass
class _Run:
    """Contiguous frames. anchor: the position of the first sample if it is known by counting; None if timestamps define it."""

    anchor: int | None
    samples: _SampleBuffer
    length: int = 0
    offsets: list[Fraction] = field(default_factory=list[Fraction])

    @property
    def position(self) -> int:
        """The position of the first sample: the median over all timestamps, because single ones are rounded or wrong."""
        if self.anchor is not None:
            return self.anchor
        return floor(median_low(self.offsets) + Fraction(1, 2)) if self.offsets else 0

    def continues(self, at: Fraction, sample_rate: int) -> bool:
        if self.anchor is not None:
            return abs(at - self.length - self.anchor) <= _COARSE_GAP_S * sample_rate
        return not self.offsets or abs(at - self.length - self.offsets[0]) <= _GAP_S * sample_rate

    def append(self, at: Fraction | None, block: Samples) -> None:
        if at is not None:
            self.offsets.append(at - self.length)
        self.samples.append(block)
        self.length += block.shape[1]


@dataclass(frozen=True)
class Sound:
    """Decoded stretches of audio, each with the position of its first sample, in source samples from the source's zero."""

    channels: int
    stretches: tuple[tuple[int, Samples], ...]

    @property
    def end(self) -> int:
        """The position after the last sample; 0 if there is none."""
        return max((position + block.shape[1] for position, block in self.stretches), default=0)

    def cut(self, span: Span) -> Samples:
        """Returns the samples of `span`, with silence in gaps."""
        out = np.zeros((self.channels, len(span)), np.float32)
        for position, block in self.stretches:
            start, end = max(span.start, position), min(span.end, position + block.shape[1])
            if start < end:
                out[:, start - span.start : end - span.start] = block[:, start - position : end - position]
        # A float source may have any values, and the encoder refuses infinite and NaN ones.
        np.nan_to_num(out, copy=False, posinf=_MAX_VALUE, neginf=-_MAX_VALUE)
        return np.clip(out, -_MAX_VALUE, _MAX_VALUE, out=out)


def decode_sound(
    piece_file: Path | None,
    piece: Piece,
    source: Source,
    track: AudioTrack,
    limits: Limits,
    *,
    longest: int,
    channels: int | None = None,
) -> Sound:
    """Decodes the first audio stream of a piece file, up to `longest` samples plus a margin.

    piece_file: None for a silent piece. channels: 1, 2 or 6; default: `output_channels`. Packets that do not decode leave a gap.
    Raises UnreadableError if the file cannot be opened.
    """
    channels = channels or output_channels(track)
    budget = longest + _MARGIN_S * track.sample_rate
    anchor = piece.audio.anchor_sample if piece.audio else None
    runs = [_Run(anchor, _SampleBuffer())]
    for position, block in () if piece_file is None else _read_blocks(piece_file, piece, source, track, channels, limits):
        if position is not None and not runs[-1].continues(position, track.sample_rate):
            runs.append(_Run(None if anchor is None else round(position), _SampleBuffer()))
        runs[-1].append(position, block)
        budget -= block.shape[1]
        if budget < 0:
            break
    stretches = tuple((run.position, array) for run in runs if (array := run.samples.array()) is not None)
    return _cut_at(piece.audio.end_sample if piece.audio else None, Sound(channels, stretches))


def _cut_at(end: int | None, sound: Sound) -> Sound:
    """Returns the audio before a position; all audio for None."""
    if end is None:
        return sound
    stretches = tuple((position, block[:, : end - position]) for position, block in sound.stretches if position < end)
    return Sound(sound.channels, stretches)


def _read_blocks(
    piece_file: Path, piece: Piece, source: Source, track: AudioTrack, channels: int, limits: Limits
) -> Iterator[tuple[Fraction | None, Samples]]:
    """Yields blocks of samples, each with the position from its timestamp (None if it has none)."""
    zero_s = source.start_pts * source.video.time_base.fraction - piece.audio_base * track.time_base.fraction
    mixer = _Mixer(track, channels)
    for frame in _decode_frames(piece_file, limits):
        position = None if frame.pts is None or frame.time_base is None else (frame.pts * frame.time_base - zero_s) * track.sample_rate
        block = mixer.mix(frame)
        if block.shape[1]:
            yield position, block


def _decode_frames(piece_file: Path, limits: Limits) -> Iterator[AudioFrame]:
    with open_input(piece_file, limits) as container:
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        # Any: PyAV's stubs have no full type for the packets that the decoder takes.
        decode = cast("Any", stream.codec_context).decode
        for packet in media_packets(container, [stream]):
            yield from decode_audio_packet(decode, packet)
        yield from decode_audio_packet(decode, None)


class _Mixer:
    """Converts any sample format and layout to planar floats of the output layout at the track's rate; standard matrix, no clipping."""

    def __init__(self, track: AudioTrack, channels: int) -> None:
        self._rate = track.sample_rate
        self._channels = channels
        self._input_format: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def mix(self, frame: AudioFrame) -> Samples:
        frame = _with_layout(frame)
        input_format = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or input_format != self._input_format:
            self._input_format = input_format
            self._resampler = AudioResampler(format="fltp", layout=LAYOUTS[self._channels], rate=self._rate)
        blocks = [planar_floats(part) for part in self._resampler.resample(frame)]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((self._channels, 0), np.float32)


def planar_floats(frame: AudioFrame) -> Samples:
    """Returns the samples of a frame in fltp format."""
    return frame.to_ndarray().astype(np.float32, copy=False)


def _with_layout(frame: AudioFrame) -> AudioFrame:
    """Returns the frame with the default layout for its number of channels if it has none ("6 channels")."""
    count = frame.layout.nb_channels
    if not frame.layout.name.endswith("channels"):
        return frame
    copy = AudioFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name, layout=f"{count}c")
    copy.sample_rate, copy.pts, copy.time_base = frame.sample_rate, frame.pts, frame.time_base
    return copy
