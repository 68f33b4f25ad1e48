"""Computes the delay between decoding and showing frames: one constant per rendition, independent of its pieces; pure.

Encoders with B-frames decode a frame before others that are shown earlier. A sample stores how long its frame is shown, and decode times
are sums of these durations. So a frame that is shown for a long time, but decoded early, moves the decode times of the following frames
beyond their presentation times. All pieces share one edit list, so that the delay cannot be larger in one of them. Therefore long frames
become IDR frames: no frame that is shown before an IDR frame is decoded after it.
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
IDR_SLACK_S = 0.0005  # allows for rounding
_REORDERING = ("h264", "hevc")  # the other codecs store hidden frames inside of samples
# Average frame rates that almost only sources with a constant frame rate have.
_EVEN_RATES = (*range(1, 121), 12.5, *(rate * 1000 / 1001 for rate in (24, 30, 48, 60, 120)))
_EVEN_TOLERANCE = 0.0005
_ROUNDING_S = 0.001  # Matroska stores milliseconds
_MIN_FAST_RATE = 20.0  # frames per second; slower sources are mostly screen recordings, which have a frame only when something changes
_MAX_SHOWN_S, _MAX_SHOWN_SLOW_S = 0.1, 0.5


def max_frame_ticks(source: Source) -> int:
    """Returns how long a frame may be shown without being an IDR frame, in ticks.

    That is the duration of one frame for sources with a constant frame rate, else 0.1 s, or 0.5 s below 20 frames per second.
    """
    rate = source.video.frame_rate
    is_even = any(abs(rate - even_rate) < _EVEN_TOLERANCE * even_rate for even_rate in _EVEN_RATES)
    longest_s = 1 / rate + _ROUNDING_S if is_even else _MAX_SHOWN_S if rate >= _MIN_FAST_RATE else _MAX_SHOWN_SLOW_S
    return round(longest_s * rendition_timescale(source))


def has_reordering(rung: Rung) -> bool:
    """True if the decode order of a rendition's samples differs from the presentation order.

    At most one frame is decoded before frames that are shown earlier.
    """
    return rung.codec in _REORDERING


def delay_samples(source: Source) -> int:
    """Returns the media time at which every track's edit list starts, in audio samples: the duration of the longest frame, rounded up.

    All tracks have the same delay, even those that need none: players that ignore edit lists (GStreamer with HLS) then start all tracks
    equally late, and keep audio and video in sync. It is a multiple of an AAC frame, because the priming is one and ffmpeg drops skipped
    frames.
    """
    audio_frames = Fraction(max_frame_ticks(source) * OUTPUT_RATE, rendition_timescale(source) * FRAME_SAMPLES)
    return ceil(audio_frames) * FRAME_SAMPLES


def delay_ticks(source: Source) -> int:
    """Returns `delay_samples` in ticks of the video rendition."""
    return ceil(Fraction(delay_samples(source) * rendition_timescale(source), OUTPUT_RATE))


def find_min_delay(pts: Sequence[int], end_ticks: int) -> int:
    """Returns the minimum delay, in ticks, with which no frame is shown before it is decoded.

    pts: presentation times in decode order. The last frame is shown until end_ticks.
    """
    ordered = sorted(pts)
    durations = {time: next_time - time for time, next_time in pairwise([*ordered, end_ticks])}
    delay, dts = 0, min(pts, default=0)
    for time in pts:
        delay = max(delay, dts - time)
        dts += durations[time]
    return delay


def list_idr_times(shown: Sequence[int], end_ticks: int, source: Source) -> list[int]:
    """Returns the times of a piece's IDR frames, in ticks; an empty list if no long frames need one, so that every two seconds is enough.

    shown: sorted presentation times of the piece's frames, in ticks. The last frame is shown until end_ticks.
    """
    longest, interval = max_frame_ticks(source), (IDR_EVERY_S - IDR_SLACK_S) * rendition_timescale(source)
    long = [next_time - time > longest for time, next_time in pairwise([*shown, end_ticks])]
    if not any(long[1:]):  # the first frame is always an IDR frame
        return []
    idr_times: list[int] = []
    for time, is_long in zip(shown, long, strict=True):
        if not idr_times or is_long or time - idr_times[-1] >= interval:
            idr_times.append(time)
    return idr_times
