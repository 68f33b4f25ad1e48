"""Pieces of every clip, decoded apart and joined, are the source: same count, same pts, same pictures, same sound."""

from __future__ import annotations

import hashlib
import struct
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips.collection import LONG
from tests.harness.cut import leave_out
from yeoul.base.errors import StorageFullError, TruncatedError, UnreadableError, UnsupportedCodecError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.scan import AUDIO_GAP_S
from yeoul.media.source.split import SplitPlan, cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder
from yeoul.model.piece import Piece

LIMITS = Limits()

# clip: (displayed frames, target in seconds); short clips are cut short, so that there is something to join
CLIPS = {
    "anamorphic-sar2x1.mp4": (150, 1.0),
    "bunny-480p-30s.mp4": (720, 6.0),
    "cars-12fps-30s.mp4": (377, 6.0),
    "crystal-vp8.webm": (359, 2.0),
    "fragmented-huge-duration.mp4": (30, 0.6),
    "hdr10-av1-portrait.mp4": (127, 1.0),
    "hevc-1080p-10s.mp4": (300, 6.0),
    "mpeg2-mp2.ts": (58, 0.8),
    "mpeg4-mp3.avi": (96, 1.0),
    "no-initial-keyframe.ts": (15, 6.0),
    "pcm-50fps.mov": (100, 0.6),
    "people-noaudio-139s.mp4": (1394, 6.0),
    "phone-hevc10-editlist-rotated.mp4": (77, 0.8),
    "rabbit-480p-8s.mp4": (234, 2.0),
    "rotated-5.1ch.mp4": (45, 0.6),
    "square-vp9.webm": (90, 1.0),
    "vfr-3026x1386.mp4": (63, 2.0),
    "with-srt-subtitles.mkv": (30, 0.5),
}

Picture = tuple[int, str]


def ffmpeg(*arguments: str) -> str:
    done = subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def pictures(file: Path, time_base: Fraction, piece: Piece | None = None) -> list[Picture]:
    """(pts in the source's ticks, MD5) of each displayed picture, as the recipe's command makes them; AV1 by PyAV."""
    if "av1" in file.name or "av1" in file.parent.name:
        return list(pictures_by_pyav(file, time_base, piece))
    tick = f"{time_base.numerator}/{time_base.denominator}"
    chain = f"settb={tick}"
    if piece is not None:
        chain += f",trim=start_pts={piece.start_pts - piece.base}:end_pts={piece.end_pts - piece.base},setpts=PTS+({piece.base})"
    lines = ffmpeg(
        "-threads", "2", "-copyts", "-noautorotate", "-i", str(file), "-map", "0:v:0", "-vf", chain,
        "-fps_mode", "passthrough", "-enc_time_base", tick, "-f", "framemd5", "-",
    ).splitlines()  # fmt: skip
    assert f"#tb 0: {tick}" in lines
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    return [(int(row[2]), row[5].strip()) for row in rows]


def pictures_by_pyav(file: Path, time_base: Fraction, piece: Piece | None) -> Iterator[Picture]:
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            assert frame.pts is not None and frame.time_base is not None
            pts = frame.pts * frame.time_base / time_base + (piece.base if piece else 0)
            if piece is None or piece.start_pts <= pts < piece.end_pts:
                yield int(pts), hashlib.md5(frame.to_ndarray().tobytes()).hexdigest()


def cut(source: Path, folder: Path, target_s: float) -> tuple[SplitPlan, list[tuple[Piece, Path]]]:
    plan = plan_split(source, LIMITS, target_s)
    folder = folder / source.stem
    folder.mkdir()
    return plan, list(cut_pieces(source, plan, folder))


def assert_joins(source: Path, folder: Path, target_s: float, *, at_least: int = 1) -> SplitPlan:
    """Cut, decode each piece alone, and compare with decoding the whole."""
    plan, pieces = cut(source, folder, target_s)
    assert len(pieces) == len(plan.pieces) >= at_least
    time_base = plan.source.video.time_base.fraction
    per_piece = [pictures(path, time_base, piece) for piece, path in pieces]
    assert [len(part) for part in per_piece] == [piece.frames for piece, _ in pieces]
    whole = pictures(source, time_base)
    assert [picture for part in per_piece for picture in part] == whole
    assert plan.source.video.frames == len(whole)
    assert plan.source.start_pts == whole[0][0]
    return plan


@pytest.mark.parametrize("name", leave_out(CLIPS, LONG))
def test_pieces_join_to_the_source(name: str, media_dir: Path, tmp_path: Path) -> None:
    frames, target_s = CLIPS[name]
    plan = assert_joins(media_dir / name, tmp_path, target_s)
    assert plan.source.video.frames == frames


# --- made here: what goes wrong with careless cuts ---

SOURCE_30_FPS = ("-f", "lavfi", "-i", "testsrc2=s=192x108:r=30:d=8")
X264 = ("-c:v", "libx264", "-preset", "ultrafast")
B_FRAMES = "keyint=30:bframes=3:b-adapt=0"

GENERATED: dict[str, tuple[tuple[str, ...], int]] = {
    "closed-gop.mp4": ((*X264, "-x264-params", B_FRAMES), 3),
    "open-gop.mp4": ((*X264, "-x264-params", f"{B_FRAMES}:open-gop=1"), 3),
    "open-gop.ts": ((*X264, "-x264-params", f"{B_FRAMES}:open-gop=1"), 3),
    "open-gop-hevc.mp4": (("-c:v", "libx265", "-preset", "ultrafast", "-x265-params", "log-level=none:keyint=30:open-gop=1:bframes=3"), 3),
    "open-gop-mpeg2.ts": (("-c:v", "mpeg2video", "-bf", "2", "-g", "15"), 3),
    "endless-gop.mp4": ((*X264, "-x264-params", "keyint=9999:scenecut=0:bframes=3"), 3),
    "missing-dts.mkv": ((*X264, "-x264-params", B_FRAMES), 3),
    "variable-rate.mp4": ((*X264, "-vf", "select='mod(n\\,7)*mod(n\\,5)'", "-fps_mode", "vfr", "-x264-params", B_FRAMES), 3),
    "interlaced.ts": ((*X264, "-flags", "+ildct+ilme", "-x264-params", f"{B_FRAMES}:tff=1"), 3),
    "b-frames-mpeg4.avi": (("-c:v", "mpeg4", "-bf", "2", "-g", "30"), 3),
}


@pytest.mark.parametrize("name", GENERATED)
def test_generated_clips_join(name: str, tmp_path: Path) -> None:
    arguments, at_least = GENERATED[name]
    source = tmp_path / name
    ffmpeg(*SOURCE_30_FPS, *arguments, str(source))
    assert_joins(source, tmp_path, 2.0, at_least=at_least)


def test_an_edit_list_hides_its_frames(tmp_path: Path) -> None:
    """Copying from 2.5 s on, in mid-GOP, keeps the hidden frames in the file and an edit list over them."""
    whole, source = tmp_path / "whole.mp4", tmp_path / "edited.mp4"
    ffmpeg(*SOURCE_30_FPS, *X264, "-x264-params", B_FRAMES, str(whole))
    ffmpeg("-ss", "2.5", "-i", str(whole), "-t", "4", "-c", "copy", str(source))
    plan = assert_joins(source, tmp_path, 1.0, at_least=3)
    assert int((~plan.scan.video.shown).sum()) >= 15


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c:v", "prores_ks", "-c:a", "pcm_s24le"),
        (*X264, "-x264-params", f"{B_FRAMES}:open-gop=1", "-c:a", "alac"),
    ],
)
def test_codecs_that_nut_cannot_name_go_into_mov(arguments: tuple[str, ...], tmp_path: Path) -> None:
    source = tmp_path / "source.mov"
    ffmpeg(*SOURCE_30_FPS, *SWEEP, "-t", "4", *arguments, str(source))
    for check in ("frames", "sound"):
        (tmp_path / check).mkdir()
    plan = assert_joins(source, tmp_path / "frames", 1.0, at_least=3)
    assert {piece.container for piece in plan.pieces} == {"mp4"}
    assert_sound_joins(source, tmp_path / "sound", 1.0, 0.0)


SINE = ("-f", "lavfi", "-i", "sine=440:r=48000")


@pytest.mark.parametrize(
    ("name", "arguments", "codec"),
    [
        ("real.rm", ("-s", "176x144", "-c:v", "rv20"), "rv20"),
        # In pieces its blocks would have no size, and its sound would be lost without a word.
        ("film.wmv", (*SINE, "-c:v", "wmv2", "-c:a", "wmav2"), "wmav2"),
        ("film.avi", (*SINE, "-c:v", "mpeg4", "-c:a", "wmav1"), "wmav1"),
    ],
)
def test_what_no_piece_can_hold_is_named(name: str, arguments: tuple[str, ...], codec: str, tmp_path: Path) -> None:
    source = tmp_path / name
    ffmpeg(*SOURCE_30_FPS, *arguments, "-t", "1", str(source))
    with pytest.raises(UnsupportedCodecError) as caught:
        plan_split(source, LIMITS)
    assert codec in caught.value.facts["codecs"]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuyv422", "uyvy422", "nv12", "gray", "rgb24", "bgr24"])
def test_raw_pictures_keep_their_pixels(pixels: str, tmp_path: Path) -> None:
    """Of each layout that pieces can name, the pictures decode from the pieces to the very same."""
    source = tmp_path / "raw.nut"
    ffmpeg(*SOURCE_30_FPS, "-t", "1", "-s", "64x48", "-c:v", "rawvideo", "-pix_fmt", pixels, str(source))
    assert_joins(source, tmp_path, 0.5)


def test_pictures_that_share_a_time_are_told_apart(tmp_path: Path) -> None:
    film, source = tmp_path / "film.mkv", tmp_path / "same.mkv"
    ffmpeg(*SOURCE_30_FPS, "-t", "2", *X264, "-bf", "0", "-g", "30", str(film))
    ffmpeg("-i", str(film), "-c", "copy", "-bsf:v", "setts=ts=floor(PTS/66)*66", str(source))
    plan = plan_split(source, LIMITS)
    shown = np.sort(plan.scan.video.pts[plan.scan.video.shown])
    assert len(shown) == 60 and bool((np.diff(shown) >= 1).all())
    out = tmp_path / "out"
    out.mkdir()
    for piece, file in cut_pieces(source, plan, tmp_path):
        assert encode_piece(file, piece, plan.source, make_ladder(plan.source)[-1:], out, LIMITS)[0].samples == piece.frames


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_a_program_stream_without_times_on_all_pictures(codec: str, tmp_path: Path) -> None:
    """Reordered pictures, of which one in three has a time: each is shown once, 40 ms after the one before."""
    source = tmp_path / "film.vob"
    quiet = ["-x265-params", "log-level=none"] if codec == "libx265" else []
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=176x144:r=25:d=2", "-c:v", codec, *quiet, "-pix_fmt", "yuv420p", "-bf", "3", str(source))
    table = plan_split(source, LIMITS).scan.video
    assert set(np.diff(np.sort(table.pts[table.shown]))) == {3600}
    assert table.frames == 50


@pytest.mark.parametrize("extra_bytes", [8, 12, 33])
def test_a_riff_size_that_is_a_little_off(extra_bytes: int, tmp_path: Path) -> None:
    source = tmp_path / "film.avi"
    ffmpeg(*SOURCE_30_FPS, "-t", "1", "-c:v", "mpeg4", str(source))
    data = bytearray(source.read_bytes())
    (size,) = struct.unpack_from("<I", data, 4)
    struct.pack_into("<I", data, 4, size + extra_bytes)
    source.write_bytes(data)
    assert plan_split(source, LIMITS).source.video.frames == 30
    source.write_bytes(data[:-1000])
    with pytest.raises(TruncatedError):
        plan_split(source, LIMITS)


def test_alternate_reference_frames_are_not_displayed(tmp_path: Path) -> None:
    """VP8 keeps pictures that are only referred to in packets of their own."""
    source = tmp_path / "altref.webm"
    for run in ("1", "2"):
        log = ("-pass", run, "-passlogfile", str(tmp_path / "log"), "-y")
        ffmpeg(
            *SOURCE_30_FPS, *log, "-c:v", "libvpx", "-auto-alt-ref", "1", "-lag-in-frames", "25", "-b:v", "200k", "-g", "60", str(source)
        )
    plan = assert_joins(source, tmp_path, 2.0, at_least=3)
    assert len(plan.scan.video) > plan.scan.video.frames == 240


def with_two_edits(film: Path, first: tuple[float, float], second: tuple[float, float]) -> bytes:
    """The film's bytes with an edit list of two (start in the media, length) in seconds; its index has to stand at the end."""
    data = bytearray(film.read_bytes())
    at = data.index(b"elst")
    count, _, offset = struct.unpack(">IIi", data[at + 8 : at + 20])
    assert count == 1
    entries = [struct.pack(">IiI", round(length * 1000), offset + round(start * 15360), 1 << 16) for start, length in (first, second)]
    data[at + 8 : at + 24] = struct.pack(">I", 2) + b"".join(entries)
    for box in (b"moov", b"trak", b"edts", b"elst"):
        start = data.index(box) - 4
        data[start : start + 4] = struct.pack(">I", struct.unpack(">I", data[start : start + 4])[0] + 12)
    return bytes(data)


@pytest.mark.parametrize("b_frames", [0, 2])
def test_an_edit_list_that_jumps(b_frames: int, tmp_path: Path) -> None:
    """2 s from the start and 2 s from 4.5 s, in mid-GOP: hidden frames lie between displayed ones, with the same times."""
    whole, source = tmp_path / "whole.mp4", tmp_path / "jump.mp4"
    ffmpeg(*SOURCE_30_FPS, *X264, "-x264-params", f"keyint=30:bframes={b_frames}:b-adapt=0", str(whole))
    source.write_bytes(with_two_edits(whole, (0, 2), (4.5, 2)))
    plan = assert_joins(source, tmp_path, 6.0, at_least=2)
    assert plan.source.video.frames == 120


def test_h264_with_b_frames_in_avi_is_shown_in_display_order(tmp_path: Path) -> None:
    """AVI keeps one time per packet in decode order; the pictures still come out in order, one per tick."""
    source = tmp_path / "b-frames.avi"
    ffmpeg(*SOURCE_30_FPS, *X264, "-x264-params", B_FRAMES, str(source))
    plan, pieces = cut(source, tmp_path, 2.0)
    time_base = plan.source.video.time_base.fraction
    joined = [picture for piece, path in pieces for picture in pictures(path, time_base, piece)]
    assert [md5 for _, md5 in joined] == [md5 for _, md5 in pictures(source, time_base)]
    assert [pts for pts, _ in joined] == list(range(plan.source.start_pts, plan.source.start_pts + 240))


# --- sound ---


def placed_sound(file: Path, plan: SplitPlan, piece: Piece | None) -> tuple[int, np.ndarray]:
    """(position of its first sample from the source's zero, samples x channels), as the contract in `split` says; gaps are silent."""
    source = plan.source
    assert source.audio is not None
    rate, tick = source.audio.sample_rate, source.audio.time_base.fraction
    zero = source.start_pts * source.video.time_base.fraction
    anchor = piece.audio.anchor_sample if piece is not None and piece.audio is not None else None
    counts = plan.scan.audio_count is not None
    chunks: list[tuple[int, np.ndarray]] = []
    expected = anchor
    with av.open(str(file)) as container:
        for frame in container.decode(audio=0):
            assert frame.pts is not None and frame.time_base is not None
            written = round((frame.pts * frame.time_base + (piece.audio_base * tick if piece else 0) - zero) * rate)
            if not counts or expected is None or abs(written - expected) > AUDIO_GAP_S * rate:
                expected = written
            data = frame.to_ndarray().astype(np.float64)
            samples = data.reshape(-1, frame.layout.nb_channels) if frame.format.is_packed else data.T
            chunks.append((expected, samples / (32768 if frame.format.name.startswith("s16") else 1)))
            expected += frame.samples
    start = min(position for position, _ in chunks)
    stop = max(position + len(samples) for position, samples in chunks)
    joined = np.zeros((stop - start, chunks[0][1].shape[1]))
    for position, samples in chunks:
        joined[position - start : position - start + len(samples)] = samples
    return start, joined


DITHER_AC3 = 3e-4  # the decoder's noise goes on from where its history left off
DITHER_16_BIT = 1.01 / 32768

# clip: (target in seconds, largest difference of a sample; full scale is 1)
SOUND = {
    "bunny-480p-30s.mp4": (6.0, 0.0),
    "crystal-vp8.webm": (2.0, 0.0),
    "fragmented-huge-duration.mp4": (0.6, 0.0),
    "mpeg2-mp2.ts": (0.8, DITHER_16_BIT),
    "mpeg4-mp3.avi": (1.0, 0.0),
    "pcm-50fps.mov": (0.6, 0.0),
    "rabbit-480p-8s.mp4": (2.0, 0.0),
    "with-srt-subtitles.mkv": (0.5, DITHER_AC3),
}


def assert_sound_joins(source: Path, folder: Path, target_s: float, tolerance: float) -> SplitPlan:
    """Decode each piece's sound afresh, place it, and compare its own range with the whole decode."""
    plan, pieces = cut(source, folder, target_s)
    assert plan.source.audio is not None
    assert len(pieces) > 1
    ticks_to_samples = plan.source.audio.sample_rate * plan.source.video.time_base.fraction
    whole_start, whole = placed_sound(source, plan, None)
    covered = 0
    for piece, path in pieces:
        start, samples = placed_sound(path, plan, piece)
        first = max(round((piece.start_pts - plan.source.start_pts) * ticks_to_samples), whole_start)
        stop = whole_start + len(whole) if piece.last else round((piece.end_pts - plan.source.start_pts) * ticks_to_samples)
        mine, theirs = samples[first - start : stop - start], whole[first - whole_start : stop - whole_start]
        assert mine.shape == theirs.shape
        assert np.abs(mine - theirs).max(initial=0) <= tolerance
        covered += len(mine)
    assert covered == whole_start + len(whole) - max(0, whole_start)
    return plan


@pytest.mark.parametrize("name", SOUND)
def test_sound_of_pieces_joins_to_the_whole_decode(name: str, media_dir: Path, tmp_path: Path) -> None:
    target_s, tolerance = SOUND[name]
    assert_sound_joins(media_dir / name, tmp_path, target_s, tolerance)


# tones that move, so that a shift of one sample shows; noise, so that codecs have something to do
SWEEP = ("-f", "lavfi", "-i", "aevalsrc='0.4*sin(300*t*t)+0.05*random(0)|0.4*sin(200*t*t)':s=48000:d=8")

SOUND_CODECS: dict[str, tuple[tuple[str, ...], float]] = {
    "opus.webm": (("-c:v", "libvpx", "-c:a", "libopus"), 1e-3),
    "vorbis.webm": (("-c:v", "libvpx", "-c:a", "vorbis", "-strict", "experimental"), 0.0),
    "aac.mkv": ((*X264, "-c:a", "aac", "-aac_pns", "0"), 0.0),
    "mp3.mkv": ((*X264, "-c:a", "libmp3lame"), 0.0),
    "flac.mkv": ((*X264, "-c:a", "flac"), 0.0),
    "mp3.avi": (("-c:v", "mpeg4", "-c:a", "libmp3lame"), 0.0),
    "pcm.avi": (("-c:v", "mpeg4", "-c:a", "pcm_s16le"), 0.0),
    "aac.ts": ((*X264, "-c:a", "aac", "-aac_pns", "0"), 0.0),
}


@pytest.mark.parametrize("name", SOUND_CODECS)
def test_generated_sound_joins(name: str, tmp_path: Path) -> None:
    arguments, tolerance = SOUND_CODECS[name]
    source = tmp_path / name
    ffmpeg(*SOURCE_30_FPS, *SWEEP, "-g", "30", *arguments, str(source))
    plan = assert_sound_joins(source, tmp_path, 2.0, tolerance)
    assert (plan.scan.audio_count is None) == (name in ("aac.ts", "pcm.avi"))


def test_a_gap_in_the_sound_stays_a_gap(tmp_path: Path) -> None:
    """Sound that stops for 0.3 s at 3 s, in a container with coarse times."""
    whole, source = tmp_path / "whole.mkv", tmp_path / "gap.mkv"
    ffmpeg(*SOURCE_30_FPS, *SWEEP, "-g", "30", *X264, "-c:a", "aac", "-aac_pns", "0", str(whole))
    ffmpeg("-i", str(whole), "-c", "copy", "-bsf:a", "setts=pts=PTS+gte(PTS*TB\\,3)*0.3/TB:dts=PTS+gte(PTS*TB\\,3)*0.3/TB", str(source))
    plan = assert_sound_joins(source, tmp_path, 2.0, 0.0)
    assert plan.scan.audio_count is not None
    steps = np.diff(plan.scan.audio_count.start)
    assert steps.max() == pytest.approx(1024 + 0.3 * 48000, abs=100)


# --- the files ---


def test_the_same_file_gives_the_same_bytes(media_dir: Path, tmp_path: Path) -> None:
    for name in ("crystal-vp8.webm", "hdr10-av1-portrait.mp4", "with-srt-subtitles.mkv", "phone-hevc10-editlist-rotated.mp4"):
        for run in ("one", "two"):
            (tmp_path / run).mkdir(exist_ok=True)
        first_plan, first = cut(media_dir / name, tmp_path / "one", 1.0)
        second_plan, second = cut(media_dir / name, tmp_path / "two", 1.0)
        assert first_plan.pieces == second_plan.pieces
        assert [path.read_bytes() for _, path in first] == [path.read_bytes() for _, path in second]


def test_resuming_writes_only_what_is_asked_for_and_the_same(media_dir: Path, tmp_path: Path) -> None:
    source = media_dir / "bunny-480p-30s.mp4"
    plan, pieces = cut(source, tmp_path, 6.0)
    again = tmp_path / "again"
    again.mkdir()
    resumed = list(cut_pieces(source, plan, again, only={1, 4}))
    assert [piece.index for piece, _ in resumed] == [1, 4]
    assert sorted(again.iterdir()) == [path for _, path in resumed]
    assert [path.read_bytes() for _, path in resumed] == [pieces[index][1].read_bytes() for index in (1, 4)]
    assert list(cut_pieces(source, plan, again, only=())) == []


def test_cutting_is_lazy_and_leaves_nothing_half_written(media_dir: Path, tmp_path: Path) -> None:
    source = media_dir / "bunny-480p-30s.mp4"
    plan = plan_split(source, LIMITS)
    pieces = cut_pieces(source, plan, tmp_path)
    piece, path = next(pieces)
    assert piece.index == 0
    assert pictures(path, plan.source.video.time_base.fraction, piece)
    assert len(list(tmp_path.iterdir())) <= 3  # those that share its GOP or its sound may have begun
    pieces.close()
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_named(media_dir: Path, tmp_path: Path) -> None:
    source = media_dir / "bunny-480p-30s.mp4"
    plan = plan_split(source, LIMITS)
    (tmp_path / "000000.nut").symlink_to("/dev/full")
    with pytest.raises(StorageFullError):
        list(cut_pieces(source, plan, tmp_path))


def test_a_file_that_changed_since_it_was_planned(media_dir: Path, tmp_path: Path) -> None:
    """The plan of another file is noticed, not followed silently to a shorter video."""
    plan = plan_split(media_dir / "bunny-480p-30s.mp4", LIMITS)
    with pytest.raises(UnreadableError):
        list(cut_pieces(media_dir / "rabbit-480p-8s.mp4", plan, tmp_path))
    with pytest.raises(TruncatedError):
        plan_split(media_dir / "bad-truncated-index-first.mp4", LIMITS)


def test_pieces_are_not_larger_than_what_they_hold(media_dir: Path, tmp_path: Path) -> None:
    """All pieces together cost little more than the source: only overlaps and, on a grid, repeated GOPs."""
    source = media_dir / "cars-12fps-30s.mp4"
    _, pieces = cut(source, tmp_path, 6.0)
    assert sum(path.stat().st_size for _, path in pieces) < 1.15 * source.stat().st_size
