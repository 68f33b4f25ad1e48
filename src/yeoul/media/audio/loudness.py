"""Loudness by EBU R 128: measures the audio as it will be encoded, and chooses one constant gain for all pieces to reach a target.

Sources: ITU-R BS.1770-4 (K weighting, gating, true peak), EBU R 128 (-23 LUFS, true peak at most -1 dBTP).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from yeoul.media.audio.decode import Samples
from yeoul.media.audio.encode import read_owned, resample
from yeoul.media.audio.grid import OUTPUT_RATE, Span, output_channels
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits, run_tool
from yeoul.model.piece import Piece
from yeoul.model.source import Source

TARGET_LUFS = -23.0
PEAK_DB = -1.0
SILENCE_DB = -120.0
_MAX_GAIN_DB = 20.0  # more would only amplify the noise of a nearly silent track
_ABSOLUTE_GATE_LUFS, _RELATIVE_GATE_LU = -70.0, -10.0
_RAW, _REPORT = "sound.f32", "loudness.txt"


@dataclass(frozen=True)
class LoudnessMeasurement:
    """A loudness measurement. blocks: loudness over 400 ms, ten values per second, in LUFS. true_peak_db: highest true peak in dBTP."""

    blocks: tuple[float, ...]
    true_peak_db: float


def measure_loudness(piece_file: Path, piece: Piece, source: Source, out: Path, limits: Limits) -> LoudnessMeasurement:
    """Measures the audio that a piece owns, mixed down as for encoding. out: a working folder. Raises what `run_tool` raises."""
    track = source.audio
    piece_audio = None if track is None else read_owned(piece_file, piece, source, track, output_channels(track), limits)
    if track is None or piece_audio is None:
        return LoudnessMeasurement((), SILENCE_DB)
    owned, sound = piece_audio
    samples = resample(sound, Span(owned.first, owned.end), track.sample_rate)
    (out / _RAW).write_bytes(np.ascontiguousarray(samples.T, np.float32).tobytes())
    run_tool(make_loudness_command(samples.shape[0]), limits=limits, cwd=out)
    (out / _RAW).unlink()
    return read_report((out / _REPORT).read_text())


def make_loudness_command(channels: int) -> list[str]:
    """Returns the ffmpeg command. It reads raw audio from its working folder and writes a report there; mono counts as two loudspeakers."""
    meter = f"ebur128=metadata=1:peak=true:dualmono={'true' if channels == 1 else 'false'}"
    return [
        *(ffmpeg_path(), "-v", "error", "-nostdin", "-threads", "1", "-filter_threads", "1", "-protocol_whitelist", "file"),
        *("-f", "f32le", "-ar", str(OUTPUT_RATE), "-ac", str(channels), "-i", f"file:{_RAW}"),
        *("-af", f"{meter},ametadata=mode=print:file={_REPORT}", "-f", "null", "-"),
    ]


def read_report(text: str) -> LoudnessMeasurement:
    """Parses the meter's report, which has values for each tenth of a second."""
    blocks = tuple(float(value) for value in re.findall(r"^lavfi\.r128\.M=(\S+)$", text, re.MULTILINE))
    peaks = [float(value) for value in re.findall(r"^lavfi\.r128\.true_peak=(\S+)$", text, re.MULTILINE)]
    peak = max((value for value in peaks if math.isfinite(value)), default=0.0)
    audible_blocks = tuple(block for block in blocks if math.isfinite(block) and block > _ABSOLUTE_GATE_LUFS)
    return LoudnessMeasurement(audible_blocks, max(SILENCE_DB, 20 * math.log10(peak)) if peak > 0 else SILENCE_DB)


def integrate(blocks: Iterable[float]) -> float | None:
    """Returns the integrated loudness of blocks in LUFS, gated twice (BS.1770-4, annex 1); None if all are below the absolute gate."""
    audible = [block for block in blocks if block > _ABSOLUTE_GATE_LUFS]
    if not audible:
        return None
    gate = _mean(audible) + _RELATIVE_GATE_LU
    return _mean([block for block in audible if block > gate])


def _mean(blocks: Sequence[float]) -> float:
    return 10 * math.log10(sum(10 ** (block / 10) for block in blocks) / len(blocks))


def choose_gain_db(blocks: Iterable[float], true_peak_db: float, target_lufs: float) -> float:
    """Returns the gain that brings blocks to the target, limited by a true peak of -1 dBTP and to 20 dB; 0 for silence."""
    integrated = integrate(blocks)
    if integrated is None:
        return 0.0
    return round(min(target_lufs - integrated, PEAK_DB - true_peak_db, _MAX_GAIN_DB), 2)


# The limiter is stateless and its window is symmetric, so that neighbouring pieces attenuate the same samples equally.
_REACH = 240  # samples, 5 ms
_OVERSAMPLING = 4
_TAPS = 12  # per phase, as in the meter of BS.1770-4, annex 2
_MARGIN_DB = 0.5  # for peaks that the meter's filter and the encoder add


def apply_gain(samples: Samples, gain_db: float) -> Samples:
    """Returns samples with the gain applied, attenuated for some milliseconds wherever their true peak would exceed -1 dBTP.

    The gain was chosen from the first pieces; later ones may have higher peaks.
    """
    amplified = samples * np.float32(10 ** (gain_db / 20))
    ceiling = 10 ** ((PEAK_DB - _MARGIN_DB) / 20)
    peaks = find_true_peaks(amplified)
    if peaks.size == 0 or peaks.max() <= ceiling:
        return amplified
    gain = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    # The minimum over a window, then a weighted mean over an equally wide window: low enough at each peak, and smooth around it.
    min_gain = np.lib.stride_tricks.sliding_window_view(np.pad(gain, _REACH, constant_values=1.0), 2 * _REACH + 1).min(axis=1)
    window = np.hanning(2 * _REACH + 3)[1:-1]
    smooth_gain = np.convolve(np.pad(min_gain, _REACH, mode="edge"), window / window.sum(), mode="valid")
    return (amplified * smooth_gain).astype(np.float32)


def find_true_peaks(samples: Samples) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Returns the largest absolute value over all channels at each sample and the three quarter positions after it."""
    peaks = np.abs(samples).max(axis=0, initial=0.0).astype(np.float64)
    for phase in range(1, _OVERSAMPLING):
        for channel in samples:
            interpolated = np.convolve(channel, _interpolator(phase), mode="full")[_TAPS // 2 :][: samples.shape[1]]
            peaks = np.maximum(peaks, np.abs(interpolated[: peaks.size]))
    return peaks


def _interpolator(phase: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Returns a windowed sinc filter for the value `phase` quarters after a sample."""
    distance = np.arange(_TAPS) - _TAPS // 2 + phase / _OVERSAMPLING
    taps = np.sinc(distance) * (0.5 + 0.5 * np.cos(np.pi * distance / (_TAPS // 2 + 1)))
    return taps / taps.sum()
