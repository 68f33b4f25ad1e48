"""The result of every encoder: one media segment on disk and the init segment that all segments of the rendition share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yeoul.model.rendition import IFrame


@dataclass(frozen=True)
class EncodedSegment:
    """One piece of one rendition. init: ftyp and moov, the same bytes for all pieces. path: the file with the media data alone.

    codecs: RFC 6381. start_ticks: the first tfdt. duration_ticks: the sum of all sample durations. Both are in timescale, and exclude
    the silence at the start of an audio track. frame_rate: frames per second over the segment, 0 for audio. lost: number of frames of
    the piece that do not decode.
    """

    name: str
    init: bytes
    path: Path
    codecs: str
    timescale: int
    start_ticks: int
    duration_ticks: int
    samples: int
    i_frames: tuple[IFrame, ...] = ()
    frame_rate: float = 0.0
    lost: int = 0
