"""Sound that no piece can hold becomes FLAC, and stays where it was."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from yeoul.media.audio.decode import Samples, decode_sound
from yeoul.media.audio.grid import Span
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.flac_audio import convert_audio, restore_metadata
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.text.extract import extract_captions

LIMITS = Limits()
RATE = 48_000
LENGTH_S = 6
BEEP_AT_S = 3.0


def make(path: Path, *codecs: str) -> Path:
    """A film that is silent but for half a second of 440 Hz from the third second on."""
    beep = f"sine=440:r={RATE}:d={LENGTH_S},volume=enable='lt(t,{BEEP_AT_S})+gt(t,{BEEP_AT_S + 0.5})':volume=0"
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", f"testsrc2=s=176x144:r=25:d={LENGTH_S}"]
    words += ["-f", "lavfi", "-i", beep, "-ac", "2", *codecs, "-pix_fmt", "yuv420p", "-g", "25", str(path)]
    subprocess.run(words, check=True)
    return path


def hear(path: Path, folder: Path) -> tuple[int, Samples]:
    """(frames, samples) of all pieces of a file."""
    plan = plan_split(path, LIMITS, 1.0)
    track = plan.source.audio
    assert track is not None and track.codec == "flac"
    heard, frames = np.zeros((2, LENGTH_S * RATE), np.float32), 0
    start_s = plan.source.start_pts * plan.source.video.time_base.fraction
    for piece, file in cut_pieces(path, plan, folder):
        frames += piece.frames or 0
        base = plan.source.video.time_base.fraction
        span = Span(round((piece.start_pts * base - start_s) * RATE), min(LENGTH_S * RATE, round((piece.end_pts * base - start_s) * RATE)))
        heard[:, span.start : span.end] = decode_sound(file, piece, plan.source, track, LIMITS, longest=LENGTH_S * RATE).cut(span)
    return frames, heard


@pytest.mark.parametrize(
    ("name", "codecs"),
    [
        ("film.wmv", ("-c:v", "wmv2", "-c:a", "wmav2")),
        ("film.avi", ("-c:v", "mpeg4", "-bf", "2", "-c:a", "wmav1")),
        ("film.m2ts", ("-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-c:a", "pcm_bluray")),
    ],
)
def test_the_sound_is_heard_where_it_was(name: str, codecs: tuple[str, ...], tmp_path: Path):
    source = make(tmp_path / name, *codecs)
    kept = convert_audio(source, tmp_path, LIMITS)
    assert kept is not None
    frames, heard = hear(kept, tmp_path)
    assert frames == 25 * LENGTH_S
    (middle_s, power), (wanted_s, wanted) = _measure(heard[0]), _measure(_reference(source))
    assert middle_s == pytest.approx(wanted_s - _first_picture_s(source), abs=0.003)
    assert power == pytest.approx(wanted, rel=0.01) and power > 10


def _reference(source: Path) -> Samples:
    """What ffmpeg hears, by the file's own times."""
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-i", str(source), "-map", "0:a:0", "-af", "aresample=async=1:first_pts=0"]
    done = subprocess.run([*words, "-f", "f32le", "-ar", str(RATE), "-"], check=True, capture_output=True)
    return np.frombuffer(done.stdout, np.float32).reshape(-1, 2)[:, 0]


def _first_picture_s(source: Path) -> float:
    words = [ffmpeg_path(), "-nostdin", "-i", str(source), "-map", "0:v:0", "-vf", "showinfo", "-frames:v", "1", "-f", "null", "-"]
    done = subprocess.run(words, check=True, capture_output=True, text=True)
    return float(done.stderr.partition("pts_time:")[2].split()[0])


def _measure(samples: Samples) -> tuple[float, float]:
    """(when the middle of the sound is, in seconds; its power)."""
    energy = np.square(samples.astype(np.float64))
    return float((energy * np.arange(len(energy))).sum() / energy.sum()) / RATE, float(energy.sum())


def test_what_pieces_can_hold_stays(tmp_path: Path):
    assert convert_audio(make(tmp_path / "film.mkv", "-c:v", "mpeg4", "-c:a", "aac"), tmp_path, LIMITS) is None


def test_what_only_the_original_tells_is_kept(tmp_path: Path):
    """Captions, a chapter, the language of the sound and the colour of the pictures; NUT has no place for them."""
    captions, chapters = tmp_path / "captions.srt", tmp_path / "chapters.txt"
    captions.write_text("1\n00:00:01,000 --> 00:00:02,000\nHello\n")
    chapters.write_text(";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=3000\ntitle=First\n")
    film = make(tmp_path / "film.wmv", "-c:v", "wmv2", "-c:a", "wmav2")
    source = tmp_path / "film.mkv"
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-i", str(film), "-i", str(captions), "-i", str(chapters), "-map", "0", "-map", "1"]
    words += ["-map_chapters", "2", "-c", "copy", "-metadata:s:a:0", "language=kor", "-metadata:s:s:0", "language=eng", "-aspect", "2:1"]
    subprocess.run([*words, str(source)], check=True)
    kept = convert_audio(source, tmp_path, LIMITS)
    assert kept is not None
    plan, told = plan_split(kept, LIMITS, 1.0), probe(source, LIMITS)
    found = restore_metadata(plan.source, told)
    assert [chapter.title for chapter in found.chapters] == ["First"]
    assert found.audio is not None and (found.audio.codec, found.audio.language) == ("flac", "ko")
    assert found.video.display_size[0] == 2 * found.video.display_size[1]
    assert (found.video.frames, found.video.time_base, found.start_pts) == (150, plan.source.video.time_base, plan.source.start_pts)
    (text,) = extract_captions(source, told, LIMITS)
    zero_ms = round(told.start_pts * told.video.time_base.fraction * 1000)  # captions count from the first picture
    assert (
        text.language == "en" and f"00:00:{(1000 - zero_ms) / 1000:06.3f} --> 00:00:{(2000 - zero_ms) / 1000:06.3f}\nHello" in text.webvtt
    )
