"""What the filter graph says of a source's colours, times and turns."""

from __future__ import annotations

import re
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from yeoul.media.video.filter import Colour, make_graph, needs_lut, output_colour
from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.timescale import rendition_timescale, to_ticks
from yeoul.model.colour import Matrix, Primaries, Range, Transfer
from yeoul.model.piece import Piece
from yeoul.model.source import Source, TimeBase, VideoTrack

PIECE = Piece(index=1, start_pts=3000, end_pts=6000, base=2800, frames=10)


def track_of(**facts: Any) -> VideoTrack:
    common: dict[str, Any] = {"codec": "h264", "width": 640, "height": 360, "time_base": TimeBase(num=1, den=1000), "frame_rate": 25.0}
    return VideoTrack(**{**common, **facts})


def source_of(start_pts: int = 0, **facts: Any) -> Source:
    return Source(container="mov", duration_s=10.0, start_pts=start_pts, video=track_of(**facts))


def graph_of(source: Source, piece: Piece = PIECE) -> str:
    return make_graph(piece, source, make_ladder(source)[:1])


BT709 = Colour("bt709", "bt709", "bt709")
COLOURS = {
    "colour_primaries": get_args(Primaries),
    "colour_transfer": get_args(Transfer),
    "colour_matrix": get_args(Matrix),
    "colour_range": get_args(Range),
}
HOSTILE = ("bt709,movie=/etc/passwd", "bt709[a];[a]metadata=print:file=/tmp/x", "tv:x=y", "", "BT709", "bt709 ")
# One filter with its options, as this project writes them; expressions hold escaped commas.
FILTER = re.compile(r"(?:[a-z0-9]+(?:=(?:[\w.:+=/()*<>-]|\\,)+)?)")


@given(st.fixed_dictionaries({name: st.none() | st.sampled_from(words) for name, words in COLOURS.items()}))
def test_nothing_but_known_words_reaches_the_graph(colours: dict[str, Any]):
    graph = graph_of(source_of(**colours))
    filters = re.split(r"(?<!\\)[,;]|\[[\w:]+\]", graph)
    assert [one for one in filters if one and not FILTER.fullmatch(one)] == []
    (tagged,) = {one for one in filters if one.startswith("setparams=")}
    words = dict(option.split("=") for option in tagged.removeprefix("setparams=").split(":"))
    assert words["color_primaries"] in COLOURS["colour_primaries"] and words["color_trc"] in COLOURS["colour_transfer"]
    assert words["colorspace"] in COLOURS["colour_matrix"] and words["range"] == "tv"


@pytest.mark.parametrize("field", [*COLOURS, "pix_fmt"])
@given(
    word=st.text() | st.sampled_from(["bt709,movie=/etc/passwd", "bt709[a];[a]metadata=print:file=/tmp/x", "tv:x=y", "", "BT709", "bt709 "])
)
def test_a_word_that_is_not_known_is_no_part_of_a_track(field: str, word: str):
    if word in COLOURS.get(field, ()) or (field == "pix_fmt" and re.fullmatch(r"[a-z0-9_]{1,32}", word)):
        return
    with pytest.raises(ValidationError):
        track_of(**{field: word})


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, BT709),
        ({"colour_primaries": "bt709", "colour_transfer": "bt709", "colour_matrix": "bt709"}, BT709),
        # What players know stays as it is.
        (
            {"colour_primaries": "smpte170m", "colour_transfer": "smpte170m", "colour_matrix": "smpte170m"},
            Colour("smpte170m", "smpte170m", "smpte170m"),
        ),
        ({"colour_primaries": "bt470bg", "colour_matrix": "bt470bg"}, Colour("bt470bg", "bt709", "bt470bg")),
        # Full range is converted, and the matrix with it.
        ({"colour_matrix": "bt470bg", "colour_range": "pc"}, BT709),
        ({"pix_fmt": "yuvj420p", "colour_matrix": "smpte170m"}, BT709),
        ({"pix_fmt": "gbrp"}, BT709),
        ({"colour_matrix": "ycgco"}, BT709),
        # HDR and wide gamut go through the table.
        ({"colour_primaries": "bt2020", "colour_transfer": "smpte2084", "colour_matrix": "bt2020nc"}, BT709),
        ({"colour_transfer": "arib-std-b67"}, BT709),
        ({"colour_primaries": "bt2020", "colour_transfer": "bt2020-10", "colour_matrix": "bt2020nc"}, BT709),
    ],
)
def test_output_colour(facts: dict[str, str], expected: Colour) -> None:
    assert output_colour(track_of(**facts)) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({}, False),
        ({"colour_primaries": "bt2020"}, True),
        ({"colour_transfer": "smpte2084"}, True),
        ({"colour_transfer": "smpte170m"}, False),
    ],
)
def test_only_hdr_and_wide_gamut_need_the_table(facts: dict[str, Any], expected: bool) -> None:
    source = source_of(**facts)
    assert needs_lut(source.video) is expected
    assert ("lut3d" in graph_of(source)) is expected


def test_a_piece_owns_its_frames_exactly() -> None:
    graph = graph_of(source_of(start_pts=500))
    assert graph.startswith("[0:v:0]settb=1/1000,trim=start_pts=200:end_pts=3200,setpts=PTS+(2300),")


def test_times_that_a_container_rounded_may_be_a_millisecond_off() -> None:
    piece = PIECE.model_copy(update={"container": "matroska", "base": 0})
    graph = graph_of(source_of(time_base=TimeBase(num=1, den=90000)), piece)
    assert "trim=start_pts=2910:end_pts=5910,setpts=if(lt(PTS+(0)\\,3090)\\,3000\\,PTS+(0))" in graph


def test_upright_pictures_are_not_turned_and_sdr_is_not_converted() -> None:
    graph = graph_of(source_of())
    assert not any(word in graph for word in ("transpose", "flip", "bwdif", "lut3d", "in_range", "matrix"))


def test_every_picture_is_brought_to_the_size_of_the_rung() -> None:
    """Also where the first one has it: a later one may not, or have another shape, and then gets bars."""
    graph = graph_of(source_of())
    assert ",scale=w=if(lt(abs(dar/(640/360)-1)\\,0.04)+not(lt(dar\\,640/360))\\,640\\," in graph
    assert ",pad=640:360:-1:-1," in graph


@pytest.mark.parametrize(
    ("facts", "turns"),
    [
        ({"rotation_deg": 90}, "transpose=clock"),
        ({"rotation_deg": 180}, "hflip,vflip"),
        ({"rotation_deg": 270}, "transpose=cclock"),
        ({"mirrored": True}, "hflip"),
        ({"mirrored": True, "rotation_deg": 90}, "hflip,transpose=clock"),
    ],
)
def test_turns(facts: dict[str, Any], turns: str) -> None:
    assert re.search(rf"format=yuv420p,pad=\d+:\d+:-1:-1,{turns},setparams", graph_of(source_of(**facts)))


def test_each_rung_is_scaled_from_the_next_larger_one() -> None:
    source = source_of()
    rungs = make_ladder(source)
    assert make_graph(PIECE, source, rungs[::-1]).endswith("split=2[o1][n0];[n0]scale=426:240,setsar=1,null[o0]")
    twin = rungs[0].model_copy(update={"name": "twin", "codec": "hevc"})
    assert make_graph(PIECE, source, (*rungs, twin)).endswith("split=2[o0][n0];[n0]split=2[o2][n1];[n1]scale=426:240,setsar=1,null[o1]")


@pytest.mark.parametrize(("den", "expected"), [(15360, 15360), (1000, 10000), (25, 25000), (90000, 90000), (10**9, 90000), (600, 60000)])
def test_timescale(den: int, expected: int) -> None:
    assert rendition_timescale(source_of(time_base=TimeBase(num=1, den=den))) == expected


def test_ticks_count_from_the_first_displayed_frame() -> None:
    source = source_of(start_pts=500)
    assert [to_ticks(pts, source) for pts in (500, 501, 1500, 499)] == [0, 10, 10000, -10]
    nanoseconds = source_of(time_base=TimeBase(num=1, den=10**9))
    assert [to_ticks(pts, nanoseconds) for pts in (5555, 5556, 33_333_333)] == [0, 1, 3000]
