"""Where a source is cut: a pure function of its packets' times."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yeoul.media.source.scan import PacketTable, repair_dts
from yeoul.media.source.span import AudioSpans, VideoSpans
from yeoul.media.source.split import plan_pieces

TICK = Fraction(1, 600)


def table_of(pts: list[int], keys: set[int], hidden: frozenset[int] = frozenset(), step: int = 20) -> PacketTable:
    """A table from pts in decode order; keys and hidden are positions."""
    times = np.array(pts, np.int64)
    marks = np.arange(len(pts))
    return PacketTable(
        time_base=TICK,
        pts=times,
        dts=repair_dts(times, times),
        duration=np.full(len(pts), step, np.int64),
        size=np.full(len(pts), 1000, np.int64),
        key=np.isin(marks, list(keys)),
        hidden=np.isin(marks, list(hidden)),
        shown=~np.isin(marks, list(hidden)),
    )


def thirty_fps(seconds: float, key_every_s: float) -> PacketTable:
    count = round(seconds * 30)
    return table_of([20 * n for n in range(count)], set(range(0, count, round(key_every_s * 30))))


def lengths_s(table: PacketTable, target_s: float = 6.0) -> list[float]:
    return [float((piece.end_pts - piece.start_pts) * TICK) for piece in plan_pieces(table, target_s)]


def test_first_pieces_are_short_and_the_rest_as_long_as_asked() -> None:
    assert lengths_s(thirty_fps(30, 2)) == [2, 4, 6, 6, 6, 6]


def test_a_target_below_the_short_starts_holds_from_the_first_piece() -> None:
    assert lengths_s(thirty_fps(4, 1), target_s=1.0) == [1, 1, 1, 1]


def test_a_tail_shorter_than_half_a_second_joins_the_piece_before() -> None:
    assert lengths_s(thirty_fps(12.4, 2)) == [2, 4, 6.4]
    assert lengths_s(thirty_fps(12.6, 2)) == pytest.approx([2, 4, 6, 0.6])


def test_cuts_fall_on_keyframes_when_gops_are_not_much_longer_than_the_target() -> None:
    assert lengths_s(thirty_fps(40, 8)) == [2, 6, 8, 8, 8, 8]  # the first on the grid: 8 s are more than 1.5 x 2 s


def test_an_endless_gop_is_cut_on_a_grid() -> None:
    assert lengths_s(thirty_fps(24, 9999)) == [2, 4, 6, 6, 6]


def test_one_frame_is_one_piece() -> None:
    (piece,) = plan_pieces(table_of([0], {0}))
    assert (piece.start_pts, piece.end_pts, piece.frames, piece.last) == (0, 20, 1, True)


def test_a_still_picture_shown_for_long_is_one_piece() -> None:
    (piece,) = plan_pieces(table_of([0], {0}, step=600 * 60))
    assert piece.frames == 1


def test_hidden_frames_belong_to_no_piece() -> None:
    table = table_of([-40, -20, 0, 20, 40, 60], {0}, hidden=frozenset({0, 1, 5}))
    (piece,) = plan_pieces(table)
    assert (piece.start_pts, piece.end_pts, piece.frames) == (0, 60, 3)


def test_where_an_edit_list_jumps_there_is_a_border() -> None:
    """0..60 of one GOP, then a GOP whose first two frames are hidden behind those; the hidden ones stay outside both pieces."""
    table = table_of([0, 20, 40, 60, 40, 60, 80, 100], {0, 4}, hidden=frozenset({4, 5}))
    first, second = plan_pieces(table)
    assert (first.start_pts, first.end_pts, second.start_pts, second.end_pts) == (0, 80, 80, 120)
    assert VideoSpans(table).find(first) == range(4)
    assert VideoSpans(table).find(second) == range(4, 8)


def test_leading_pictures_make_the_piece_begin_a_keyframe_earlier() -> None:
    # decode order: I0 P60 B20 B40 | I120 B80 B100 P180 B140 B160: the second keyframe leads B80 and B100, which are shown before it
    table = table_of([0, 60, 20, 40, 120, 80, 100, 180, 140, 160], {0, 4})
    first = plan_pieces(table)[0]
    spans = VideoSpans(table)
    assert spans.find(first.model_copy(update={"end_pts": 120})) == range(7)  # through B100, past the next keyframe
    assert spans.find(first.model_copy(update={"start_pts": 120, "end_pts": 200})) == range(10)


def test_closed_gops_need_no_other_gop() -> None:
    table = table_of([0, 60, 20, 40, 80, 140, 100, 120], {0, 4})
    spans = VideoSpans(table)
    piece = plan_pieces(table)[0]
    assert spans.find(piece.model_copy(update={"end_pts": 80})) == range(4)
    assert spans.find(piece.model_copy(update={"start_pts": 80})) == range(4, 8)


def test_audio_of_a_piece_has_margins_by_codec() -> None:
    times, every = np.arange(0, 10_000, 10), np.ones(1000, np.bool_)
    audio = PacketTable(Fraction(1, 1000), times, times, np.full(1000, 10), np.full(1000, 100), every, ~every, every)
    piece = plan_pieces(thirty_fps(10, 1))[1]
    assert (piece.start_pts, piece.end_pts) == (1200, 3600)
    assert AudioSpans(audio, "aac", TICK).find(piece) == range(175, 612)
    assert AudioSpans(audio, "mp3", TICK).find(piece) == range(155, 612)
    assert AudioSpans(audio, "opus", TICK).find(piece) == range(140, 612)
    assert AudioSpans(audio, "aac", TICK).find(piece.model_copy(update={"last": True})) == range(175, 1000)


def test_missing_dts_come_from_the_sorted_pts_less_the_delay() -> None:
    missing = -(2**63)
    pts = np.array([0, 133, 67, 33, 100], np.int64)
    repaired = repair_dts(pts, np.array([missing, missing, 0, 33, 67], np.int64))
    assert repaired.tolist() == [-67, -34, 0, 33, 66]
    assert (repaired <= pts).all()


def test_dts_of_sound_keep_the_distance_of_a_sample() -> None:
    """At 90 kHz and 44.1 kHz two ticks apart can fall on one sample; broadcasts with lost packets have such times."""
    pts = np.array([0, 2351, 2352, 4702], np.int64)
    repaired = repair_dts(pts, pts, step=3)
    assert (np.diff(repaired) >= 3).all()
    assert (repaired <= pts).all()


def test_dts_that_are_fine_stay() -> None:
    pts, dts = np.array([0, 40, 20], np.int64), np.array([-20, 0, 20], np.int64)
    assert repair_dts(pts, dts) is dts


@st.composite
def tables(draw: st.DrawFn) -> PacketTable:
    """Variable frame rates, keyframes anywhere, pictures reordered inside their GOP."""
    steps = draw(st.lists(st.integers(1, 900), min_size=1, max_size=80))
    shown_at = [sum(steps[:n]) for n in range(len(steps))]
    keys = {0} | draw(st.sets(st.integers(0, len(steps) - 1), max_size=8))
    bounds = [*sorted(keys), len(steps)]
    pts: list[int] = []
    for start, stop in pairwise(bounds):
        pts += [shown_at[start], *draw(st.permutations(shown_at[start + 1 : stop]))]
    return table_of(pts, keys, step=1)


@settings(max_examples=150, deadline=None)
@given(tables(), st.sampled_from([0.6, 1.0, 2.5, 6.0]))
def test_pieces_cover_every_frame_once_and_hold_what_they_need(table: PacketTable, target_s: float) -> None:
    pieces = plan_pieces(table, target_s)
    spans = VideoSpans(table)
    assert [piece.index for piece in pieces] == list(range(len(pieces)))
    assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
    assert all(before.end_pts == after.start_pts for before, after in pairwise(pieces))
    assert (pieces[0].start_pts, pieces[-1].end_pts) == (table.start_pts, table.end_pts)
    assert sum(piece.frames or 0 for piece in pieces) == table.frames
    for piece in pieces:
        assert piece.frames
        held = spans.find(piece)
        owned = np.flatnonzero((table.pts >= piece.start_pts) & (table.pts < piece.end_pts))
        assert set(owned.tolist()) <= set(held)
        assert table.key[held.start]
        assert table.pts[held.start] <= piece.start_pts
