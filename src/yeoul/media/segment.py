"""What every encoder hands over: one media segment on disk and the init that it shares with its neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yeoul.model.rendition import IFrame


@dataclass(frozen=True)
class EncodedSegment:
    """One piece of one rendition. init: ftyp and moov, the same bytes for all pieces; path: the media data without them.

    codecs: RFC 6381. start_ticks is the first tfdt, duration_ticks the sum of all sample durations, both in timescale and without the
    silence that sound begins with. frame_rate: frames per second over the segment, 0 for audio. lost: frames of the piece that do not
    decode.
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
