"""HEVC, VP9 and AV1: pieces encoded apart and joined show the source as H.264's do, and are called what they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest

from tests import oracle
from tests.checker.boxes import parse_init
from tests.media.test_encode import X264, Encoded, assert_idrs, assert_pictures, assert_shows, assert_times, encode, make
from yeoul.media.video.ladder import convert_rungs
from yeoul.model.rendition import Codec, Rung

CODECS: tuple[Codec, ...] = tuple(codec for codec in get_args(Codec) if codec != "h264")
# What a player asks its decoder for: 8 bits, 4:2:0.
STRINGS = {
    "hevc": r"hvc1\.1\.6\.L(60|63|90|93|120|123)\.90",
    "vp9": r"vp09\.00\.(20|21|30|31|40)\.08\.0[01]\.0\d\.0\d\.0\d\.00",
    "av1": r"av01\.0\.0[0-8]M\.08(\.0\.11[0-2]\.0\d\.0\d\.0\d\.0)?",
}


def lowest(codec: Codec, ladder: Sequence[Rung]) -> tuple[Rung, ...]:
    return convert_rungs(ladder[-1:], codec)


@pytest.mark.parametrize("name", ["rabbit-480p-8s.mp4", pytest.param("anamorphic-sar2x1.mp4", marks=pytest.mark.long)])
def test_joined_pieces_show_the_source(name: str, media_dir: Path, tmp_path: Path) -> None:
    path = media_dir / name
    encoded = encode(path, tmp_path, 1.0, 3, lambda ladder: [rung for codec in CODECS for rung in lowest(codec, ladder)])
    assert_shows(encoded, path, 0.9)
    assert {rung.name for rung in encoded.segments} == {f"240p-{codec}" for codec in CODECS}
    assert_named(encoded)


def assert_named(encoded: Encoded) -> None:
    """The string that playlists carry is what the checker reads from the codec's own headers."""
    for rung, made in encoded.segments.items():
        found = parse_init(made[0].init)
        assert made[0].codecs == found.codec
        assert re.fullmatch(STRINGS[rung.codec], found.codec), found.codec


@pytest.mark.parametrize("codec", CODECS)
def test_pieces_of_other_rates_share_their_headers(codec: Codec, tmp_path: Path) -> None:
    """30 frames per second, then 6, in one piece each; levels and headers may not follow."""
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=6", "-vf", "select='lt(t,1.99)+not(mod(n,5))'", "-fps_mode", "vfr")
    source = make(tmp_path / "source.mp4", *arguments, *X264, "-g", "999")
    encoded = encode(source, tmp_path, 2.0, choose=lambda ladder: lowest(codec, ladder))
    assert [round(segment.frame_rate) for segment in next(iter(encoded.segments.values()))] == [30, 6, 6]
    assert_times(encoded, oracle.find_shown(source))
    assert_idrs(encoded)


@pytest.mark.parametrize("codec", CODECS)
def test_a_single_frame_and_an_old_matrix(codec: Codec, tmp_path: Path) -> None:
    arguments = ("-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=0.04", "-colorspace", "smpte170m", "-color_primaries", "smpte170m")
    source = make(tmp_path / "source.mp4", *arguments, "-color_trc", "smpte170m", *X264)
    encoded = encode(source, tmp_path, 2.0, choose=lambda ladder: lowest(codec, ladder))
    shown = oracle.find_shown(source)
    assert_times(encoded, shown)
    assert_pictures(encoded, source, shown, 0.9)
    assert_named(encoded)


@pytest.mark.parametrize("codec", CODECS)
def test_the_same_piece_gives_the_same_bytes(codec: Codec, media_dir: Path, tmp_path: Path) -> None:
    """An attempt that ran twice may not leave a rendition made of two."""
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        encoded = encode(media_dir / "rabbit-480p-8s.mp4", tmp_path / name, 1.0, 1, lambda ladder: lowest(codec, ladder))
        made += [file.read_bytes() for file in encoded.files.values()]
    assert made[0] == made[1]
