"""Small files that become large: what is read of a file and written for its pieces stays within three times its size, or 64 MiB."""

from __future__ import annotations

import struct
import subprocess
import zlib
from pathlib import Path

import pytest

from tests.clips.matroska import Block, element, master, write_film
from tests.clips.mp4_boxes import Box, read_boxes
from yeoul.base.errors import TooLargeError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, max_demuxed_bytes
from yeoul.media.source.split import cut_pieces, plan_split

LIMITS = Limits()
MEBIBYTE = 2**20


def make(path: Path, *words: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


def compressed_matroska(folder: Path) -> Path:
    """A hundred blocks of a mebibyte each, in a hundredth of that: RFC 9559, 5.1.4.1.31.6, ContentCompAlgo 0."""
    picture = make(folder / "one.ivf", "-f", "lavfi", "-i", "testsrc=s=64x48:r=25:d=0.04", "-c:v", "libvpx")
    frame = picture.read_bytes()[32 + 12 :]
    compression = master(
        0x6D80, master(0x6240, element(0x5031, 0), element(0x5032, 1), element(0x5033, 0), master(0x5034, element(0x4254, 0)))
    )
    size = master(0xE0, element(0xB0, 64), element(0xBA, 48))
    track = master(0xAE, element(0xD7, 1), element(0x73C5, 1), element(0x83, 1), element(0x86, "V_VP8"), size, compression)
    block = zlib.compress(frame + bytes(MEBIBYTE))
    blocks = [Block(1, 40 * number, block, is_key=True) for number in range(100)]
    path = folder / "compressed.mkv"
    path.write_bytes(write_film("matroska", 1_000_000, 4000.0, [track], blocks, application="test", most=1000))
    return path


def samples_in_one_place(folder: Path) -> Path:
    """A film whose thousand samples are the same 200 kB."""
    path = make(folder / "plain.mov", "-f", "lavfi", "-i", "testsrc2=s=320x240:r=25:d=4", "-c:v", "mjpeg", "-q:v", "2")
    boxes = read_boxes(path.read_bytes())
    assert [box.kind for box in boxes][-1] == "moov", "moved tables would move what they point to"
    boxes[-1].get("trak").drop("edts")
    stbl = boxes[-1].get("trak", "mdia", "minf", "stbl")
    (first,) = struct.unpack_from(">I", stbl.get("stco").payload, 8)
    stbl.put(Box("stsz", struct.pack(">III", 0, 200_000, 1000)))
    stbl.put(Box("stts", struct.pack(">IIII", 0, 1, 1000, 512)))
    stbl.put(Box("stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)))
    stbl.put(Box("stco", struct.pack(">II", 0, 1000) + struct.pack(">I", first) * 1000))
    made = folder / "one-place.mov"
    made.write_bytes(b"".join(box.write() for box in boxes))
    return made


@pytest.mark.parametrize("attack", [compressed_matroska, samples_in_one_place])
def test_a_file_that_unpacks_to_many_times_its_size_is_refused(attack, tmp_path: Path):
    path = attack(tmp_path)
    assert path.stat().st_size < 8 * MEBIBYTE
    with pytest.raises(TooLargeError):
        plan_split(path, LIMITS)


def write_pieces(path: Path, folder: Path) -> tuple[int, int]:
    """(pieces, bytes) that a file is cut into."""
    folder.mkdir()
    plan = plan_split(path, LIMITS)
    sizes = [file.stat().st_size for _, file in cut_pieces(path, plan, folder)]
    assert sum(piece.frames or 0 for piece in plan.pieces) == plan.source.video.frames
    return len(sizes), sum(sizes)


def test_a_film_with_one_keyframe_is_cut_into_fewer_pieces(tmp_path: Path):
    """Each piece begins at a keyframe before it, so that twenty pieces of such a film would hold it ten times."""
    picture = "nullsrc=s=320x240:r=25:d=120,geq=random(1)*255:128:128"
    words = (
        "-c:v",
        "libx264",
        "-preset",
        "ultrafast",
        "-g",
        "99999",
        "-sc_threshold",
        "0",
        "-b:v",
        "2M",
        "-maxrate",
        "2M",
        "-bufsize",
        "2M",
    )
    path = make(tmp_path / "one-keyframe.mp4", "-f", "lavfi", "-i", picture, *words)
    size = path.stat().st_size
    assert size * 10 > max_demuxed_bytes(size)
    pieces, written = write_pieces(path, tmp_path / "pieces")
    assert 3 <= pieces < 20
    assert written < max_demuxed_bytes(size) * 1.05


def test_an_hour_of_one_still_in_a_few_bytes_is_welcome(tmp_path: Path):
    words = ("-c:v", "libx264", "-preset", "ultrafast", "-tune", "stillimage", "-g", "600")
    path = make(tmp_path / "still.mp4", "-f", "lavfi", "-i", "color=s=160x120:r=1:d=3600", *words)
    assert path.stat().st_size < 300_000
    pieces, written = write_pieces(path, tmp_path / "pieces")
    assert pieces > 100
    assert written < 64 * MEBIBYTE
