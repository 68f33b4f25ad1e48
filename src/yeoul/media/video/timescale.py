"""The timescale of a video rendition: every presentation time of the source is a whole number of its ticks."""

from __future__ import annotations

from fractions import Fraction

from yeoul.model.source import Source

_MIN_TIMESCALE = 10_000
# Sample durations have 32 bits (ISO/IEC 14496-12, 8.8.8): with this timescale a frame may be shown for more than an hour.
_MAX_TIMESCALE = 1_000_000
_FALLBACK_TIMESCALE = 90_000  # divisible by usual frame rates; for sources with finer ticks (nanoseconds), whose times are rounded


def rendition_timescale(source: Source) -> int:
    """Returns ticks per second: the source's own, multiplied by 10 until it is at least 10,000; 90,000 if it is above 1,000,000."""
    ticks = source.video.time_base.den
    while ticks < _MIN_TIMESCALE:
        ticks *= 10
    return ticks if ticks <= _MAX_TIMESCALE else _FALLBACK_TIMESCALE


def to_ticks(pts: int, source: Source) -> int:
    """Converts a source pts to ticks of the rendition from the first displayed frame; rounds half away from zero, as ffmpeg does."""
    exact = (pts - source.start_pts) * source.video.time_base.fraction * rendition_timescale(source)
    return int(exact + Fraction(1, 2) if exact >= 0 else exact - Fraction(1, 2))
