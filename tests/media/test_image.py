"""Pictures for pages: each tile shows its moment, sheets are laid out as they say, and posters are upright and bright enough to see."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests import oracle
from yeoul.base.errors import MediaError, UnreadableError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.picture.storyboard import Thumbnail, compose_sheets, make_poster, make_thumbnails
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder

BT709_WEIGHTS = np.array([0.2126, 0.7152, 0.0722], np.float32)
LIMITS = Limits()


def make(target: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", *arguments, str(target)], check=True)
    return target


def grey(jpeg: bytes, size: tuple[int, int] | None = None) -> NDArray[np.float32]:
    picture = Image.open(io.BytesIO(jpeg)).convert("L")
    return np.asarray(picture if size is None else picture.resize(size, Image.Resampling.BICUBIC), np.float32)


# --- tiles ---


def tiles_of(source: Path, folder: Path, target_s: float, most: int) -> list[Thumbnail]:
    """Of the lowest rung's segments, as the pipeline has them made."""
    plan = plan_split(source, LIMITS, target_s)
    rung = make_ladder(plan.source)[-1:]
    found: list[Thumbnail] = []
    for piece, file in cut_pieces(source, plan, folder, only=range(most)):
        (segment,) = encode_piece(file, piece, plan.source, rung, folder, LIMITS)
        found += make_thumbnails(segment.init, segment.path)
    return found


@pytest.mark.parametrize("name", ["bunny-480p-30s.mp4", "rabbit-480p-8s.mp4"])
def test_each_tile_shows_its_moment(name: str, media_dir: Path, tmp_path: Path) -> None:
    source = media_dir / name
    found = tiles_of(source, tmp_path, 6.0, 3)
    shown = oracle.find_shown(source)
    assert [round(tile.start_s, 3) for tile in found[:2]] == [0.0, 2.0]
    size = Image.open(io.BytesIO(found[0].jpeg)).size
    assert size == (160, round(160 / shown.aspect))
    indexes = [min(range(len(shown.times)), key=lambda at: abs(shown.times[at] - shown.times[0] - tile.start_s)) for tile in found]
    assert all(abs(float(shown.times[at] - shown.times[0]) - tile.start_s) < 0.001 for at, tile in zip(indexes, found, strict=True))
    even = (160, size[1] // 2 * 2)
    wanted = [oracle.full_range(picture.luma) for picture in oracle.decode_pictures(source, indexes, even, shown.colour)]
    differences = np.array([[np.abs(grey(tile.jpeg, even) - picture).mean() for picture in wanted] for tile in found])
    assert differences.diagonal().max() < 8
    assert (differences.argmin(axis=1) == np.arange(len(found))).all()


def test_a_segment_without_a_picture_is_unreadable(tmp_path: Path) -> None:
    source = make(tmp_path / "source.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=1", "-c:v", "libx264")
    plan = plan_split(source, LIMITS)
    ((piece, file),) = cut_pieces(source, plan, tmp_path)
    (segment,) = encode_piece(file, piece, plan.source, make_ladder(plan.source), tmp_path, LIMITS)
    segment.path.write_bytes(b"")
    with pytest.raises(UnreadableError):
        make_thumbnails(segment.init, segment.path)
    segment.path.write_bytes(bytes(1000))
    with pytest.raises(MediaError):
        make_thumbnails(segment.init, segment.path)


# --- sheets ---


def tile_of(start_s: float, shade: int) -> Thumbnail:
    out = io.BytesIO()
    Image.new("RGB", (32, 18), (shade, shade, shade)).save(out, "JPEG", quality=95)
    return Thumbnail(start_s, out.getvalue())


def shades(sheet: bytes) -> list[list[int]]:
    """The brightness in the middle of each place of a sheet, rounded to tens."""
    pixels = grey(sheet)
    return [[round(float(value) / 10) * 10 for value in row] for row in pixels[9::18, 16::32]]


def test_tiles_fill_a_sheet_by_rows() -> None:
    sheets = compose_sheets([tile_of(2.0 * n, 10 * n) for n in range(12)])
    assert (sheets.columns, sheets.rows, sheets.tile_width, sheets.tile_height) == (10, 10, 32, 18)
    assert (sheets.interval_s, sheets.tiles, len(sheets.sheets)) == (2.0, 12, 1)
    assert Image.open(io.BytesIO(sheets.sheets[0])).size == (320, 36)
    assert shades(sheets.sheets[0]) == [[10 * n for n in range(10)], [100, 110, *[0] * 8]]


def test_the_order_in_which_tiles_come_does_not_matter() -> None:
    tiles = [tile_of(2.0 * n, 10 * n) for n in range(8)]
    assert compose_sheets(tiles[::-1]) == compose_sheets(tiles)


def test_a_moment_without_a_tile_shows_the_one_before() -> None:
    sheets = compose_sheets([tile_of(0.0, 50), tile_of(2.04, 100), tile_of(9.0, 200)])
    assert shades(sheets.sheets[0])[0][:5] == [50, 100, 100, 100, 100]
    assert sheets.tiles == 5


def test_long_videos_take_longer_steps() -> None:
    sheets = compose_sheets([tile_of(2.0 * n, 10 * (n % 20)) for n in range(1000)])
    assert sheets.interval_s == 7.0
    assert sheets.tiles == 286 and len(sheets.sheets) == 3
    # At 7 s the tile of 6 s is the last that is not later.
    assert shades(sheets.sheets[0])[0][:3] == [0, 30, 70]


def test_one_tile_is_one_sheet() -> None:
    sheets = compose_sheets([tile_of(0.0, 100)])
    assert sheets.tiles == 1 and shades(sheets.sheets[0])[0][0] == 100


# --- posters ---


def poster_of(source: Path, folder: Path, target_s: float = 6.0) -> Image.Image:
    plan = plan_split(source, LIMITS, target_s)
    ((piece, file),) = cut_pieces(source, plan, folder, only=[0])
    return Image.open(io.BytesIO(make_poster(file, piece, plan.source, LIMITS)))


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("rabbit-480p-8s.mp4", (720, 480)),
        ("anamorphic-sar2x1.mp4", (1280, 360)),
        ("phone-hevc10-editlist-rotated.mp4", (720, 1280)),
        ("vfr-3026x1386.mp4", (1280, 586)),
        ("hdr10-av1-portrait.mp4", (720, 1280)),
    ],
)
def test_posters_of_clips(name: str, size: tuple[int, int], media_dir: Path, tmp_path: Path) -> None:
    """One of the frames of the first two seconds, as the oracle shows them."""
    poster = poster_of(media_dir / name, tmp_path)
    assert poster.format == "JPEG" and poster.size == size
    found = np.asarray(poster.convert("L"), np.float32)
    assert 16 < found.mean() < 240 and found.std() > 10
    shown = oracle.find_shown(media_dir / name)
    indexes = [at for at, time in enumerate(shown.times) if time - shown.times[0] < 2]
    candidates = oracle.decode_pictures(media_dir / name, indexes, (160, 160), shown.colour)
    # A viewer's program makes RGB of it; of that, brightness as BT.709 weighs it.
    small = np.asarray(poster.convert("RGB").resize((160, 160), Image.Resampling.BICUBIC), np.float32) @ BT709_WEIGHTS
    assert min(np.abs(small - oracle.full_range(picture.luma)).mean() for picture in candidates) < 5


def test_the_poster_is_not_the_black_that_films_begin_with(tmp_path: Path) -> None:
    scene = "testsrc2=s=320x240:r=25:d=3,fade=in:st=1:d=0.3"
    source = make(tmp_path / "source.mp4", "-f", "lavfi", "-i", scene, "-c:v", "libx264", "-pix_fmt", "yuv420p", "-sc_threshold", "0")
    assert np.asarray(poster_of(source, tmp_path).convert("L")).mean() > 60


def test_a_poster_of_one_frame(tmp_path: Path) -> None:
    source = make(tmp_path / "source.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=0.04", "-c:v", "libx264")
    assert poster_of(source, tmp_path).size == (320, 240)


def test_a_poster_of_a_long_av1_piece_does_not_wait_for_its_end(media_dir: Path, tmp_path: Path) -> None:
    """The piece is twice as long as what a poster looks at: the reader leaves the feed early."""
    assert poster_of(media_dir / "hdr10-av1-portrait.mp4", tmp_path, target_s=30.0).size == (720, 1280)


def test_a_poster_of_garbage_is_an_error(media_dir: Path, tmp_path: Path) -> None:
    plan = plan_split(media_dir / "rabbit-480p-8s.mp4", LIMITS)
    file = tmp_path / "000000.nut"
    file.write_bytes(bytes(range(256)) * 100)
    with pytest.raises(MediaError):
        make_poster(file, plan.pieces[0], plan.source, LIMITS)
