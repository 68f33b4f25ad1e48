"""Computes how long pictures wait between decoding and showing: one constant for each rendition, whatever its pieces hold; pure.

Encoders with B-frames decode a picture before others that are shown earlier. Samples carry the time that they are shown for, so that
decoding times follow from the order; a picture shown for long, decoded early, moves the decoding times behind it past the times
at which their pictures are shown. All pieces share one edit list, which cannot tell of a longer wait in one of them: such pictures
become IDR pictures, and nothing that is shown before an IDR picture is decoded after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from math import ceil

from yeoul.media.audio.grid import FRAME_SAMPLES, OUTPUT_RATE
from yeoul.media.video.timescale import rendition_timescale
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

IDR_EVERY_S = 2
IDR_SLACK_S = 0.0005  # covers rounding
_REORDERING = ("h264", "hevc")  # the others keep pictures that are not shown inside of samples
# Average rates, in pictures per second, that hardly a source has whose pictures come at uneven distances.
_EVEN_RATES = (*range(1, 121), 12.5, *(rate * 1000 / 1001 for rate in (24, 30, 48, 60, 120)))
_EVEN_WITHIN = 0.0005
_ROUNDING_S = 0.001  # Matroska counts milliseconds
_FAST = 20.0  # pictures per second; slower ones are mostly recordings of screens, whose pictures come when something changes
_LONGEST_S, _LONGEST_SLOW_S = 0.1, 0.5


def longest_ticks(source: Source) -> int:
    """Returns how long a picture may be shown without being an IDR picture, in ticks.

    That is one picture of sources of even rates, 0.1 s of others, and 0.5 s of others below 20 pictures per second.
    """
    rate = source.video.frame_rate
    even = any(abs(rate - one) < _EVEN_WITHIN * one for one in _EVEN_RATES)
    longest_s = 1 / rate + _ROUNDING_S if even else _LONGEST_S if rate >= _FAST else _LONGEST_SLOW_S
    return round(longest_s * rendition_timescale(source))


def reorders(rung: Rung) -> bool:
    """Returns whether samples of a rendition stand in another order than they are shown in.

    One picture is decoded before others that are shown earlier, never two.
    """
    return rung.codec in _REORDERING


def delay_samples(source: Source) -> int:
    """Returns what the edit list of every track takes away from presentation times, as samples of sound: the wait of the longest picture.

    All tracks have the same, also those that need none: players that ignore edit lists (GStreamer with HLS) start all tracks late by
    this, and show picture and sound together. It is whole frames of sound, since the first is the priming and ffmpeg drops what it skips.
    """
    wait = Fraction(longest_ticks(source) * OUTPUT_RATE, rendition_timescale(source) * FRAME_SAMPLES)
    return ceil(wait) * FRAME_SAMPLES


def delay_ticks(source: Source) -> int:
    """Returns the same for pictures, in ticks."""
    return ceil(Fraction(delay_samples(source) * rendition_timescale(source), OUTPUT_RATE))


def find_wait(pts: Sequence[int], end_ticks: int) -> int:
    """Returns the least delay with which no picture is shown before it is decoded, in ticks.

    pts: presentation times in the order of decoding; the last picture is shown until end_ticks.
    """
    ordered = sorted(pts)
    shown_for = {now: after - now for now, after in pairwise([*ordered, end_ticks])}
    wait, dts = 0, min(pts, default=0)
    for time in pts:
        wait = max(wait, dts - time)
        dts += shown_for[time]
    return wait


def list_idr_times(shown: Sequence[int], end_ticks: int, source: Source) -> list[int]:
    """Returns the times of the IDR pictures of a piece where long pictures make some, in ticks; else none: every two seconds, then.

    shown: presentation times of the piece's pictures, rising, in ticks; the last is shown until end_ticks.
    """
    longest, every = longest_ticks(source), (IDR_EVERY_S - IDR_SLACK_S) * rendition_timescale(source)
    long = [after - now > longest for now, after in pairwise([*shown, end_ticks])]
    if not any(long[1:]):  # the first is one anyway
        return []
    found: list[int] = []
    for time, is_long in zip(shown, long, strict=True):
        if not found or is_long or time - found[-1] >= every:
            found.append(time)
    return found
