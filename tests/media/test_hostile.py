"""Input made to hurt: it gets its own error, quickly, and reads no other file and no network."""

from __future__ import annotations

import os
import random
import resource
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from tests.harness.pace import patience_s
from yeoul.base.errors import (
    MediaTimeoutError,
    MediaToolError,
    StorageFullError,
    TooLargeError,
    TruncatedError,
    UnreadableError,
    UnsupportedCodecError,
    YeoulError,
)
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, ffmpeg_input_options, run_tool, tool_error
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split

LIMITS = Limits()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that nobody may touch."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.setblocking(False)
        yield server


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A real, playable file that nobody may read."""
    file = tmp_path / "secret.ts"
    make(file, "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg2video")
    os.utime(file, (1, 1))  # relatime moves an access time that is older than a day, at the first read
    return file


def make(target: Path, *arguments: str) -> None:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", *arguments, str(target)], check=True)


def playlists(secret: Path, port: int) -> dict[str, str]:
    media = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{}\n#EXT-X-ENDLIST\n"
    web = f"http://127.0.0.1:{port}"
    return {
        "ffconcat of a file": f"ffconcat version 1.0\nfile '{secret}'\n",
        "ffconcat of an address": f"ffconcat version 1.0\nfile '{web}/a.ts'\n",
        "HLS of a file": media.format(f"file://{secret}"),
        "HLS of a neighbour": media.format(secret.name),
        "HLS of an address": media.format(f"{web}/a.ts"),
        "HLS master": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{web}/a.m3u8\n",
        "DASH": f'<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet>'
        f"<Representation><BaseURL>{web}/x.mp4</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "SDP": f"v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    }


PLAYLISTS = tuple(playlists(Path("/x"), 0))


@pytest.mark.parametrize("kind", PLAYLISTS)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.m3u8"])
def test_a_playlist_is_unreadable_and_reads_nothing(kind: str, name: str, secret: Path, listener: socket.socket, tmp_path: Path) -> None:
    file = tmp_path / name
    file.write_text(playlists(secret, listener.getsockname()[1])[kind])
    for attempt in (plan_split, probe):
        with pytest.raises(UnreadableError):
            attempt(file, LIMITS)
    argv = [ffmpeg_path(), "-v", "error", "-nostdin", *ffmpeg_input_options(LIMITS), "-i", str(file), "-f", "null", "-"]
    with pytest.raises(UnreadableError):
        run_tool(argv, limits=LIMITS, cwd=tmp_path)
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert secret.stat().st_atime == 1


def test_without_the_whitelist_the_secret_would_be_read(secret: Path, tmp_path: Path) -> None:
    """The trap above is a trap."""
    file = tmp_path / "clip.mp4"
    file.write_text(playlists(secret, 1)["ffconcat of a file"])
    subprocess.run([ffmpeg_path(), "-v", "error", "-safe", "0", "-f", "concat", "-i", str(file), "-f", "null", "-"], check=True)
    assert secret.stat().st_atime > 1


def test_zero_bytes(tmp_path: Path) -> None:
    empty = tmp_path / "empty.mp4"
    empty.touch()
    with pytest.raises(UnreadableError):
        plan_split(empty, LIMITS)


def test_what_is_not_a_file(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo.mp4"
    os.mkfifo(fifo)
    for path in (tmp_path, fifo, Path("/dev/zero"), tmp_path / "absent.mp4"):
        with pytest.raises(UnreadableError):
            plan_split(path, LIMITS)


def test_a_name_like_a_protocol_is_a_name(media_dir: Path, tmp_path: Path) -> None:
    odd = tmp_path / "http:x?y#z %d.mp4"
    odd.write_bytes((media_dir / "anamorphic-sar2x1.mp4").read_bytes())
    assert plan_split(odd, LIMITS).source.video.frames == 150


# --- bombs ---


def huge_jpeg_movie(folder: Path, suffix: str) -> Path:
    """A movie of small JPEG pictures whose own headers, and the container's, say 16000x16000."""
    plain = folder / f"plain.{suffix}"
    make(plain, "-f", "lavfi", "-i", "color=s=64x64:d=1:r=5", "-c:v", "mjpeg")
    data = plain.read_bytes()
    small, huge = struct.pack(">HH", 64, 64), struct.pack(">HH", 16000, 16000)
    data = data.replace(b"\xff\xc0\x00\x11\x08" + small, b"\xff\xc0\x00\x11\x08" + huge)
    if suffix == "avi":
        start = data.index(b"strf") + 12
        data = data[:start] + struct.pack("<ii", 16000, 16000) + data[start + 8 :]
    else:
        start = data.index(b"jpeg", data.index(b"stsd")) + 28
        data = data[:start] + huge + data[start + 4 :]
    bomb = folder / f"bomb.{suffix}"
    bomb.write_bytes(data)
    return bomb


@pytest.mark.parametrize("suffix", ["avi", "mov"])
def test_a_picture_bomb_is_too_large_and_allocates_nothing(suffix: str, tmp_path: Path) -> None:
    bomb = huge_jpeg_movie(tmp_path, suffix)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for attempt in (plan_split, probe):
        with pytest.raises(TooLargeError):
            attempt(bomb, LIMITS)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # KiB; one such picture takes 384 MB


def test_limits_of_pixels_and_duration_are_kept(media_dir: Path) -> None:
    clip = media_dir / "anamorphic-sar2x1.mp4"
    assert probe(clip, replace(LIMITS, max_pixels=640 * 360)).video.width == 640
    with pytest.raises(TooLargeError):
        probe(clip, replace(LIMITS, max_pixels=640 * 360 - 1))
    with pytest.raises(TooLargeError) as caught:
        plan_split(clip, replace(LIMITS, max_duration_s=4.9))
    assert caught.value.facts["duration_s"] == 5.0


@pytest.mark.parametrize("name", ["crystal-vp8.webm", "mpeg4-mp3.avi", "mpeg2-mp2.ts", "rotated-5.1ch.mp4", "fragmented-huge-duration.mp4"])
def test_damaged_bytes_never_crash(name: str, media_dir: Path, tmp_path: Path) -> None:
    """Bytes overwritten at random (seeded), half of them in the headers: the file is cut or refused, with an error of ours."""
    data = (media_dir / name).read_bytes()
    chance = random.Random(name)
    file = tmp_path / name
    ends: set[str] = set()
    for amount in [1, 5, 50, 500] * 6:
        damaged = bytearray(data)
        for _ in range(amount):
            damaged[chance.randrange(len(data) if chance.random() < 0.5 else 4000)] = chance.randrange(256)
        file.write_bytes(damaged)
        try:
            for _, piece in cut_pieces(file, plan_split(file, LIMITS, 1.0), tmp_path):
                piece.unlink()
            ends.add("cut")
        except YeoulError as error:
            ends.add(error.code)
    assert "cut" in ends  # damage is not always deadly


# --- the tool and its ends ---


def ffmpeg(*arguments: str, limits: Limits = LIMITS, folder: Path) -> None:
    run_tool([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *arguments], limits=limits, cwd=folder)


def test_the_tool_reports_its_cpu_time(media_dir: Path, tmp_path: Path) -> None:
    argv = [ffmpeg_path(), "-v", "warning", "-nostdin", "-i", str(media_dir / "anamorphic-sar2x1.mp4"), "-f", "null", "-"]
    result = run_tool(argv, limits=LIMITS, cwd=tmp_path)
    assert 0.01 < result.cpu_s < 30


def test_ends_of_the_tool_become_errors(media_dir: Path, tmp_path: Path) -> None:
    clip = str(media_dir / "rabbit-480p-8s.mp4")
    guard = ffmpeg_input_options(LIMITS)
    bomb = str(huge_jpeg_movie(tmp_path, "avi"))
    null = ("-f", "null", "-")
    cases: list[tuple[type[YeoulError], Limits, tuple[str, ...]]] = [
        (UnreadableError, LIMITS, (*guard, "-i", str(media_dir / "bad-garbage.mp4"), *null)),
        (UnreadableError, LIMITS, (*guard, "-i", str(tmp_path), *null)),
        (UnreadableError, LIMITS, (*guard, "-i", "http://127.0.0.1:9/a.mp4", *null)),
        (UnreadableError, LIMITS, (*guard, "-f", "lavfi", "-i", "testsrc", *null)),
        (UnsupportedCodecError, LIMITS, (*guard, "-i", str(media_dir / "hdr10-av1-portrait.mp4"), "-map", "0:v", *null)),
        (TooLargeError, LIMITS, (*guard, "-i", bomb, *null)),
        (TooLargeError, replace(LIMITS, max_output_bytes=100_000), (*guard, "-i", clip, "-f", "rawvideo", "out.raw")),
        (StorageFullError, LIMITS, (*guard, "-i", clip, "-f", "rawvideo", "/dev/full")),
        (
            MediaToolError,
            replace(LIMITS, memory_bytes=100 << 20),
            (*guard, "-i", clip, "-c:v", "libx264", "-threads", "4", "-f", "null", "-"),
        ),
        (MediaTimeoutError, replace(LIMITS, timeout_s=0.3), ("-re", *guard, "-i", clip, *null)),
    ]
    for error, limits, arguments in cases:
        with pytest.raises(error) as caught:
            ffmpeg(*arguments, limits=limits, folder=tmp_path)
        assert type(caught.value) is error, arguments
        assert str(media_dir) not in str(caught.value.to_dict())


@pytest.mark.parametrize(
    ("returncode", "stderr", "error"),
    [
        (-signal.SIGKILL, "", MediaToolError),
        (-signal.SIGSEGV, "Invalid data found when processing input", MediaToolError),
        (-signal.SIGXCPU, "", MediaTimeoutError),
        (-signal.SIGXFSZ, "", TooLargeError),
        (228, "Error muxing a packet: No space left on device\nInvalid data found when processing input", StorageFullError),
        (244, "Error submitting packet to decoder: Cannot allocate memory", MediaToolError),
        (187, "x264 [error]: malloc of size 5927488 failed", MediaToolError),
        (183, "libvpx-vp9: Memory allocation error\nInvalid data found when processing input", MediaToolError),
        (234, "Format not on whitelist 'mov'", UnreadableError),
        (69, "Decoding requested, but no decoder found for: vvc", UnsupportedCodecError),
        (8, "No such filter: 'nosuch'", MediaToolError),
        (0, "Nothing was written into output file, because at least one of its streams received no packets.", MediaToolError),
    ],
)
def test_the_table_of_ends(returncode: int, stderr: str, error: type[YeoulError]) -> None:
    assert type(tool_error(returncode, stderr)) is error


def test_a_timeout_kills_the_whole_group(tmp_path: Path) -> None:
    marker = tmp_path / "child.pid"
    script = f"import os, time; pid = os.fork(); pid and open({str(marker)!r}, 'w').write(str(pid)); time.sleep(600)"
    with pytest.raises(MediaTimeoutError):
        # Long enough for Python to start and to fork.
        run_tool([sys.executable, "-c", script], limits=replace(LIMITS, timeout_s=patience_s(2.0)), cwd=tmp_path)
    child = int(marker.read_text())
    # What the tool had started dies by a signal, in a moment of its own; until the test's own limit ends.
    while psutil.pid_exists(child) and psutil.Process(child).status() != psutil.STATUS_ZOMBIE:
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_the_tool_dies_with_its_parent(tmp_path: Path) -> None:
    marker = tmp_path / "tool.pid"
    tool = f"import os, time; open({str(marker)!r}, 'w').write(str(os.getpid()) + '\\n'); time.sleep(600)"
    parent = (
        "import sys; from pathlib import Path; from yeoul.media.limits import Limits, run_tool;"
        f"run_tool([sys.executable, '-c', {tool!r}], limits=Limits(), cwd=Path({str(tmp_path)!r}))"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    with subprocess.Popen([sys.executable, "-c", parent], env=environ) as process:
        while not (marker.exists() and marker.read_text().endswith("\n")):
            time.sleep(0.02)
        orphan = psutil.Process(int(marker.read_text()))
        process.kill()
        process.wait()
        psutil.wait_procs([orphan], timeout=patience_s())
        assert not orphan.is_running() or orphan.status() == psutil.STATUS_ZOMBIE


def test_truncation_is_found_before_anything_is_decoded(media_dir: Path) -> None:
    began = time.process_time()
    with pytest.raises(TruncatedError):
        plan_split(media_dir / "bad-truncated-index-first.mp4", LIMITS)
    assert time.process_time() - began < 2
