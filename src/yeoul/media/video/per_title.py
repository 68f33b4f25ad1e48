"""Per-title encoding: chooses the rungs that a video needs and their quality, from a few measured encodes of its pieces; pure.

After Netflix (Aaron, Li, Manohara, De Cock, Ronca, "Per-Title Encode Optimization", 2015): each size is best in one region of bit rate and
quality, so rungs should be near the convex hull over all sizes, one just noticeable difference apart. We use at most one rung per size.
Therefore we search for the line through such rungs that is nearest to the hull, not for the hull itself. Each rung is encoded with
a constant quality (CRF) and a maximum bit rate. Sizes that do not improve on their neighbours are left out.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from yeoul.model.noun import Noun
from yeoul.model.rendition import Rung

# VMAF: above 95 a difference from the source is hardly visible, and about 6 points are one just noticeable difference.
TARGET_QUALITY = 95.0
QUALITY_STEP = 6.0
_CRF_STEP = 0.5
# The samples may be less complex than the rest: the maximum bit rate is at least half of the ladder's, and twice the measured bit rate.
_MIN_CAP_SHARE = 0.5
_PEAK_FACTOR = 2.0
_MIN_RATE_RATIO = 1.25  # minimum ratio between the bit rates of two rungs; closer rungs do not help players


class Point(Noun):
    """One measured encode: bit rate and quality (0 to 100) of some seconds of a piece at a rung's size and a CRF."""

    rung: str
    crf: float
    bitrate_bps: float
    quality: float
    seconds: float


class ChosenRung(Noun):
    """How to encode a rung. bitrate_bps and quality: expected from the samples."""

    crf: float
    maxrate_bps: int
    bitrate_bps: float
    quality: float


class Candidate(NamedTuple):
    """A point that could be chosen: measured, or interpolated between two measured ones."""

    bitrate_bps: float
    quality: float
    rung: str
    crf: float


def choose_rungs(
    ladder: Sequence[Rung], points: Sequence[Point], *, target: float = TARGET_QUALITY, step: float = QUALITY_STEP
) -> dict[str, ChosenRung]:
    """Returns the rungs to encode, by name, highest first. ladder: highest first.

    The largest rung is always included, because the samples do not cover the whole video; its quality is the best up to `target`. The
    lowest rung is unchanged from the ladder, so that it can be encoded before the samples are measured. The rungs between them are at least
    one `step` of quality apart, and need the fewest bits over all qualities, as counted by `compare_rates`.
    """
    lowest = ladder[-1]
    curves = {rung.name: make_curve(rung.name, points) for rung in ladder}
    unmeasured = Candidate(0.0, 0.0, lowest.name, lowest.crf)
    start = next((candidate for candidate in curves[lowest.name] if candidate.crf == lowest.crf), unmeasured)
    top = _find_top(curves[ladder[0].name], target)
    between = _find_between([curves[rung.name] for rung in ladder[-2:0:-1]], start, top, step)
    best = {candidate.rung: candidate for candidate in (*between, top)}
    chosen = {rung.name: _make_chosen(rung, best[rung.name]) for rung in ladder if rung.name in best}
    chosen[lowest.name] = ChosenRung(crf=lowest.crf, maxrate_bps=lowest.maxrate_bps, bitrate_bps=start.bitrate_bps, quality=start.quality)
    return chosen


def _find_between(sizes: Sequence[Sequence[Candidate]], start: Candidate, top: Candidate, step: float) -> tuple[Candidate, ...]:
    """Returns the rungs between the lowest and the top, at most one per size, whose line needs the fewest bits. sizes: smallest first.

    This is a shortest path search. The cost of a path is the area below its straight lines, with the log of the bit rate over quality.
    """
    paths: list[tuple[float, tuple[Candidate, ...]]] = [(0.0, (start,))]
    for size in sizes:
        extended = [_extend_cheapest(paths, candidate, step) for candidate in size if candidate.quality <= top.quality - step]
        paths += [path for path in extended if path is not None]
    best = _extend_cheapest(paths, top, step)
    return () if best is None else best[1][1:-1]


def _extend_cheapest(
    paths: Iterable[tuple[float, tuple[Candidate, ...]]], last: Candidate, step: float
) -> tuple[float, tuple[Candidate, ...]] | None:
    """Returns the cheapest path extended to `last`; None if `last` is too close to the end of every path."""
    extended = [
        (cost + _area(path[-1], last), (*path, last))
        for cost, path in paths
        if last.quality >= path[-1].quality + step and last.bitrate_bps >= path[-1].bitrate_bps * _MIN_RATE_RATIO
    ]
    return min(extended, key=lambda path: path[0], default=None)


def _area(low: Candidate, high: Candidate) -> float:
    rates = math.log(max(1.0, low.bitrate_bps)) + math.log(max(1.0, high.bitrate_bps))
    return (high.quality - low.quality) * rates / 2


def _find_top(curve: Sequence[Candidate], target: float) -> Candidate:
    """Returns the best candidate up to the target, or the cheapest if all are above it."""
    allowed = [candidate for candidate in curve if candidate.quality <= target]
    return max(allowed, key=lambda candidate: candidate.quality, default=curve[-1])


def _make_chosen(rung: Rung, best: Candidate) -> ChosenRung:
    cap_bps = min(rung.maxrate_bps, max(rung.maxrate_bps * _MIN_CAP_SHARE, best.bitrate_bps * _PEAK_FACTOR))
    return ChosenRung(crf=best.crf, maxrate_bps=math.ceil(cap_bps / 1000) * 1000, bitrate_bps=best.bitrate_bps, quality=best.quality)


def make_curve(rung: str, points: Iterable[Point]) -> list[Candidate]:
    """Returns the means of a rung's points over all pieces, by rising CRF, interpolated in steps of half a CRF.

    Between two measured CRFs, quality and the logarithm of the bit rate are nearly linear.
    """
    by_crf: dict[float, list[Point]] = {}
    for point in points:
        if point.rung == rung:
            by_crf.setdefault(point.crf, []).append(point)
    measured = [_mean(rung, crf, points_of_crf) for crf, points_of_crf in sorted(by_crf.items())]
    curve = measured[:1]
    for before, after in pairwise(measured):
        steps = max(1, round((after.crf - before.crf) / _CRF_STEP))
        curve += [_interpolate(before, after, position / steps) for position in range(1, steps)] + [after]
    return curve


def _mean(rung: str, crf: float, points: Sequence[Point]) -> Candidate:
    seconds = sum(point.seconds for point in points)
    bits = sum(point.bitrate_bps * point.seconds for point in points)
    return Candidate(bits / seconds, sum(point.quality * point.seconds for point in points) / seconds, rung, crf)


def _interpolate(before: Candidate, after: Candidate, share: float) -> Candidate:
    bitrate_bps = before.bitrate_bps * (after.bitrate_bps / before.bitrate_bps) ** share
    quality = before.quality + share * (after.quality - before.quality)
    return Candidate(bitrate_bps, quality, before.rung, before.crf + share * (after.crf - before.crf))


def compare_rates(fixed: Sequence[tuple[float, float]], other: Sequence[tuple[float, float]]) -> float | None:
    """Returns the bit rate of `other` relative to `fixed` at equal quality: the Bjontegaard delta rate plus 1.

    Both are (bit rate, quality) of a ladder's rungs. Averages the logarithms of the rates over the qualities that both reach, with linear
    interpolation, which is enough for three or four points. Returns None if their qualities do not overlap.
    """
    ours, theirs = _make_function(other), _make_function(fixed)
    low, high = max(ours[0][0], theirs[0][0]), min(ours[-1][0], theirs[-1][0])
    if high <= low:
        return None
    steps = [low + (high - low) * position / 200 for position in range(201)]
    return math.exp(sum(_evaluate(ours, quality) - _evaluate(theirs, quality) for quality in steps) / len(steps))


def _make_function(rungs: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Returns (quality, ln of the minimum rate that reaches it), rising; leaves out rungs that need more than a better one."""
    function: list[tuple[float, float]] = []
    for bitrate_bps, quality in sorted(rungs):
        if not function or quality > function[-1][0]:
            function.append((quality, math.log(bitrate_bps)))
    return function


def _evaluate(function: Sequence[tuple[float, float]], quality: float) -> float:
    for (low, low_rate), (high, high_rate) in pairwise(function):
        if quality <= high:
            return low_rate + (high_rate - low_rate) * (quality - low) / (high - low)
    return function[-1][1]


def select_informative(samples: Sequence[Sequence[Point]], lowest: str, target: float = TARGET_QUALITY) -> list[Point]:
    """Returns the points of the informative pieces: black or still ones have high quality at any size, and say nothing about the rest."""
    informative = [points for points in samples if not any(point.rung == lowest and point.quality >= target for point in points)]
    return [point for points in informative for point in points]


def pick_extra_pieces(indexes: Sequence[int], count: int) -> list[int]:
    """Returns `count` evenly spread pieces of `indexes`, which are the pieces beyond those that are always sampled."""
    return sorted({indexes[len(indexes) * (2 * position + 1) // (2 * count)] for position in range(count)}) if indexes else []


def list_left_out(ladder: Sequence[Rung], chosen: Mapping[str, ChosenRung]) -> tuple[str, ...]:
    """Returns the names of the ladder's rungs that were not chosen."""
    return tuple(rung.name for rung in ladder if rung.name not in chosen)
