"""Sound with what real sound has: tones that change, noise in bursts and pauses, another line in each channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_NOTE_S = 0.23
_SCALE = (131, 147, 165, 196, 220, 262, 294, 330, 392, 440, 523, 587)


def make_sound(rate: int, channels: int, samples: int, seed: int, peak: int = 24_000) -> NDArray[np.int16]:
    """Samples x channels. No stretch of a tenth of a second is like another, so that lags show."""
    common = _make_line(rate, samples, seed)
    # Six channels that were alike would be louder together than a mix can be.
    shared, own = (0.7, 0.3) if channels < 6 else (0.3, 0.7)
    lines = [shared * common + own * _make_line(rate, samples, seed * 100 + channel + 1) for channel in range(channels)]
    if channels == 6:
        lines[3] = _smooth(lines[3], rate // 150)  # the channel of low frequencies
    return np.round(np.stack(lines, axis=1) * peak).astype(np.int16)


def _make_line(rate: int, samples: int, seed: int) -> NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    length = round(_NOTE_S * rate)
    notes = [_make_note(rng, rate, length) for _ in range(-(-samples // length))]
    line = np.concatenate([*notes, np.zeros(length)])[:samples]
    return np.clip(line, -1, 1)


def _make_note(rng: np.random.Generator, rate: int, length: int) -> NDArray[np.float64]:
    """A tone with three harmonics and a burst of noise; each begins and ends at its own moment."""
    time = np.arange(length) / rate
    hertz = float(rng.choice(_SCALE)) * float(rng.choice((1.0, 1.0, 2.0)))
    bend = 1 + 0.03 * float(rng.standard_normal()) * time
    tone = sum(np.sin(2 * np.pi * hertz * part * bend * time + part) / part**1.3 for part in (1, 2, 3, 4))
    swell = np.minimum(1, time * 150) * np.exp(-time * 14)
    burst = _smooth(rng.standard_normal(length), 8) * np.roll(swell, int(rng.integers(0, length // 2)))
    rise = np.minimum(1, time * 80) * np.minimum(1, (time[-1] - time) * 80)
    return rise * (0.16 * float(rng.uniform(0.4, 1.4)) * tone + 0.5 * burst)


def _smooth(line: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    return np.convolve(line, np.ones(width) / width, "same")
