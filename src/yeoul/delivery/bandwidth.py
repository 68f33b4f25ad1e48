"""Bit rates that playlists declare, measured from segments by the definitions of HLS and DASH; pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Chunk(NamedTuple):
    """What is fetched at once: its size and how long it plays."""

    size_bytes: int
    duration_s: float


def _whole(rate: float) -> int:
    """Rounded up, but not for the last digits that binary fractions leave."""
    return math.ceil(round(rate, 3))


def average_bps(chunks: Sequence[Chunk]) -> int:
    """All bits over all seconds, rounded up (RFC 8216bis 4.4.6.2, AVERAGE-BANDWIDTH)."""
    seconds = sum(chunk.duration_s for chunk in chunks)
    return _whole(8 * sum(chunk.size_bytes for chunk in chunks) / seconds) if seconds > 0 else 0


def peak_bps(chunks: Sequence[Chunk], target_duration_s: int) -> int:
    """The largest bit rate of any contiguous set of 0.5 to 1.5 target durations (RFC 8216bis 4.4.6.2, BANDWIDTH).

    A stream shorter than half a target duration has no such set: its average is its peak.
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
    return _whole(peak) if peak else average_bps(chunks)


def sustained_bps(chunks: Sequence[Chunk], buffer_s: float) -> int:
    """The smallest constant line rate that never stalls, from any chunk on, after `buffer_s` of filling (ISO/IEC 23009-1 5.3.5.2).

    A chunk counts as needed in whole when its playback begins: for every i <= j, bits(i..j) <= rate * (buffer_s + start_j - start_i).
    Solved by Dinkelbach's iteration on the worst pair; each pass is linear.
    """
    rate = 0.0
    while True:
        excess, better = _worst_pair(chunks, buffer_s, rate)
        if excess <= 1e-6 * max(rate, 1.0) or better <= rate:
            return _whole(rate)
        rate = better


def _worst_pair(chunks: Sequence[Chunk], buffer_s: float, rate: float) -> tuple[float, float]:
    """(bits missing at `rate`, the rate that heals it) for the pair i <= j that misses most."""
    excess, better = 0.0, rate
    sent_before = start_s = 0.0
    credit, first_sent, first_start = -math.inf, 0.0, 0.0
    for chunk in chunks:
        if rate * start_s - sent_before > credit:
            credit, first_sent, first_start = rate * start_s - sent_before, sent_before, start_s
        sent = sent_before + 8 * chunk.size_bytes
        missing = sent - rate * start_s + credit - rate * buffer_s
        if missing > excess:
            excess, better = missing, (sent - first_sent) / (buffer_s + start_s - first_start)
        sent_before, start_s = sent, start_s + chunk.duration_s
    return excess, better
