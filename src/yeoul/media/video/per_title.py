"""Per-title: which rungs a video needs, and how good each must be, from a few measured encodes of its pieces; pure.

After Netflix (Aaron, Li, Manohara, De Cock, Ronca, "Per-Title Encode Optimization", 2015): each size is best in one part of the plane of
bit rate and quality; rungs belong near the convex hull over all sizes, a just noticeable difference apart. We keep one rung for each
size at most, so that not the hull itself but the line through such rungs is sought that comes nearest to it; each is encoded with a
capped constant quality (CRF), and sizes that bring nothing beside those above and below are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from yeoul.model.noun import Noun
from yeoul.model.rendition import Rung

# VMAF: above 95 hardly anybody sees a difference from the source, and about 6 points are one just noticeable difference.
TARGET_QUALITY = 95.0
QUALITY_STEP = 6.0
_CRF_STEP = 0.5
# What was sampled may be calmer than what follows: the cap stays at half the ladder's at least, and at twice what was measured.
_LEAST_CAP = 0.5
_PEAK_FACTOR = 2.0
_LEAST_RATIO = 1.25  # between the bit rates of two rungs; a player gains nothing by nearer ones


class Point(Noun):
    """One measured encode: bit rate in bit/s and quality (0 to 100) of seconds of a piece at a rung's size and a CRF."""

    rung: str
    crf: float
    bitrate_bps: float
    quality: float
    seconds: float


class Chosen(Noun):
    """How a rung is encoded; bitrate_bps and quality are what the samples promise."""

    crf: float
    maxrate_bps: int
    bitrate_bps: float
    quality: float


class Candidate(NamedTuple):
    """A point that could be chosen, measured or between two that were."""

    bitrate_bps: float
    quality: float
    rung: str
    crf: float


def choose_rungs(
    ladder: Sequence[Rung], points: Sequence[Point], *, target: float = TARGET_QUALITY, step: float = QUALITY_STEP
) -> dict[str, Chosen]:
    """The rungs worth making, by name, highest first; all others bring nothing. ladder comes highest first.

    The largest is always there, since what was sampled is not all, as good as it can be up to `target`; the lowest is as the ladder
    has it, so that it can be made before anything is known. What lies between, a step of quality apart at least, is what takes the
    fewest bits for each quality from the lowest to the largest, as `compare_rates` counts them.
    """
    lowest = ladder[-1]
    curves = {rung.name: make_curve(rung.name, points) for rung in ladder}
    start = next((found for found in curves[lowest.name] if found.crf == lowest.crf), Candidate(0.0, 0.0, lowest.name, lowest.crf))
    top = _find_top(curves[ladder[0].name], target)
    between = _find_between([curves[rung.name] for rung in ladder[-2:0:-1]], start, top, step)
    best = {found.rung: found for found in (*between, top)}
    chosen = {rung.name: _make_chosen(rung, best[rung.name]) for rung in ladder if rung.name in best}
    chosen[lowest.name] = Chosen(crf=lowest.crf, maxrate_bps=lowest.maxrate_bps, bitrate_bps=start.bitrate_bps, quality=start.quality)
    return chosen


def _find_between(sizes: Sequence[Sequence[Candidate]], start: Candidate, top: Candidate, step: float) -> tuple[Candidate, ...]:
    """The rungs between the lowest and the top, at most one of each size (smallest first), whose line takes the fewest bits.

    A shortest path: what a way costs is the area below its straight lines, of the logarithm of the bit rate over quality.
    """
    ways: list[tuple[float, tuple[Candidate, ...]]] = [(0.0, (start,))]
    for size in sizes:
        longer = [_lengthen(ways, found, step) for found in size if found.quality <= top.quality - step]
        ways += [way for way in longer if way is not None]
    best = _lengthen(ways, top, step)
    return () if best is None else best[1][1:-1]


def _lengthen(
    ways: Iterable[tuple[float, tuple[Candidate, ...]]], last: Candidate, step: float
) -> tuple[float, tuple[Candidate, ...]] | None:
    """The cheapest way that goes on to `last`; None where it is not far enough from any."""
    able = [
        (cost + _area(way[-1], last), (*way, last))
        for cost, way in ways
        if last.quality >= way[-1].quality + step and last.bitrate_bps >= way[-1].bitrate_bps * _LEAST_RATIO
    ]
    return min(able, key=lambda way: way[0], default=None)


def _area(low: Candidate, high: Candidate) -> float:
    rates = math.log(max(1.0, low.bitrate_bps)) + math.log(max(1.0, high.bitrate_bps))
    return (high.quality - low.quality) * rates / 2


def _find_top(curve: Sequence[Candidate], target: float) -> Candidate:
    """The best that does not pass the target; the cheapest where all do."""
    return max((found for found in curve if found.quality <= target), key=lambda found: found.quality, default=curve[-1])


def _make_chosen(rung: Rung, best: Candidate) -> Chosen:
    cap_bps = min(rung.maxrate_bps, max(rung.maxrate_bps * _LEAST_CAP, best.bitrate_bps * _PEAK_FACTOR))
    return Chosen(crf=best.crf, maxrate_bps=math.ceil(cap_bps / 1000) * 1000, bitrate_bps=best.bitrate_bps, quality=best.quality)


def make_curve(rung: str, points: Iterable[Point]) -> list[Candidate]:
    """The means of a rung's points over all pieces, by rising CRF, with what lies between them in steps of half a CRF.

    Between two measured CRFs quality and the logarithm of the bit rate are nearly straight lines.
    """
    by_crf: dict[float, list[Point]] = {}
    for point in points:
        if point.rung == rung:
            by_crf.setdefault(point.crf, []).append(point)
    known = [_mean(rung, crf, found) for crf, found in sorted(by_crf.items())]
    curve = known[:1]
    for before, after in pairwise(known):
        steps = max(1, round((after.crf - before.crf) / _CRF_STEP))
        curve += [_between(before, after, position / steps) for position in range(1, steps)] + [after]
    return curve


def _mean(rung: str, crf: float, points: Sequence[Point]) -> Candidate:
    seconds = sum(point.seconds for point in points)
    bits = sum(point.bitrate_bps * point.seconds for point in points)
    return Candidate(bits / seconds, sum(point.quality * point.seconds for point in points) / seconds, rung, crf)


def _between(before: Candidate, after: Candidate, share: float) -> Candidate:
    bitrate_bps = before.bitrate_bps * (after.bitrate_bps / before.bitrate_bps) ** share
    quality = before.quality + share * (after.quality - before.quality)
    return Candidate(bitrate_bps, quality, before.rung, before.crf + share * (after.crf - before.crf))


def compare_rates(fixed: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float | None:
    """How many bits `other` takes for each bit of `fixed` at equal quality: the Bjontegaard delta rate plus 1.

    Both are (bit rate, quality) of a ladder's rungs. The logarithms of the rates are averaged over the qualities that both reach, on
    straight lines between rungs, which three or four points need no more than. None where their qualities do not overlap.
    """
    ours, theirs = _as_function(other), _as_function(fixed)
    low, high = max(ours[0][0], theirs[0][0]), min(ours[-1][0], theirs[-1][0])
    if high <= low:
        return None
    steps = [low + (high - low) * position / 200 for position in range(201)]
    return math.exp(sum(_at(ours, quality) - _at(theirs, quality) for quality in steps) / len(steps))


def _as_function(rungs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """(quality, ln of the least rate that reaches it), rising; rungs that cost more than a better one are left out."""
    found: list[tuple[float, float]] = []
    for bitrate_bps, quality in sorted(rungs):
        if not found or quality > found[-1][0]:
            found.append((quality, math.log(bitrate_bps)))
    return found


def _at(function: Sequence[tuple[float, float]], quality: float) -> float:
    for (low, low_rate), (high, high_rate) in pairwise(function):
        if quality <= high:
            return low_rate + (high_rate - low_rate) * (quality - low) / (high - low)
    return function[-1][1]


def find_telling(samples: Sequence[Sequence[Point]], lowest: str, target: float = TARGET_QUALITY) -> list[Point]:
    """The points of the pieces that say something; black or still ones look well at any size, whatever comes after them."""
    return [point for points in samples for point in points if not any(one.rung == lowest and one.quality >= target for one in points)]


def pick_more(indexes: Sequence[int], count: int) -> list[int]:
    """`count` of the pieces that are there beyond those sampled anyway, evenly spread."""
    return sorted({indexes[len(indexes) * (2 * position + 1) // (2 * count)] for position in range(count)}) if indexes else []


def leave_out(ladder: Sequence[Rung], chosen: Mapping[str, Chosen]) -> tuple[str, ...]:
    """Names of the rungs that bring nothing."""
    return tuple(rung.name for rung in ladder if rung.name not in chosen)
