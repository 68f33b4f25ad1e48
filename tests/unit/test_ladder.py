"""The ladder of any source: even, aspect kept, nothing upscaled, the right steps and caps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.media.video.ladder import convert_rungs, make_ladder
from yeoul.media.video.level import av1_level, h264_level, hevc_level, vp9_level
from yeoul.model.rendition import Codec, Rung, parse_codec
from yeoul.model.source import Rotation, Source, TimeBase, VideoTrack

STEPS = (240, 360, 480, 720, 1080, 1440, 2160)


def source_of(width: int, height: int, *, rate: float = 30.0, sar: tuple[int, int] = (1, 1), rotation: Rotation = 0) -> Source:
    video = VideoTrack(
        codec="h264",
        width=width,
        height=height,
        time_base=TimeBase(num=1, den=15360),
        sar=TimeBase(num=sar[0], den=sar[1]),
        rotation_deg=rotation,
        frame_rate=rate,
    )
    return Source(container="mov", duration_s=10.0, start_pts=0, video=video)


sources = st.builds(
    source_of,
    st.integers(16, 8192),
    st.integers(16, 4320),
    rate=st.floats(1, 120),
    sar=st.sampled_from([(1, 1), (2, 1), (1, 2), (64, 45), (10, 11)]),
    rotation=st.sampled_from([0, 90, 180, 270]),
)
heights = st.sampled_from([240, 480, 720, 1080, 2160])


def sizes(ladder: tuple[Rung, ...]) -> list[tuple[str, int, int]]:
    return [(rung.name, rung.width, rung.height) for rung in ladder]


@given(sources, heights)
def test_sizes_are_even_and_never_above_the_source(source: Source, max_height: int) -> None:
    width, height = source.video.display_size
    for rung in make_ladder(source, max_height):
        assert rung.width % 2 == rung.height % 2 == 0
        assert 2 <= rung.width <= width and 2 <= rung.height <= height
        assert min(rung.width, rung.height) <= max_height


@given(sources, heights)
def test_the_aspect_is_kept_to_within_a_pixel(source: Source, max_height: int) -> None:
    width, height = source.video.display_size
    for rung in make_ladder(source, max_height):
        shorter, longer = sorted((rung.width, rung.height))
        # A longer side that is as long as an odd source's may lose that one pixel, and no rung is thinner than two pixels.
        assert abs(longer - max(width, height) * shorter / min(width, height)) <= max(width, height) / min(width, height) + 1
        if min(width, height) % 2 == 0 or shorter < min(width, height) - 1:
            assert abs(longer - max(width, height) * shorter / min(width, height)) <= 1
        assert (rung.width >= rung.height) == (width >= height) or abs(rung.width - rung.height) <= 1


@given(sources, heights)
def test_names_steps_and_rates(source: Source, max_height: int) -> None:
    ladder = make_ladder(source, max_height)
    top = min(ladder[0].width, ladder[0].height)
    assert top == min(*source.video.display_size, max_height) // 2 * 2
    assert [min(rung.width, rung.height) for rung in ladder[1:]] == [step for step in reversed(STEPS) if step <= 0.85 * top]
    assert [rung.name for rung in ladder] == [f"{min(rung.width, rung.height)}p" for rung in ladder]
    caps = [rung.maxrate_bps for rung in ladder]
    assert caps == sorted(set(caps), reverse=True) and caps[-1] > 0


def test_the_reference_ladder() -> None:
    ladder = make_ladder(source_of(1280, 720))
    assert sizes(ladder) == [("720p", 1280, 720), ("480p", 854, 480), ("360p", 640, 360), ("240p", 426, 240)]
    assert [rung.crf for rung in ladder] == [23.0] * 4
    assert [rung.maxrate_bps for rung in ladder] == [2_800_000, 1_400_000, 800_000, 400_000]


@pytest.mark.parametrize(
    ("source", "max_height", "expected"),
    [
        (source_of(1280, 720), 1080, [23, 23, 23, 23]),
        (source_of(854, 480), 1080, [22, 23, 23]),
        (source_of(320, 240), 1080, [22]),
        # Made smaller, it is not the source's own size any more.
        (source_of(1280, 720), 480, [23, 23, 23]),
        (source_of(1024, 576), 480, [23, 23, 23]),
    ],
    ids=["720p", "480p", "240p", "720p-at-480p", "576p-at-480p"],
)
def test_a_small_source_is_kept_a_little_better_at_its_own_size(source: Source, max_height: int, expected: list[float]) -> None:
    assert [rung.crf for rung in make_ladder(source, max_height)] == expected


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (source_of(1920, 1080), ["1080p", "720p", "480p", "360p", "240p"]),
        (source_of(3840, 2160), ["1080p", "720p", "480p", "360p", "240p"]),
        (source_of(854, 480), ["480p", "360p", "240p"]),
        (source_of(640, 360), ["360p", "240p"]),
        (source_of(320, 240), ["240p"]),
        (source_of(160, 120), ["120p"]),
        (source_of(1000, 500), ["500p", "360p", "240p"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_steps(source: Source, expected: list[str]) -> None:
    assert [rung.name for rung in make_ladder(source)] == expected


def test_a_phone_held_upright_keeps_its_long_side_upright() -> None:
    assert sizes(make_ladder(source_of(1920, 1080, rotation=90)))[:2] == [("1080p", 1080, 1920), ("720p", 720, 1280)]


def test_pixels_become_square() -> None:
    """DV's 720x480 at 8:9 shows as 4:3; 720x576 at 64:45 as 16:9."""
    assert sizes(make_ladder(source_of(720, 480, sar=(8, 9))))[0] == ("480p", 640, 480)
    assert sizes(make_ladder(source_of(720, 576, sar=(64, 45))))[0] == ("576p", 1024, 576)


def test_an_upper_limit_lifts_the_top() -> None:
    assert sizes(make_ladder(source_of(3840, 2160), max_height=2160))[:3] == [
        ("2160p", 3840, 2160),
        ("1440p", 2560, 1440),
        ("1080p", 1920, 1080),
    ]


@pytest.mark.parametrize("rate", [50.0, 59.94, 60.0, 120.0])
def test_high_frame_rates_get_more(rate: float) -> None:
    assert [rung.maxrate_bps for rung in make_ladder(source_of(1280, 720, rate=rate))] == [3_920_000, 1_960_000, 1_120_000, 560_000]


@pytest.mark.parametrize(("codec", "crf", "cap_bps"), [("hevc", 26, 1_960_000), ("vp9", 38, 1_960_000), ("av1", 44, 1_680_000)])
def test_other_codecs_make_the_same_sizes_for_fewer_bits(codec: Codec, crf: int, cap_bps: int) -> None:
    ladder = make_ladder(source_of(1280, 720))
    made = convert_rungs(ladder, codec)
    assert [(rung.name, rung.width, rung.height) for rung in made] == [(f"{rung.name}-{codec}", rung.width, rung.height) for rung in ladder]
    assert (made[0].crf, made[0].maxrate_bps, {rung.codec for rung in made}) == (crf, cap_bps, {codec})
    assert all(parse_codec(rung.name) == rung.codec for rung in (*ladder, *made))


# Levels that the standards name for these sizes and rates, as decoders are asked for them.
@pytest.mark.parametrize(
    ("size", "rate", "h264", "hevc", "vp9", "av1"),
    [
        ((426, 240), 30, "2.1", 20, 20, 20),
        ((1280, 720), 30, "3.1", 31, 31, 31),
        ((1920, 1080), 30, "4.0", 40, 40, 40),
        ((1080, 1920), 60, "4.2", 41, 41, 41),
        ((3840, 2160), 30, "5.1", 50, 50, 50),
        ((3840, 2160), 60, "5.2", 51, 51, 51),
    ],
)
def test_levels(size: tuple[int, int], rate: int, h264: str, hevc: int, vp9: int, av1: int) -> None:
    rung = Rung(name="x", width=size[0], height=size[1], crf=23, maxrate_bps=400_000)
    assert h264_level(rung, rate) == h264
    assert (hevc_level(rung, rate), vp9_level(rung, rate), av1_level(rung, rate)) == (hevc, vp9, av1)


def test_a_level_holds_the_bits_too() -> None:
    rung = Rung(name="x", width=426, height=240, crf=23, maxrate_bps=9_000_000)
    assert (h264_level(rung, 30), hevc_level(rung, 30), vp9_level(rung, 30), av1_level(rung, 30)) == ("3.0", 31, 31, 31)


def test_a_rate_that_wanders_around_thirty_is_not_high() -> None:
    assert make_ladder(source_of(1280, 720, rate=30.3))[0].maxrate_bps == 2_800_000


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 1), (1, 65535), (65535, 1)])
def test_the_smallest_pictures_have_a_rung_too(size: tuple[int, int]) -> None:
    """A damaged file may say that its picture is one pixel."""
    assert all(rung.width >= 2 and rung.height >= 2 for rung in make_ladder(source_of(*size)))
