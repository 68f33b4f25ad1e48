"""The clock of a video rendition: ticks in which every presentation time of the source is a whole number."""

from __future__ import annotations

from fractions import Fraction

from yeoul.model.source import Source

_LEAST = 10_000
# Sample durations are 32 bits wide (ISO/IEC 14496-12, 8.8.8): at this clock one picture may stand for more than an hour.
_MOST = 1_000_000
_COMMON = 90_000  # divisible by the usual frame rates; for sources with finer clocks (nanoseconds), which are rounded to it


def rendition_timescale(source: Source) -> int:
    """Ticks per second: the source's own clock, times ten until it is at least 10,000; 90,000 where the source's is above 1,000,000."""
    ticks = source.video.time_base.den
    while ticks < _LEAST:
        ticks *= 10
    return ticks if ticks <= _MOST else _COMMON


def to_ticks(pts: int, source: Source) -> int:
    """A source pts as ticks of the rendition, counted from the first displayed frame; rounded as ffmpeg does, halves up."""
    exact = (pts - source.start_pts) * source.video.time_base.fraction * rendition_timescale(source)
    return int(exact + Fraction(1, 2) if exact >= 0 else exact - Fraction(1, 2))
