"""One delay serves all pieces of a rendition, however long their pictures are shown."""

from __future__ import annotations

from itertools import accumulate
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.media.video.encoder import write_idr_times
from yeoul.media.video.reorder import delay_samples, delay_ticks, find_min_delay, list_idr_times, max_frame_ticks
from yeoul.model.source import Source, TimeBase, VideoTrack


def source_of(rate: float, base: int = 1000) -> Source:
    video = VideoTrack(codec="h264", width=640, height=360, pix_fmt="yuv420p", frame_rate=rate, time_base=TimeBase(num=1, den=base))
    return Source(container="mov", duration_s=60.0, start_pts=0, video=video)


def coded(group: list[int], sizes: list[int]) -> list[int]:
    """A closed group in coded order, as x264 and x265 are told to order it: P pictures, each with the B pictures before it."""
    found, rest = [group[0]], group[1:]
    for size in sizes:
        mini, rest = rest[:size], rest[size:]
        if mini:
            *between, last = mini
            found += [last, *between]
    return found + rest


@given(
    st.lists(st.integers(1, 3000), min_size=1, max_size=40),
    st.lists(st.integers(1, 5), min_size=40, max_size=40),
    st.floats(0.05, 250),
)
def test_no_picture_waits_longer_than_the_delay(durations: list[int], sizes: list[int], rate: float) -> None:
    source = source_of(rate)
    *shown, end = accumulate([0, *(10 * one for one in durations)])
    idrs = list_idr_times(shown, end, source) or list_idr_times([*shown, end], 10**9, source)[:-1] or shown[:1]
    assert idrs[0] == 0 and set(idrs) <= set(shown)
    order: list[int] = []
    for start, stop in zip(idrs, [*idrs[1:], end], strict=True):
        order += coded([time for time in shown if start <= time < stop], sizes)
    assert sorted(order) == shown
    longest_but_first = max((b - a for a, b in zip(shown, [*shown[1:], end], strict=True) if a not in idrs), default=0)
    assert longest_but_first <= max_frame_ticks(source)
    assert find_min_delay(order, end) <= delay_ticks(source)


def test_even_times_make_no_idr_pictures() -> None:
    assert list_idr_times(range(0, 40_000, 400), 40_000, source_of(25.0)) == []


def test_a_long_picture_is_an_idr_picture_and_two_seconds_count_from_it() -> None:
    shown = [*range(0, 10_000, 400), 20_000, *range(20_400, 60_000, 400)]
    assert list_idr_times(shown, 60_000, source_of(25.0)) == [0, 9_600, 29_600, 49_600]


@pytest.mark.parametrize(("rate", "frames"), [(60.0, 1), (25.0, 2), (12.0, 4), (4.3, 24)])
def test_sound_and_pictures_are_delayed_by_frames_of_sound(rate: float, frames: int) -> None:
    """By one picture at even rates, and half a second at uneven low ones; 10,000 ticks a second."""
    source = source_of(rate)
    assert delay_samples(source) == 1024 * frames
    assert delay_ticks(source) == ceil(1024 * frames / 4.8) >= max_frame_ticks(source)


@pytest.mark.parametrize(
    ("rate", "longest"),
    [
        (30.0, 343),
        (30000 / 1001, 344),
        (24.0, 427),
        (10.0, 1010),
        (1.0, 10_010),
        (23.4, 1_000),
        (200.0, 1_000),
        (7.3, 5_000),
        (0.01, 5_000),
    ],
)
def test_the_longest_picture_depends_on_the_rate(rate: float, longest: int) -> None:
    assert max_frame_ticks(source_of(rate)) == longest


def test_times_are_written_as_ffmpeg_reads_them() -> None:
    """Rounded down: a picture a millionth of a second before its time would not be taken for it."""
    assert write_idr_times([0, 1, 30_000, 10**12 + 1], source_of(30.0, 30_000)) == "0.000000,0.000033,1.000000,33333333.333366"


@pytest.mark.parametrize(
    ("pts", "wait"), [([0, 40, 80], 0), ([0, 160, 80, 40, 120], 80), ([0, 80, 40], 40), ([0, 80, 40, 120], 40), ([], 0)]
)
def test_the_wait_is_the_most_that_a_picture_is_decoded_late(pts: list[int], wait: int) -> None:
    assert find_min_delay(pts, max(pts, default=0) + 40) == wait
