"""Sound brought to a target loudness piece by piece: by a meter over the whole of what is heard, without steps at the seams."""

from __future__ import annotations

import math
import re
import subprocess
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from yeoul.media.audio.decode import Samples
from yeoul.media.audio.encode import encode_audio_piece
from yeoul.media.audio.loudness import apply_gain, choose_gain_db, find_true_peaks, integrate, measure_loudness, read_report
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.split import cut_pieces, plan_split

LIMITS = Limits()
RATE = 48_000
# Noise as loud as a quiet talk, a tone that is too loud, and one in mono at another rate.
SOUNDS = {
    "quiet-noise": "anoisesrc=r=48000:a=0.15:c=pink:seed=5:d=8,aformat=channel_layouts=stereo",
    "loud-tone": "aevalsrc='0.7*sin(2*PI*997*t)|0.7*sin(2*PI*997*t)':s=48000:d=8",
    "mono-44100": "anoisesrc=r=44100:a=0.3:c=white:seed=7:d=8,lowpass=4000,aformat=channel_layouts=mono",
}


def make_clip(folder: Path, sound: str) -> Path:
    path = folder / "clip.mp4"
    inputs = ["-f", "lavfi", "-i", "testsrc2=s=128x72:r=25:d=8", "-f", "lavfi", "-i", sound]
    words = [*inputs, "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "flac", "-strict", "-2", str(path)]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words], check=True)
    return path


def measure_file(path: Path, *, mono: bool) -> tuple[float, float]:
    """(integrated LUFS, true peak in dBTP) of a file, by ffmpeg's meter over the whole."""
    meter = f"ebur128=peak=true:dualmono={'true' if mono else 'false'}"
    done = subprocess.run(
        [ffmpeg_path(), "-nostdin", "-i", str(path), "-af", meter, "-f", "null", "-"], capture_output=True, text=True, check=True
    )
    summary = done.stderr[done.stderr.rindex("Summary:") :]
    found = re.search(r"I:\s+(-?[\d.]+) LUFS.*Peak:\s+(-?[\d.]+) dBFS", summary, re.DOTALL)
    assert found is not None, summary
    return float(found[1]), float(found[2])


@pytest.mark.parametrize("name", SOUNDS)
@pytest.mark.parametrize("target_lufs", [-23.0, -16.0])
def test_the_whole_is_as_loud_as_asked(name: str, target_lufs: float, tmp_path: Path):
    clip = make_clip(tmp_path, SOUNDS[name])
    plan = plan_split(clip, LIMITS, 2.0)
    cut = list(cut_pieces(clip, plan, tmp_path))
    assert len(cut) == 4
    measured = [measure_loudness(file, piece, plan.source, tmp_path, LIMITS) for piece, file in cut[:3]]
    blocks = [block for one in measured for block in one.blocks]
    gain_db = choose_gain_db(blocks, max(one.true_peak_db for one in measured), target_lufs)
    mono = name.startswith("mono")
    assert integrate(blocks) == pytest.approx(measure_file(clip, mono=mono)[0], abs=0.3)
    made = [
        encode_audio_piece(
            file, piece, plan.source, tmp_path / f"{piece.index}.m4s", LIMITS, shape=lambda found: apply_gain(found, gain_db)
        )
        for piece, file in cut
    ]
    segments = [one for one in made if one is not None]
    assert len(segments) == len(cut)
    joined = tmp_path / "joined.mp4"
    joined.write_bytes(segments[0].init + b"".join(one.path.read_bytes() for one in segments))
    loudness, peak = measure_file(joined, mono=mono)
    assert loudness == pytest.approx(target_lufs, abs=0.5)
    assert peak <= -0.9
    if name == "loud-tone":
        assert find_steps(joined) < 0.01


def find_steps(path: Path) -> float:
    """The most by which a pure tone differs from its own continuation: what a click or a step in loudness at a seam would do."""
    with av.open(str(path)) as file:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in file.decode(audio=0)])[RATE // 2 : -RATE // 2].astype(np.float64)
    # x[n+1] + x[n-1] = 2 cos(w) x[n] holds for a tone of constant amplitude and nothing else.
    error = heard[2:] + heard[:-2] - 2 * math.cos(2 * math.pi * 997 / RATE) * heard[1:-1]
    return float(np.abs(error).max() / np.abs(heard).max())


def tone(seconds: float, amplitude: float, frequency: float = 997.0) -> NDArray[np.float32]:
    at = np.arange(round(seconds * RATE)) / RATE
    return np.stack([amplitude * np.sin(2 * np.pi * frequency * at)] * 2).astype(np.float32)


def test_a_gain_alone_changes_nothing_else():
    quiet = tone(0.5, 0.1)
    assert np.array_equal(apply_gain(quiet, 6.0), quiet * np.float32(10 ** (6 / 20)))


def test_what_is_too_loud_is_turned_down_and_comes_back():
    """A burst in a piece that was not measured: no true peak above -1 dBTP, and a tenth of a second on all is as before."""
    samples = np.concatenate([tone(0.5, 0.1), tone(0.1, 0.9), tone(0.5, 0.1)], axis=1)
    made = apply_gain(samples, 12.0)
    assert 20 * math.log10(find_true_peaks(made).max()) <= -1.0
    plain = samples * np.float32(10 ** (12 / 20))
    away = round(0.02 * RATE)
    before, after = slice(0, round(0.5 * RATE) - away), slice(round(0.6 * RATE) + away, None)
    assert np.allclose(made[:, before], plain[:, before], rtol=1e-5)
    assert np.allclose(made[:, after], plain[:, after], rtol=1e-5)


def test_neighbours_turn_the_same_samples_down_by_the_same():
    """Two pieces see overlapping stretches; in what both know well, the outcome is one."""
    rng = np.random.default_rng(3)
    samples: Samples = (rng.standard_normal((2, RATE)) * 0.4).astype(np.float32)
    whole = apply_gain(samples, 6.0)
    right = apply_gain(samples[:, RATE // 2 :], 6.0)
    settled = 1024
    assert np.abs(whole[:, RATE // 2 + settled :] - right[:, settled:]).max() < 1e-5


def test_peaks_between_samples_are_found():
    """A tone at a quarter of the rate, sampled 45 degrees off its crests, is 3 dB higher than any of its samples."""
    at = np.arange(4800)
    samples = np.sin(np.pi / 2 * at + np.pi / 4).astype(np.float32)[None, :]
    assert np.abs(samples).max() < 0.708
    assert find_true_peaks(samples)[100:-100].max() == pytest.approx(1.0, abs=0.03)


def test_gating_by_hand():
    """BS.1770: silence is left out, and what is 10 LU below the rest."""
    assert integrate([]) is None
    assert integrate([-80.0] * 50) is None
    assert integrate([-20.0] * 10 + [-75.0] * 1000) == pytest.approx(-20.0)
    assert integrate([-20.0] * 10 + [-40.0] * 10) == pytest.approx(-20.0)
    assert integrate([-20.0] * 10 + [-26.0] * 10) == pytest.approx(-22.04, abs=0.01)


def test_the_gain_never_passes_the_true_peak_or_raises_silence():
    assert choose_gain_db([-30.0] * 10, -20.0, -23.0) == 7.0
    assert choose_gain_db([-30.0] * 10, -4.0, -23.0) == 3.0
    assert choose_gain_db([-10.0] * 10, 2.0, -23.0) == -13.0
    assert choose_gain_db([-60.0] * 10, -50.0, -23.0) == 20.0
    assert choose_gain_db([], -120.0, -23.0) == 0.0


def test_a_report_without_sound_is_silence():
    found = read_report("frame:0 pts:0\nlavfi.r128.M=-120.691\nlavfi.r128.true_peak=0.000\n")
    assert (found.blocks, found.true_peak_db) == ((), -120.0)
