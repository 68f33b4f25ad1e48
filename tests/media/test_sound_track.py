"""Audio tracks beside the one in the pieces: taken out of a file and cut at the borders of its pieces, they sound as the file's own do."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.media.test_audio import decode
from yeoul.base.errors import NotInPiecesError, TooLargeError, TruncatedError, UnreadableError
from yeoul.media.audio.encode import encode_audio_piece
from yeoul.media.audio.track import check_audio_tracks, convert_if_needed, cut_audio_track, extract_audio_tracks, plan_audio_track
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.split import plan_split
from yeoul.model.piece import Piece
from yeoul.model.sound import SoundFile
from yeoul.model.source import Source

LIMITS = Limits()
RATE = 48_000
# A beep of 0.1 s at each second and a half from 1 s on; the tracks differ in pitch.
BEEP = "aevalsrc='if(gte(t,1)*lt(mod(t-1,1.5),0.1),0.5*sin(2*PI*{hz}*t),0)':s={rate}:d={duration_s}"
BEEPS_S = [1.0, 2.5, 4.0, 5.5, 7.0]


def make(path: Path, *words: str) -> Path:
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words, str(path)], check=True)
    return path


def beep(hz: int, duration_s: float = 8.0, rate: int = 48_000) -> tuple[str, ...]:
    return "-f", "lavfi", "-i", BEEP.format(hz=hz, rate=rate, duration_s=duration_s)


def film(path: Path, *codecs: str, later_s: float = 0.0) -> Path:
    """Eight seconds of pictures and three sounds: 1,000, 500 and 2,000 Hz, the last one Korean and four seconds long."""
    picture = ("-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=8")
    words = [*picture, *beep(1000), *beep(500, rate=44_100), *beep(2000, 4.0), "-map", "0", "-map", "1", "-map", "2", "-map", "3"]
    words += ["-metadata:s:a:1", "language=deu", "-metadata:s:a:2", "language=kor", "-disposition:a:2", "comment"]
    words += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "50", "-bf", "2", *codecs, "-output_ts_offset", str(later_s)]
    return make(path, *words)


def sound_of(file: Path, sound: SoundFile, source: Source, target_s: float, folder: Path, channels: int = 1) -> NDArray[np.float32]:
    """A track's sound as viewers hear it, cut at borders of pieces of `target_s`."""
    folder.mkdir()
    file, sound = convert_if_needed(file, sound, folder, LIMITS)
    plan = plan_audio_track(file, sound, PIECES[target_s], source, LIMITS)
    data = b""
    for piece, part in cut_audio_track(file, plan, folder, LIMITS):
        made = encode_audio_piece(part, piece, source.with_values(audio=plan.track), folder / "s.m4s", LIMITS, channels=channels)
        assert made is not None
        data = (data or made.init) + made.path.read_bytes()
    whole = folder / "whole.mp4"
    whole.write_bytes(data)
    return decode(whole)


PIECES: dict[float, tuple[Piece, ...]] = {}


def split(path: Path, target_s: float) -> Source:
    plan = plan_split(path, LIMITS, target_s)
    PIECES[target_s] = plan.pieces
    return plan.source


def beeps(samples: NDArray[np.float32]) -> list[float]:
    """Where beeps begin, in seconds."""
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > 0.05)
    return [float(first) / RATE for first in loud[np.diff(loud, prepend=-RATE) > RATE // 3]]


def pitch(samples: NDArray[np.float32]) -> float:
    """Hz of the beep at 1 s."""
    part = samples[0, int(1.02 * RATE) : int(1.08 * RATE)]
    return float(np.count_nonzero(np.diff(np.signbit(part))) / 2 / 0.06)


KINDS = {
    "mkv": ("-c:a", "aac"),
    "mp4": ("-c:a", "aac"),
    "mov": ("-c:a", "pcm_s24le"),
    "ts": ("-c:a", "mp2"),
    "webm.mkv": ("-c:a", "libopus"),
    "wma.mkv": ("-c:a", "wmav2", "-c:a:0", "aac"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_track_of_a_file_stands_where_it_stands_there(kind: str, tmp_path: Path):
    path = film(tmp_path / f"film.{kind}", *KINDS[kind], later_s=1.4 if kind == "ts" else 0.0)
    source = split(path, 1.3)
    zero_s = source.start_pts * source.video.time_base.fraction
    taken = extract_audio_tracks(path, zero_s, tmp_path, LIMITS)
    if kind != "mov":  # which has languages of its own, and no roles
        assert [one.track.language for one in taken] == ["de", "ko"]
        assert [one.track.role for one in taken] == ["dub", "dub" if kind == "ts" else "commentary"]
    for one, hz, count in zip(taken, (500, 2000), (5, 2), strict=True):
        heard = sound_of(one.path, one.sound, source, 1.3, tmp_path / f"{hz}")
        assert beeps(heard)[:count] == pytest.approx(BEEPS_S[:count], abs=0.003)
        assert len(beeps(heard)) == count and pitch(heard) == pytest.approx(hz, rel=0.03)
        assert heard.shape[1] / RATE > PIECES[1.3][-1].start_pts * source.video.time_base.fraction - zero_s  # silence, up to the last piece


def test_seams_are_not_heard(tmp_path: Path):
    """A steady tone of a container with coarse times is the same in short pieces and in one."""
    tone = ("-f", "lavfi", "-i", "sine=440:d=8:r=44100")
    words = ["-f", "lavfi", "-i", "testsrc2=s=160x90:r=25:d=8", *tone, *tone, "-map", "0", "-map", "1", "-map", "2", "-c:a", "libmp3lame"]
    path = make(tmp_path / "tone.mkv", *words, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25")
    source = split(path, 0.7)
    (taken,) = extract_audio_tracks(path, source.start_pts * source.video.time_base.fraction, tmp_path, LIMITS)
    short = sound_of(taken.path, taken.sound, source, 0.7, tmp_path / "short")
    split(path, 60.0)
    whole = sound_of(taken.path, taken.sound, source, 60.0, tmp_path / "whole")
    assert short.shape == whole.shape
    middle = slice(RATE // 2, 7 * RATE)
    assert np.abs(short[0, middle] - whole[0, middle]).max() < 0.01


@pytest.mark.parametrize("name", ["dub.mp3", "dub.m4a", "dub.flac", "dub.ogg", "dub.wav", "dub.ac3", "dub.mka"])
def test_any_file_with_sound_begins_where_the_video_begins(name: str, tmp_path: Path):
    source = split(film(tmp_path / "film.mp4", "-c:a", "aac"), 2.0)
    file = make(tmp_path / name, *beep(700))
    heard = sound_of(file, SoundFile(), source, 2.0, tmp_path / "made")
    late_s = 256 / RATE if name.endswith("ac3") else 0.0  # the overlap of its first block
    assert beeps(heard) == pytest.approx([at + late_s for at in BEEPS_S], abs=0.004)


def test_a_dubbed_film_keeps_its_sound_at_its_picture(tmp_path: Path):
    source = split(film(tmp_path / "film.mp4", "-c:a", "aac"), 2.0)
    picture = ("-f", "lavfi", "-i", "testsrc2=s=64x36:r=25:d=8")
    file = make(
        tmp_path / "dub.ts", "-itsoffset", "0.5", *beep(700), *picture, "-c:v", "mpeg2video", "-c:a", "mp2", "-output_ts_offset", "7"
    )
    heard = sound_of(file, SoundFile(), source, 2.0, tmp_path / "made")
    assert beeps(heard)[:4] == pytest.approx([at + 0.5 for at in BEEPS_S[:4]], abs=0.005)


def test_six_channels_stay_six(tmp_path: Path):
    tones = "|".join(f"0.3*sin(2*PI*{hz}*t)" for hz in (200, 300, 400, 60, 500, 600))
    source = split(film(tmp_path / "film.mp4", "-c:a", "aac"), 2.0)
    file = make(tmp_path / "dub.mka", "-f", "lavfi", "-i", f"aevalsrc='{tones}':c=5.1:d=8", "-c:a", "flac")
    heard = sound_of(file, SoundFile(), source, 2.0, tmp_path / "made", channels=6)
    assert heard.shape[0] == 6
    second = heard[:, RATE : 2 * RATE]
    loudest = [int(np.abs(np.fft.rfft(channel)).argmax()) for channel in second]
    assert loudest == [200, 300, 400, 60, 500, 600]


def test_what_cannot_be_an_audio_track_is_refused(tmp_path: Path):
    source = split(film(tmp_path / "film.mp4", "-c:a", "aac"), 2.0)
    whole = make(tmp_path / "whole.m4a", *beep(700))
    cut, text = tmp_path / "cut.m4a", tmp_path / "text.mp3"
    cut.write_bytes(whole.read_bytes()[:-2000])
    text.write_text("no sound at all " * 1000)
    silent = make(tmp_path / "silent.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=1")
    for file in (cut, text, silent):
        with pytest.raises((TruncatedError, UnreadableError)):
            sound_of(file, SoundFile(), source, 2.0, tmp_path / f"made-{file.stem}")


def test_sound_of_a_day_and_more_is_refused(tmp_path: Path):
    source = split(film(tmp_path / "film.mp4", "-c:a", "aac"), 2.0)
    file = make(tmp_path / "dub.flac", *beep(700))
    with pytest.raises(TooLargeError):
        plan_audio_track(file, SoundFile(), PIECES[2.0], source, Limits(max_duration_s=7.0))


def test_what_no_piece_holds_is_told_before_it_is_sent(tmp_path: Path):
    check_audio_tracks(film(tmp_path / "film.mkv", "-c:a", "aac"), LIMITS)
    with pytest.raises(NotInPiecesError):
        check_audio_tracks(film(tmp_path / "wma.mkv", "-c:a", "wmav2"), LIMITS)


def test_a_file_of_one_sound_gives_no_others(tmp_path: Path):
    path = make(tmp_path / "one.mp4", "-f", "lavfi", "-i", "testsrc2=s=64x36:d=1", *beep(700, 1.0))
    assert extract_audio_tracks(path, Fraction(0), tmp_path, LIMITS) == []
    with av.open(str(path)) as container:
        assert len(container.streams.audio) == 1
