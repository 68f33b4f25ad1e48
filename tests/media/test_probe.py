"""What a probe says of each clip: as its README describes it, and only what a user would see."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import av
import pytest

from yeoul.base.errors import MediaToolError, NoVideoError, TruncatedError, UnreadableError, UnsupportedCodecError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, open_input
from yeoul.media.source.probe import orientation_of, probe, rotation_of
from yeoul.media.source.split import plan_split
from yeoul.model.source import Source

LIMITS = Limits()


def look(media_dir: Path, name: str) -> Source:
    return probe(media_dir / name, LIMITS)


def make(target: Path, *arguments: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", *arguments, str(target)], check=True)
    return target


@pytest.mark.parametrize(
    ("name", "codec", "audio", "display"),
    [
        ("anamorphic-sar2x1.mp4", "h264", None, (1280, 360)),
        ("bunny-480p-30s.mp4", "h264", ("aac", 48000, 6), (854, 480)),
        ("crystal-vp8.webm", "vp8", ("vorbis", 44100, 2), (720, 480)),
        ("hdr10-av1-portrait.mp4", "av1", ("aac", 48000, 2), (720, 1280)),
        ("mpeg2-mp2.ts", "mpeg2video", ("mp2", 44100, 2), (1920, 1080)),
        ("mpeg4-mp3.avi", "mpeg4", ("mp3", 48000, 2), (960, 400)),
        ("no-initial-keyframe.ts", "h264", ("aac", 44100, 2), (626, 352)),
        ("pcm-50fps.mov", "h264", ("pcm_s16le", 48000, 2), (1920, 1080)),
        ("people-noaudio-139s.mp4", "h264", None, (768, 432)),
        ("phone-hevc10-editlist-rotated.mp4", "hevc", ("aac", 44100, 2), (1080, 1920)),
        ("rotated-5.1ch.mp4", "h264", ("aac", 48000, 6), (1080, 1920)),
        ("square-vp9.webm", "vp9", None, (642, 642)),
        ("with-srt-subtitles.mkv", "h264", ("ac3", 44100, 1), (1080, 720)),
    ],
)
def test_tracks(name: str, codec: str, audio: tuple[str, int, int] | None, display: tuple[int, int], media_dir: Path) -> None:
    source = look(media_dir, name)
    assert source.video.codec == codec
    assert source.video.display_size == display
    assert audio == (source.audio and (source.audio.codec, source.audio.sample_rate, source.audio.channels))


def test_hdr_is_recognised_with_its_depth_and_colour(media_dir: Path) -> None:
    hdr = look(media_dir, "hdr10-av1-portrait.mp4").video
    assert hdr.is_hdr
    assert (hdr.bit_depth, hdr.colour_primaries, hdr.colour_transfer, hdr.colour_matrix) == (10, "bt2020", "smpte2084", "bt2020nc")
    phone = look(media_dir, "phone-hevc10-editlist-rotated.mp4").video
    assert (phone.is_hdr, phone.colour_transfer, phone.rotation_deg) == (True, "arib-std-b67", 90)
    full_range = look(media_dir, "hevc-1080p-10s.mp4").video
    assert (full_range.is_hdr, full_range.colour_range) == (False, "pc")


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_the_turn_of_a_picture_is_read_in_two_ways(degrees: int, tmp_path: Path) -> None:
    """PyAV's own reading stands in where its list of side data cannot be had."""
    film = make(tmp_path / "film.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x48:d=0.2", "-c:v", "libx264", "-preset", "ultrafast")
    turned = make(tmp_path / "turned.mp4", "-display_rotation", str(degrees), "-i", str(film), "-c", "copy")
    with open_input(turned, LIMITS) as container:
        picture = next(container.decode(video=0))
    assert rotation_of(picture) == probe(turned, LIMITS).video.rotation_deg == -degrees % 360


def test_subtitles_are_listed(media_dir: Path) -> None:
    (text,) = look(media_dir, "with-srt-subtitles.mkv").texts
    assert (text.stream_index, text.codec, text.language, text.title) == (2, "subrip", "en", "Subs Label")


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("flip", [False, True])
def test_rotation_is_the_clockwise_turn_that_ffmpeg_makes(degrees: int, flip: bool, tmp_path: Path) -> None:
    """Turned by our figures, the coded picture equals the one that ffmpeg turns by itself."""
    plain = make(tmp_path / "plain.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x32:r=5:d=0.4", "-c:v", "libx264", "-qp", "0")
    options = ["-display_rotation", str(-degrees % 360), *(["-display_hflip"] if flip else [])]
    turned = make(tmp_path / "turned.mp4", *options, "-i", str(plain), "-c", "copy")
    video = probe(turned, LIMITS).video
    chain = (["hflip"] if video.mirrored else []) + {0: [], 90: ["transpose=1"], 180: ["hflip,vflip"], 270: ["transpose=2"]}[
        video.rotation_deg
    ]
    ours = make(tmp_path / "ours.md5", "-noautorotate", "-i", str(turned), "-vf", ",".join(chain or ["null"]), "-f", "framemd5")
    theirs = make(tmp_path / "theirs.md5", "-i", str(turned), "-f", "framemd5")
    assert ours.read_text() == theirs.read_text()
    assert video.mirrored == flip


def test_orientation_of_matrices() -> None:
    one = 1 << 16
    assert orientation_of((one, 0, 0, 0, one, 0, 0, 0, 1 << 30)) == (0, False)
    assert orientation_of((0, one, 0, -one, 0, 0, 0, 0, 1 << 30)) == (90, False)
    assert orientation_of((-one, 0, 0, 0, one, 0, 0, 0, 1 << 30)) == (0, True)


def test_a_cover_picture_is_not_video(tmp_path: Path) -> None:
    cover = make(tmp_path / "cover.jpg", "-f", "lavfi", "-i", "color=red:s=64x64", "-frames:v", "1")
    song = make(
        tmp_path / "song.m4a",
        *("-f", "lavfi", "-i", "sine=d=1", "-i", str(cover), "-map", "0", "-map", "1", "-c:a", "aac", "-c:v", "copy"),
        *("-disposition:v:0", "attached_pic", "-f", "mp4"),
    )
    with av.open(str(song)) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(NoVideoError):
        probe(song, LIMITS)


def test_the_default_audio_track_is_taken(tmp_path: Path) -> None:
    film = make(
        tmp_path / "film.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-f", "lavfi", "-i", "sine=d=1:r=44100", "-f", "lavfi", "-i", "sine=d=1:r=48000"),
        *("-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-c:a", "aac", "-disposition:a:0", "0", "-disposition:a:1", "default"),
    )
    audio = probe(film, LIMITS).audio
    assert audio is not None
    assert audio.sample_rate == 48000


def test_interlaced_is_seen(tmp_path: Path) -> None:
    clip = make(tmp_path / "i.ts", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-top", "1")
    assert probe(clip, LIMITS).video.interlaced


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("audio-only-two-tracks.mp4", NoVideoError),
        ("bad-garbage.mp4", UnreadableError),
        ("bad-truncated-no-index.mp4", TruncatedError),
        ("bad-truncated-index-first.mp4", TruncatedError),
    ],
)
def test_bad_clips_are_named(name: str, error: type[Exception], media_dir: Path) -> None:
    with pytest.raises(error):
        plan_split(media_dir / name, LIMITS)


def test_an_unknown_codec_is_named(tmp_path: Path) -> None:
    clip = make(tmp_path / "known.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:d=1", "-c:v", "libx264")
    unknown = tmp_path / "unknown.mp4"
    unknown.write_bytes(clip.read_bytes().replace(b"avc1", b"zzz9"))
    with pytest.raises(UnsupportedCodecError):
        probe(unknown, LIMITS)


# --- durations: what is found, not what is claimed ---


def test_the_true_duration_of_a_huge_claim(media_dir: Path) -> None:
    source = plan_split(media_dir / "fragmented-huge-duration.mp4", LIMITS).source
    assert source.duration_s == pytest.approx(1.001, abs=0.001)
    assert source.video.frames == 30


def test_five_hours_claimed_and_one_second_inside(tmp_path: Path) -> None:
    """All samples that the index lists are there, so the file is whole; the movie header's figure is only a claim."""
    clip = make(tmp_path / "clip.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-c:v", "libx264", "-bf", "0")
    data = bytearray(clip.read_bytes())
    for box, at, ticks_per_s in ((b"mvhd", 20, 1000), (b"tkhd", 24, 1000), (b"elst", 12, 1000), (b"mdhd", 20, 12800)):
        start = data.index(box) + at  # version 0: 32 bits of duration, so far after the type
        assert int.from_bytes(data[start : start + 4], "big") == ticks_per_s
        data[start : start + 4] = (5 * 3600 * ticks_per_s).to_bytes(4, "big")
    claiming = tmp_path / "claiming.mp4"
    claiming.write_bytes(data)
    source = plan_split(claiming, LIMITS).source
    assert source.duration_s == pytest.approx(1.0)
    assert source.video.frames == 25


@pytest.mark.parametrize("suffix", ["mp4", "mov", "mkv", "avi"])
def test_a_file_cut_off_anywhere_is_truncated(suffix: str, tmp_path: Path) -> None:
    fast = ["-movflags", "+faststart"] if suffix in ("mp4", "mov") else []
    whole = make(tmp_path / f"whole.{suffix}", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-c:v", "mpeg4", *fast)
    data = whole.read_bytes()
    assert plan_split(whole, LIMITS).source.video.frames == 50
    for share in (0.5, 0.9):
        cut = tmp_path / f"cut.{suffix}"
        cut.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(TruncatedError) as caught:
            plan_split(cut, LIMITS)
        assert 0 < caught.value.facts["found"] < caught.value.facts["promised"]


def test_a_fragmented_file_cut_off_in_a_fragment_is_truncated(tmp_path: Path) -> None:
    options = ("-c:v", "libx264", "-g", "5", "-movflags", "frag_keyframe+empty_moov+skip_trailer")
    whole = make(tmp_path / "whole.mp4", "-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", *options)
    data = whole.read_bytes()
    last = data.rindex(b"moof") - 4
    for at in (last + 20, last + 400):  # in the header of the last fragment, and in its samples
        cut = tmp_path / "cut.mp4"
        cut.write_bytes(data[:at])
        with pytest.raises(TruncatedError):
            plan_split(cut, LIMITS)
    cut.write_bytes(data[:last])  # between two fragments nothing says that there was more
    assert plan_split(cut, LIMITS).source.video.frames == 45


def test_truncation_names_frames_found_of_frames_promised(media_dir: Path) -> None:
    with pytest.raises(TruncatedError) as caught:
        plan_split(media_dir / "bad-truncated-index-first.mp4", LIMITS)
    assert caught.value.facts == {"found": 285, "promised": 720, "unit": "frames"}
    with pytest.raises(TruncatedError) as caught:
        plan_split(media_dir / "bad-truncated-no-index.mp4", LIMITS)
    assert caught.value.facts == {"found": 1_500_000, "promised": 4_121_299, "unit": "bytes"}


def test_a_film_without_its_last_byte_is_not_called_whole(media_dir: Path, tmp_path: Path) -> None:
    shorter = tmp_path / "shorter.webm"
    shutil.copy(media_dir / "square-vp9.webm", shorter)
    with shorter.open("r+b") as file:
        file.truncate(shorter.stat().st_size - 1)
    with pytest.raises(TruncatedError):
        plan_split(shorter, LIMITS)


def test_frame_rates_are_counted(media_dir: Path) -> None:
    assert plan_split(media_dir / "with-srt-subtitles.mkv", LIMITS).source.video.frame_rate == pytest.approx(31, abs=0.1)
    vfr = plan_split(media_dir / "vfr-3026x1386.mp4", LIMITS).source.video
    assert vfr.frame_rate == pytest.approx(float(Fraction(63 * 57600, 502589)))


def test_a_machine_without_file_descriptors_is_not_a_fault_of_the_file(media_dir: Path):
    """A retry can help, so that the upload of a good file does not end as unreadable."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        with pytest.raises(MediaToolError) as caught:
            look(media_dir, "square-vp9.webm")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.retryable and caught.value.facts["reason"] == "Too many open files"
    assert look(media_dir, "square-vp9.webm").video.codec == "vp9"
