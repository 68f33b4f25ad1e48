"""Decoding a piece's sound into float samples on the source's own clock.

Frames follow each other without a hole as long as their timestamps nearly say so: timestamps jitter, sound does not. Where a run of
frames lies follows the contract of `media.split`: by their timestamps, or counted from the piece's anchor where those are coarse.
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
from yeoul.media.source.scan import decoded_audio, media_packets
from yeoul.model.piece import Piece
from yeoul.model.source import AudioTrack, Source

Samples = NDArray[np.float32]  # (channels, samples), full scale is 1

_GAP_S = Fraction(20, 1000)  # below the length of one AAC, MP3 or AC-3 frame, so that a lost one shows
_COARSE_GAP_S = Fraction(50, 1000)  # what `media.split` takes for a gap where it counts samples, because timestamps jitter by 10 ms
_SPARE_S = 10  # what a piece may hold beyond what is asked of it
_LOUDEST = 4.0
_MOST_HELD = 60 * 48_000  # samples of each channel in memory: pieces are longer only where one picture stands for minutes


class _Samples:
    """Samples that come in blocks: in memory, or, where they are many, in a temporary file without a name."""

    def __init__(self) -> None:
        self._blocks: list[Samples] = []
        self._held = self._filed = 0
        self._file: IO[bytes] | None = None

    def append(self, block: Samples) -> None:
        self._blocks.append(block)
        self._held += block.shape[1]
        if self._held > _MOST_HELD:
            self._spill()

    def _spill(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed when it is mapped)
        for block in self._blocks:
            self._file.write(np.ascontiguousarray(block.T).tobytes())
        self._filed, self._held, self._blocks = self._filed + self._held, 0, []

    def array(self) -> Samples | None:
        """All of them, (channels, samples); None where there are none."""
        if self._file is None:
            return np.concatenate(self._blocks, axis=1) if self._blocks else None
        channels = self._blocks[0].shape[0] if self._blocks else self._file.tell() // (4 * self._filed)
        self._spill()
        with self._file as file:
            file.flush()
            return cast("Samples", np.memmap(file, np.float32, "r", shape=(self._filed, channels)).T)


@dataclass
class _Run:
    """Frames that follow each other. anchor: the position of the first sample, where that is counted and not read from timestamps."""

    anchor: int | None
    samples: _Samples
    length: int = 0
    offsets: list[Fraction] = field(default_factory=list[Fraction])

    @property
    def position(self) -> int:
        """Where the first sample lies; most timestamps agree on it, single ones are rounded or a little off."""
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
    """Decoded stretches of sound, each with the position of its first sample in source samples after the source's zero."""

    channels: int
    stretches: tuple[tuple[int, Samples], ...]

    @property
    def end(self) -> int:
        """The position after the last sample; 0 when there is none."""
        return max((position + block.shape[1] for position, block in self.stretches), default=0)

    def cut(self, span: Span) -> Samples:
        """The samples of `span`, silence where there is no sound."""
        out = np.zeros((self.channels, len(span)), np.float32)
        for position, block in self.stretches:
            start, end = max(span.start, position), min(span.end, position + block.shape[1])
            if start < end:
                out[:, start - span.start : end - span.start] = block[:, start - position : end - position]
        # A float source may hold anything, and the encoder refuses what is not finite.
        np.nan_to_num(out, copy=False, posinf=_LOUDEST, neginf=-_LOUDEST)
        return np.clip(out, -_LOUDEST, _LOUDEST, out=out)


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
    """Decode the first audio stream of a piece file to the sound's end, at most `longest` samples and some to spare.

    piece_file: None for a silent piece. channels: 1, 2 or 6; None: as many as `output_channels` says. Packets that do not decode leave a
    hole. Raises UnreadableError when the file cannot be opened.
    """
    channels = channels or output_channels(track)
    budget = longest + _SPARE_S * track.sample_rate
    anchor = piece.audio.anchor_sample if piece.audio else None
    runs = [_Run(anchor, _Samples())]
    for at, block in () if piece_file is None else _placed_blocks(piece_file, piece, source, track, channels, limits):
        if at is not None and not runs[-1].continues(at, track.sample_rate):
            runs.append(_Run(None if anchor is None else round(at), _Samples()))
        runs[-1].append(at, block)
        budget -= block.shape[1]
        if budget < 0:
            break
    stretches = tuple((run.position, array) for run in runs if (array := run.samples.array()) is not None)
    return _until(piece.audio.end_sample if piece.audio else None, Sound(channels, stretches))


def _until(end: int | None, sound: Sound) -> Sound:
    """The sound before a position; all of it for None."""
    if end is None:
        return sound
    heard = tuple((position, block[:, : end - position]) for position, block in sound.stretches if position < end)
    return Sound(sound.channels, heard)


def _placed_blocks(
    piece_file: Path, piece: Piece, source: Source, track: AudioTrack, channels: int, limits: Limits
) -> Iterator[tuple[Fraction | None, Samples]]:
    """Blocks of samples with the position that their timestamp gives them."""
    zero_s = source.start_pts * source.video.time_base.fraction - piece.audio_base * track.time_base.fraction
    mixer = _Mixer(track, channels)
    for frame in _frames(piece_file, limits):
        at = None if frame.pts is None or frame.time_base is None else (frame.pts * frame.time_base - zero_s) * track.sample_rate
        block = mixer.mix(frame)
        if block.shape[1]:
            yield at, block


def _frames(piece_file: Path, limits: Limits) -> Iterator[AudioFrame]:
    with open_input(piece_file, limits) as container:
        if not container.streams.audio:
            return
        stream = container.streams.audio[0]
        # Any: the stubs leave the packets that the decoder takes partly unknown.
        decode = cast("Any", stream.codec_context).decode
        for packet in media_packets(container, [stream]):
            yield from decoded_audio(decode, packet)
        yield from decoded_audio(decode, None)


class _Mixer:
    """Any sample format and layout to planar floats of the output's layout at the track's rate, by the standard matrix, not clipped."""

    def __init__(self, track: AudioTrack, channels: int) -> None:
        self._rate = track.sample_rate
        self._channels = channels
        self._form: tuple[str, str, int] | None = None
        self._resampler: AudioResampler | None = None

    def mix(self, frame: AudioFrame) -> Samples:
        frame = _with_layout(frame)
        form = (frame.format.name, frame.layout.name, frame.sample_rate)
        if self._resampler is None or form != self._form:
            self._form, self._resampler = form, AudioResampler(format="fltp", layout=LAYOUTS[self._channels], rate=self._rate)
        blocks = [planar_floats(part) for part in self._resampler.resample(frame)]
        return np.concatenate(blocks, axis=1) if blocks else np.zeros((self._channels, 0), np.float32)


def planar_floats(frame: AudioFrame) -> Samples:
    """The samples of a frame in fltp."""
    return frame.to_ndarray().astype(np.float32, copy=False)


def _with_layout(frame: AudioFrame) -> AudioFrame:
    """The same frame with the customary layout for its number of channels, where it has none ("6 channels")."""
    count = frame.layout.nb_channels
    if not frame.layout.name.endswith("channels"):
        return frame
    named = AudioFrame.from_ndarray(frame.to_ndarray(), format=frame.format.name, layout=f"{count}c")
    named.sample_rate, named.pts, named.time_base = frame.sample_rate, frame.pts, frame.time_base
    return named
