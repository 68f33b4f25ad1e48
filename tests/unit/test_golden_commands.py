"""The words given to ffmpeg for typical sources, as kept in tests/golden, one word a line.

After an intended change: `YEOUL_RENEW_GOLDEN=1 pytest tests/unit/test_golden_commands.py`, then read the diff.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from yeoul.media.audio.loudness import make_loudness_command
from yeoul.media.binaries import feed_ffmpeg_path, ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.video.encode import make_encode_command, make_feed_command, needs_feed
from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.vmaf import Metric, make_quality_command
from yeoul.model.piece import Piece
from yeoul.model.source import Source, TimeBase, VideoTrack

GOLDEN = Path(__file__).parents[1] / "golden"
BT709 = {"colour_primaries": "bt709", "colour_transfer": "bt709", "colour_matrix": "bt709", "colour_range": "tv"}
BT2020 = {"pix_fmt": "yuv420p10le", "bit_depth": 10, "colour_primaries": "bt2020", "colour_matrix": "bt2020nc", "colour_range": "tv"}


def source_of(**track: Any) -> Source:
    common: dict[str, Any] = {"codec": "h264", "width": 1280, "height": 720, "pix_fmt": "yuv420p", "frame_rate": 30.0}
    video = VideoTrack(**{**common, "time_base": TimeBase(num=1, den=15360), **track})
    return Source(container="mov", duration_s=60.0, start_pts=1024, video=video)


SOURCES: dict[str, Source] = {
    "720p": source_of(**BT709),
    "phone-hlg-rotated": source_of(
        codec="hevc", width=1920, height=1080, rotation_deg=90, time_base=TimeBase(num=1, den=600), colour_transfer="arib-std-b67", **BT2020
    ),
    "av1-hdr10-portrait": source_of(codec="av1", width=720, height=1280, colour_transfer="smpte2084", **BT2020),
    "full-range": source_of(pix_fmt="yuvj420p", **{**BT709, "colour_range": "pc"}),
    "anamorphic": source_of(width=720, height=576, sar=TimeBase(num=64, den=45), colour_matrix="bt470bg"),
    "interlaced-1080i": source_of(codec="mpeg2video", width=1920, height=1080, interlaced=True, time_base=TimeBase(num=1, den=90000)),
    "mirrored": source_of(width=640, height=360, mirrored=True, rotation_deg=180, time_base=TimeBase(num=1, den=30)),
}
PIECES: dict[str, Piece] = {
    "720p": Piece(index=1, start_pts=31744, end_pts=93184, base=30720, frames=120),
    # As clients cut: a container that rounds times, without a count.
    "anamorphic": Piece(index=1, container="matroska", start_pts=31744, end_pts=93184, frames=None),
}


def words(command: list[str]) -> str:
    """One word a line, whatever machine made it."""
    names = {ffmpeg_path(): "ffmpeg", feed_ffmpeg_path(): "feed-ffmpeg"}
    return "".join(f"{names.get(word, word)}\n" for word in command)


def commands(name: str) -> str:
    source = SOURCES[name]
    piece = PIECES.get(name, PIECES["720p"])
    file, out = Path("pieces/000001.nut"), Path("out")
    made = words(make_encode_command(file, piece, source, make_ladder(source), out, Limits()))
    return words(make_feed_command(file, source, Limits())) + "|\n" + made if needs_feed(source) else made


def quality_words(metric: Metric) -> str:
    files = [Path("out/720p-whole.mp4"), Path("out/480p-whole.mp4")]
    file, source = Path("pieces/000001.nut"), SOURCES["720p"]
    return words(make_quality_command(file, PIECES["720p"], source, make_ladder(source)[0], files, Limits(), metric=metric, every=5))


MEASURES: dict[str, Callable[[], str]] = {
    "quality-vmaf": lambda: quality_words("vmaf"),
    "quality-ssim": lambda: quality_words("ssim-estimate"),
    "loudness": lambda: words(make_loudness_command(2)),
}


@pytest.mark.parametrize("name", [*SOURCES, *MEASURES])
def test_golden_command(name: str) -> None:
    golden = GOLDEN / f"{name}.txt"
    made = MEASURES[name]() if name in MEASURES else commands(name)
    if os.environ.get("YEOUL_RENEW_GOLDEN"):
        golden.write_text(made)
    assert made == golden.read_text()


def test_every_golden_file_is_compared() -> None:
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {*SOURCES, *MEASURES}
