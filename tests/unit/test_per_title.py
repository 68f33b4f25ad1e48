"""Choosing rungs from measured points: the cheapest line, what is left out, caps, and the comparison of two ladders."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.per_title import Point, choose_rungs, compare_rates, list_left_out, make_curve, pick_extra_pieces, select_informative
from yeoul.media.video.vmaf import estimate_from_ssim
from yeoul.model.rendition import Rung
from yeoul.model.source import Source, TimeBase, VideoTrack
from yeoul.pipeline.task.data import RungChoice

CRFS = (20.0, 24.0, 28.0)


def ladder_of(height: int) -> tuple[Rung, ...]:
    width = height * 16 // 9
    video = VideoTrack(codec="h264", width=width, height=height, time_base=TimeBase(num=1, den=15360), frame_rate=30.0)
    return make_ladder(Source(container="mov", duration_s=10.0, start_pts=0, video=video))


def points_of(ladder: tuple[Rung, ...], *, busy: float, detail: float) -> list[Point]:
    """A video's points by a simple law: bits by pixels and CRF; quality by CRF, and by what a size cannot show of the detail."""
    points: list[Point] = []
    for rung in ladder:
        share = rung.height / ladder[0].height
        for crf in CRFS if rung is not ladder[-1] else (rung.crf,):
            bitrate_bps = busy * 4e6 * share**1.5 * 2 ** ((20 - crf) / 6)
            quality = 98 - 0.9 * (crf - 20) - detail * (1 / share - 1) ** 1.1
            points.append(Point(rung=rung.name, crf=crf, bitrate_bps=bitrate_bps, quality=max(1.0, quality), seconds=2.0))
    return points


def test_rungs_are_a_step_apart_and_the_top_meets_the_target():
    ladder = ladder_of(1080)
    chosen = choose_rungs(ladder, points_of(ladder, busy=1.0, detail=9.0))
    assert (next(iter(chosen)), next(reversed(chosen))) == ("1080p", "240p")
    assert 94 <= chosen["1080p"].quality <= 95
    qualities = [one.quality for one in chosen.values()]
    assert all(high - low >= 6 for high, low in pairwise(qualities))
    rates = [one.bitrate_bps for one in chosen.values()]
    assert rates == sorted(rates, reverse=True)


def test_sizes_that_show_nothing_more_are_left_out():
    """A source without detail: 720p, 480p and 360p all look like 1080p."""
    ladder = ladder_of(1080)
    chosen = choose_rungs(ladder, points_of(ladder, busy=1.0, detail=1.0))
    assert list(chosen) == ["1080p", "240p"]
    assert list_left_out(ladder, chosen) == ("720p", "480p", "360p")


def test_no_rung_is_taken_where_a_larger_size_gives_more_for_the_same_bits():
    """A film full of detail: 480p at its best takes as many bits as 720p at its worst, and shows far less."""
    ladder = ladder_of(1080)
    measured = {"1080p": ((7651, 94.5), (4572, 90.5), (2658, 83.2)), "720p": ((4032, 81.7), (2296, 76.1), (1409, 67.5))}
    measured |= {"480p": ((2258, 63.8), (1324, 56.3), (798, 45.0)), "360p": ((1335, 41.1), (897, 34.9), (521, 22.6))}
    points = [
        Point(rung=name, crf=crf, bitrate_bps=kbps * 1e3, quality=quality, seconds=2.0)
        for name, found in measured.items()
        for crf, (kbps, quality) in zip(CRFS, found, strict=True)
    ]
    points.append(Point(rung="240p", crf=23.0, bitrate_bps=537e3, quality=3.3, seconds=2.0))
    chosen = choose_rungs(ladder, points)
    assert {name: one.crf for name, one in chosen.items()} == {"1080p": 20.0, "720p": 28.0, "480p": 28.0, "240p": 23.0}


def test_the_lowest_rung_is_as_the_ladder_has_it():
    ladder = ladder_of(720)
    for busy in (0.05, 1.0, 5.0):
        lowest = choose_rungs(ladder, points_of(ladder, busy=busy, detail=9.0))["240p"]
        assert (lowest.crf, lowest.maxrate_bps) == (ladder[-1].crf, ladder[-1].maxrate_bps)


def test_caps_follow_what_was_measured_within_the_ladder():
    ladder = ladder_of(1080)
    calm = choose_rungs(ladder, points_of(ladder, busy=0.05, detail=9.0))["1080p"]
    assert calm.maxrate_bps == ladder[0].maxrate_bps // 2
    busy = choose_rungs(ladder, points_of(ladder, busy=5.0, detail=9.0))["1080p"]
    assert busy.maxrate_bps == ladder[0].maxrate_bps
    some = choose_rungs(ladder, points_of(ladder, busy=0.6, detail=9.0))["1080p"]
    assert some.maxrate_bps == pytest.approx(2 * some.bitrate_bps, abs=1000)


def test_a_source_with_one_rung_keeps_it():
    ladder = ladder_of(240)
    assert list(choose_rungs(ladder, points_of(ladder, busy=1.0, detail=9.0))) == ["240p"]


def test_a_still_source_keeps_its_own_size_at_the_cheapest():
    ladder = ladder_of(480)
    known = points_of(ladder, busy=0.1, detail=1.0)
    points = [point.model_copy(update={"quality": 99.0 if point.rung == "480p" else 60.0}) for point in known]
    assert choose_rungs(ladder, points)["480p"].crf == 28.0


def test_pieces_that_look_well_at_any_size_tell_nothing():
    ladder = ladder_of(480)
    black = [point.model_copy(update={"quality": 97.4}) for point in points_of(ladder, busy=0.01, detail=0.0)]
    real = points_of(ladder, busy=1.0, detail=9.0)
    assert select_informative([black, real, black], "240p") == real
    assert select_informative([black], "240p") == []


@given(st.floats(0.02, 8), st.floats(0, 40), st.sampled_from([240, 360, 480, 720, 1080, 2160]))
def test_of_any_video_the_rungs_rise(busy: float, detail: float, height: int):
    ladder = ladder_of(height)
    chosen = choose_rungs(ladder, points_of(ladder, busy=busy, detail=detail))
    assert list(chosen) == [rung.name for rung in ladder if rung.name in chosen]
    assert {ladder[0].name, ladder[-1].name} <= set(chosen)
    caps = {rung.name: rung.maxrate_bps for rung in ladder}
    assert all(0 < one.maxrate_bps <= caps[name] and 20 <= one.crf <= 28 for name, one in chosen.items())
    middle = [one for name, one in chosen.items() if name not in (ladder[0].name, ladder[-1].name)]
    assert all(high.bitrate_bps > low.bitrate_bps for high, low in pairwise(middle))


def test_a_curve_is_the_mean_of_the_pieces():
    points = [
        Point(rung="a", crf=20, bitrate_bps=1000, quality=90, seconds=1.0),
        Point(rung="a", crf=20, bitrate_bps=4000, quality=96, seconds=2.0),
        Point(rung="a", crf=22, bitrate_bps=750, quality=80, seconds=3.0),
        Point(rung="b", crf=20, bitrate_bps=1, quality=1, seconds=1.0),
    ]
    curve = make_curve("a", points)
    assert [one.crf for one in curve] == [20, 20.5, 21, 21.5, 22]
    assert (curve[0].bitrate_bps, curve[0].quality) == (3000, 94)
    assert curve[2].bitrate_bps == pytest.approx(1500) and curve[2].quality == 87


def test_a_ladder_at_half_the_bits_is_half():
    fixed = [(400e3, 60.0), (1e6, 80.0), (3e6, 95.0)]
    assert compare_rates(fixed, [(rate / 2, quality) for rate, quality in fixed]) == pytest.approx(0.5)
    assert compare_rates(fixed, fixed) == pytest.approx(1.0)
    assert compare_rates(fixed, [(100.0, 10.0), (200.0, 20.0)]) is None
    # What costs more than a better rung is on neither side a way to reach its quality.
    assert compare_rates(fixed, [*fixed, (5e6, 70.0)]) == pytest.approx(1.0)


def test_a_choice_is_applied_to_the_rungs_asked_for():
    ladder = ladder_of(1080)
    chosen = choose_rungs(ladder, points_of(ladder, busy=1.0, detail=1.0))
    made = RungChoice(rungs=chosen).apply(ladder[:-1])
    assert [(rung.name, rung.crf, rung.maxrate_bps) for rung in made] == [("1080p", chosen["1080p"].crf, chosen["1080p"].maxrate_bps)]
    assert (made[0].width, made[0].height) == (1920, 1080)
    assert RungChoice().apply(ladder) == ladder


def test_more_pieces_lie_evenly():
    assert pick_extra_pieces([], 2) == []
    assert pick_extra_pieces([3], 2) == [3]
    assert pick_extra_pieces(list(range(3, 43)), 2) == [13, 33]


def test_the_estimate_rises_with_ssim():
    values = [estimate_from_ssim(ssim) for ssim in (0.0, 0.5, 0.9, 0.95, 0.98, 0.99, 1.0)]
    assert values == sorted(values) and values[0] < 50 and values[-1] == 100 and all(map(math.isfinite, values))
