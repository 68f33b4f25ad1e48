"""What the first and last MiB of a file tell of it, before the rest is sent."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from yeoul.base.errors import UnsupportedCodecError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.picture.drawing import Drawing

END = 2**20
HOLE = 3 * 2**20


def make(path: Path, *words: str) -> Path:
    """Four seconds of noise, several MiB large."""
    picture = ("-f", "lavfi", "-i", "nullsrc=s=640x360:r=25:d=4,geq=random(1)*255:128:128", "-f", "lavfi", "-i", "sine=d=4")
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *picture, "-pix_fmt", "yuv420p", *words, str(path)], check=True)
    assert path.stat().st_size > HOLE
    return path


def look(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    return Drawing().probe_ends(data[:END], data[-END:], len(data))


@pytest.mark.parametrize(
    ("name", "words", "found"),
    [
        ("index-last.mp4", ("-c:v", "mpeg4", "-q:v", "2", "-c:a", "aac"), {"container": "mov", "video": "mpeg4", "audio": "aac"}),
        ("old.wmv", ("-c:v", "wmv2", "-q:v", "2", "-c:a", "wmav2"), {"container": "asf", "video": "wmv2", "audio": "wmav2"}),
        (
            "disc.vob",
            ("-c:v", "mpeg2video", "-q:v", "2", "-c:a", "mp2", "-f", "vob"),
            {"container": "mpeg", "video": "mpeg2video", "audio": "mp2"},
        ),
    ],
)
def test_both_ends_tell_what_a_file_is(name: str, words: tuple[str, ...], found: dict[str, str], tmp_path: Path):
    assert look(make(tmp_path / name, *words)) == found


def test_a_codec_that_nobody_knows_is_named_with_its_container(tmp_path: Path):
    path = make(tmp_path / "odd.mov", "-c:v", "mpeg4", "-q:v", "2", "-tag:v", "mp4v")
    path.write_bytes(path.read_bytes().replace(b"mp4v", b"xXxX").replace(b"esds", b"free"))
    with pytest.raises(UnsupportedCodecError) as caught:
        look(path)
    assert caught.value.facts["container"] == "mov" and "mov" in caught.value.message


@pytest.mark.parametrize("data", [b"", b"\0" * 100, b"no video at all " * 100_000, b"RIFF\xff\xff\xff\xffAVI LIST" * 50_000])
def test_what_is_nothing_tells_nothing(data: bytes):
    assert "video" not in Drawing().probe_ends(data[:END], data[-END:], 2**53)
