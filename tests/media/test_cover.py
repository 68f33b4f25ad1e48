"""Files that are all sound become files with a still: every sample is kept, and the still is the cover or a picture of the sound."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import oracle
from yeoul.base.errors import TooLargeError, TruncatedError, UnreadableError
from yeoul.media.limits import Limits
from yeoul.media.source.cover import add_cover
from yeoul.media.source.split import plan_split

SOUND_S = 2.3


def sound_of(path: Path, *words: str) -> Path:
    oracle.run_ffmpeg("-f", "lavfi", "-i", f"sine=f=440:r=44100:d={SOUND_S}", *words, str(path))
    return path


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "ogg", "m4a"])
def test_every_sample_is_kept_beside_a_still(kind: str, tmp_path: Path) -> None:
    source = sound_of(tmp_path / f"sound.{kind}")
    made = add_cover(source, tmp_path, Limits())
    assert made is not None
    wanted, found = oracle.find_heard(source), oracle.find_heard(made)
    assert wanted is not None and found is not None
    assert len(found.samples) == pytest.approx(len(wanted.samples), abs=2400 if kind == "mp3" else 1200 if kind in ("m4a", "ogg") else 0)
    lag_s, likeness = oracle.find_lag(wanted.cut(wanted.start_s + 1, 0.5), found.cut(1, 0.5))
    assert likeness > 0.999 and abs(lag_s) < 0.03
    plan = plan_split(made, Limits())
    assert plan.source.video.frames == int(SOUND_S * 5)
    assert plan.source.duration_s == pytest.approx(SOUND_S, abs=0.06)


def test_a_picture_that_moves_is_left_alone(media_dir: Path, tmp_path: Path) -> None:
    assert add_cover(media_dir / "rabbit-480p-8s.mp4", tmp_path, Limits()) is None


def test_a_cover_that_cannot_be_read_is_drawn(tmp_path: Path) -> None:
    art = tmp_path / "art.png"
    oracle.run_ffmpeg("-f", "lavfi", "-i", "testsrc=s=300x300:d=0.04", "-frames:v", "1", str(art))
    words = ["-i", str(art), "-map", "0", "-map", "1", "-c:v", "copy", "-disposition:v", "attached_pic"]
    source = sound_of(tmp_path / "sound.mp3", *words)
    whole = add_cover(source, tmp_path, Limits())
    assert whole is not None and (shown := oracle.find_shown(whole)).width == shown.height == 300
    source.write_bytes(source.read_bytes().replace(art.read_bytes()[60:200], bytes(140)))
    (tmp_path / "damaged").mkdir()
    drawn = add_cover(source, tmp_path / "damaged", Limits())
    assert drawn is not None
    picture = oracle.decode_pictures(drawn, [0], (640, 360), oracle.find_shown(drawn).colour)[0]
    assert np.asarray(picture.luma).std() > 5


def test_what_is_no_sound_is_told(tmp_path: Path) -> None:
    garbage = tmp_path / "sound.mp3"
    garbage.write_bytes(bytes(range(1, 256)) * 40)
    with pytest.raises(UnreadableError):
        add_cover(garbage, tmp_path, Limits())


def test_sound_without_end_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TooLargeError):
        add_cover(sound_of(tmp_path / "sound.wav"), tmp_path, Limits(max_duration_s=1.0))


@pytest.mark.parametrize("kind", ["wav", "aiff", "flac", "m4a"])
def test_sound_whose_end_is_missing_is_refused(kind: str, tmp_path: Path) -> None:
    """Not filled up with silence: nobody would be told that something is lost."""
    whole = sound_of(tmp_path / f"whole.{kind}")
    data = whole.read_bytes()
    part = tmp_path / f"part.{kind}"
    part.write_bytes(data[: len(data) * 3 // 4])
    with pytest.raises(TruncatedError) as caught:
        add_cover(part, tmp_path, Limits())
    assert 0 < caught.value.facts["found"] < caught.value.facts["promised"]
    assert add_cover(whole, tmp_path, Limits()) is not None
