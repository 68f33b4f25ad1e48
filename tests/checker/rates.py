"""Bit rates and frame rates as the standards define them, measured from what was read."""

from __future__ import annotations

from tests.checker.fetch import Reader
from tests.checker.tracks import Track

_WITHIN = 0.10


def measured_rate(track: Track) -> float:
    """The highest frames per second over a segment."""
    return max(len(part.samples) / float(part.duration) for part in track.parts)


def measured_peak(chunks: list[tuple[int, float]], target_s: int) -> float:
    """Peak of (bytes, seconds) over all contiguous sets of 0.5 to 1.5 target durations; of the whole where there is none."""
    rates = []
    for first in range(len(chunks)):
        for last in range(first, len(chunks)):
            seconds = sum(duration for _, duration in chunks[first : last + 1])
            if seconds > 1.5 * target_s:
                break
            if seconds >= 0.5 * target_s:
                rates.append(8 * sum(size for size, _ in chunks[first : last + 1]) / seconds)
    return max(rates, default=measured_average(chunks))


def measured_average(chunks: list[tuple[int, float]]) -> float:
    return 8 * sum(size for size, _ in chunks) / sum(duration for _, duration in chunks)


def chunks_of(track: Track) -> list[tuple[int, float]]:
    return [(len(part.data), float(part.duration)) for part in track.parts]


def compare(reader: Reader, rule: str, uri: str, declared: str | None, measured: float, *, at_least: bool = False) -> None:
    """Declared bit/s within 10 % of what was measured; at_least: or more."""
    if declared is None:
        return
    low, high = measured * (1 - _WITHIN), measured * (1 + _WITHIN)
    if int(declared) < low or (int(declared) > high and not at_least):
        reader.add(rule, uri, f"declared {declared}, measured {measured:.0f} bit/s")
