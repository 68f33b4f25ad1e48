"""The bit rates that playlists declare, measured from segments by the definitions of HLS and DASH. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Chunk(NamedTuple):
    """The size and playing time of data that a player fetches at once: a segment or an I-frame."""

    size_bytes: int
    duration_s: float


def _round_up(rate: float) -> int:
    """Rounds up, but ignores floating-point error."""
    return math.ceil(round(rate, 3))


def average_bps(chunks: Sequence[Chunk]) -> int:
    """Returns total bits divided by total seconds, rounded up (RFC 8216bis 4.4.6.2, AVERAGE-BANDWIDTH)."""
    seconds = sum(chunk.duration_s for chunk in chunks)
    return _round_up(8 * sum(chunk.size_bytes for chunk in chunks) / seconds) if seconds > 0 else 0


def peak_bps(chunks: Sequence[Chunk], target_duration_s: int) -> int:
    """Returns the largest bit rate of any contiguous set of 0.5 to 1.5 target durations (RFC 8216bis 4.4.6.2, BANDWIDTH).

    A stream shorter than half a target duration has no such set; its peak is its average.
    """
    peak = 0.0
    for first in range(len(chunks)):
        bits = seconds = 0.0
        for last in range(first, len(chunks)):
            bits += 8 * chunks[last].size_bytes
            seconds += chunks[last].duration_s
            if seconds > 1.5 * target_duration_s:
                break
            if seconds >= 0.5 * target_duration_s:
                peak = max(peak, bits / seconds)
    return _round_up(peak) if peak else average_bps(chunks)


def sustained_bps(chunks: Sequence[Chunk], buffer_s: float) -> int:
    """Returns the smallest constant rate at which playback never stalls after `buffer_s` of buffering (ISO/IEC 23009-1 5.3.5.2).

    Playback can start at any chunk, and a chunk must be complete when its playback starts: for every i <= j,
    bits(i..j) <= rate * (buffer_s + start_j - start_i). Uses Dinkelbach's iteration on the worst pair; each pass is linear.
    """
    rate = 0.0
    while True:
        excess, sufficient = _worst_pair(chunks, buffer_s, rate)
        if excess <= 1e-6 * max(rate, 1.0) or sufficient <= rate:
            return _round_up(rate)
        rate = sufficient


def _worst_pair(chunks: Sequence[Chunk], buffer_s: float, rate: float) -> tuple[float, float]:
    """Returns (missing bits at `rate`, sufficient rate) for the pair i <= j that misses most."""
    excess, sufficient = 0.0, rate
    sent_before = start_s = 0.0
    credit, first_sent, first_start = -math.inf, 0.0, 0.0
    for chunk in chunks:
        if rate * start_s - sent_before > credit:
            credit, first_sent, first_start = rate * start_s - sent_before, sent_before, start_s
        sent = sent_before + 8 * chunk.size_bytes
        missing = sent - rate * start_s + credit - rate * buffer_s
        if missing > excess:
            excess, sufficient = missing, (sent - first_sent) / (buffer_s + start_s - first_start)
        sent_before, start_s = sent, start_s + chunk.duration_s
    return excess, sufficient
