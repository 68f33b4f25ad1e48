"""The grid of AAC frames: which frames a piece owns, and what must be decoded and encoded to get them; pure.

Output is 48 kHz. Content frame i holds the output samples [1024 i, 1024 (i + 1)), counted from the source's zero. The encoder delays by
one frame, so content frame i is packet i + 1 of the stream, and packet 0 is priming that an edit list skips. A piece's first and end frame
are its borders rounded down to this grid. So neighbouring pieces always agree, and no piece's audio extends beyond its video.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd

from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source

OUTPUT_RATE = 48_000
FRAME_SAMPLES = 1024
PRIMING_SAMPLES = 1024
# After 8 frames the encoder's window sequence is legal and its psychoacoustic state has settled. Without 2 frames of look-ahead the last
# frame clicks.
_FRAMES_BEFORE = 8
_FRAMES_AFTER = 2
# The resampler's filter reaches 16 samples to either side at the lower of both rates.
_RESAMPLER_REACH = 64
# Maximum length of audio after the last frame, so that the last segment stays small.
_MAX_TAIL_S = 30


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of samples or frames."""

    start: int
    end: int

    def __len__(self) -> int:
        return max(0, self.end - self.start)


@dataclass(frozen=True, slots=True)
class FrameRun:
    """The content frames of one piece, first <= i < end, and the packets to take from a longer encode. last: the source ends here."""

    first: int
    end: int
    last: bool

    @property
    def encoded(self) -> Span:
        """The content frames to encode: with a margin on both sides, except at the start and end of the stream."""
        return Span(max(0, self.first - _FRAMES_BEFORE), self.end if self.last else self.end + _FRAMES_AFTER)

    def parts(self, most: int) -> tuple[FrameRun, ...]:
        """Returns these frames as runs of at most `most` frames, each to be encoded separately."""
        starts = range(self.first, self.end, most)
        return tuple(FrameRun(start, min(start + most, self.end), last=self.last and start + most >= self.end) for start in starts)

    @property
    def packets(self) -> Span:
        """The packets of this encode that the piece keeps; the piece with frame 0 also keeps the priming packet."""
        offset = 1 - self.encoded.start
        return Span(0 if self.first == 0 else self.first + offset, self.end + offset)

    @property
    def start_ticks(self) -> int:
        """The decode time of the first kept packet in output samples; the priming is part of the media timeline."""
        return 0 if self.first == 0 else (self.first + 1) * FRAME_SAMPLES


@dataclass(frozen=True, slots=True)
class SourceWindow:
    """The source samples that the resampler needs for the output samples `output`.

    source: span at the source's rate. It starts at a multiple of the resampler's cycle (147 samples for 44.1 kHz), so that every piece
    gets the same filter phases. skip: number of output samples to drop before `output`.
    """

    source: Span
    output: Span
    skip: int


LAYOUTS: Mapping[int, str] = {1: "mono", 2: "stereo", 6: "5.1"}  # by the number of channels
SURROUND_CHANNELS = 6


def output_channels(track: AudioTrack) -> int:
    """Returns the number of output channels: 1 for mono, else 2, because all other layouts are mixed down to stereo."""
    return min(2, max(1, track.channels))


def start_s(piece: Piece, source: Source) -> Fraction:
    """Returns the start of the piece, in seconds from the source's zero."""
    return (piece.start_pts - source.start_pts) * source.video.time_base.fraction


def end_s(piece: Piece, source: Source) -> Fraction:
    """Returns the end of the piece's video, in seconds from the source's zero."""
    return (piece.end_pts - source.start_pts) * source.video.time_base.fraction


def owned_frames(piece: Piece, source: Source) -> FrameRun:
    """Returns the frames between the piece's borders; empty only for pieces shorter than a frame."""
    return FrameRun(_frame_at(start_s(piece, source)), _frame_at(end_s(piece, source)), last=False)


def last_frames(piece: Piece, source: Source, content_end: int) -> FrameRun:
    """Returns the frames of the last piece: to the end of the audio at `content_end` output samples, at least one frame."""
    first = _frame_at(start_s(piece, source))
    wanted = -(-content_end // FRAME_SAMPLES)
    return FrameRun(first, max(first + 1, min(wanted, max_end_frame(piece, source))), last=True)


def max_end_frame(piece: Piece, source: Source) -> int:
    """Returns the maximum end frame of the last piece."""
    return _frame_at(end_s(piece, source) + _MAX_TAIL_S)


def source_window(frames: Span, source_rate: int) -> SourceWindow:
    """Returns the source samples for these content frames. They may start before zero: the source is silent there."""
    output = Span(frames.start * FRAME_SAMPLES, frames.end * FRAME_SAMPLES)
    if source_rate == OUTPUT_RATE:
        return SourceWindow(output, output, 0)
    divisor = gcd(source_rate, OUTPUT_RATE)
    cycle_in, cycle_out = source_rate // divisor, OUTPUT_RATE // divisor
    reach = _RESAMPLER_REACH * max(1, ceil(Fraction(source_rate, OUTPUT_RATE)))
    cycles = (floor(Fraction(output.start * source_rate, OUTPUT_RATE)) - reach) // cycle_in
    end = ceil(Fraction(output.end * source_rate, OUTPUT_RATE)) + reach
    return SourceWindow(Span(cycles * cycle_in, end), output, output.start - cycles * cycle_out)


def output_position(source_samples: int, source_rate: int) -> int:
    """Returns the first output sample at or after a position in source samples."""
    return ceil(Fraction(source_samples * OUTPUT_RATE, source_rate))


def _frame_at(seconds: Fraction) -> int:
    return floor(seconds * OUTPUT_RATE / FRAME_SAMPLES)
