"""Computes a table for tone mapping from HDR (PQ, HLG) and wide gamut to BT.709, which ffmpeg's `lut3d` applies; pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from yeoul.model.source import VideoTrack

Colours = NDArray[np.float64]

_SIZE = 33  # points on each axis, as in studios; 65 would need eight times the CPU time for every piece
_WHITE_NITS = 203.0  # HDR reference white, ITU-R BT.2408
_PEAK = 1000.0 / _WHITE_NITS  # peak of the source in units of reference white: HLG's nominal peak, and the usual mastering of HDR10
_LUMA_2020 = np.array([0.2627, 0.6780, 0.0593])
# Linear BT.2020 to BT.709, ITU-R BT.2087.
_TO_709 = np.array([[1.660491, -0.587641, -0.072850], [-0.124550, 1.132900, -0.008349], [-0.018151, -0.100579, 1.118730]])


def make_lut(track: VideoTrack) -> str:
    """Returns the table as a .cube file that maps non-linear source RGB to non-linear BT.709 RGB, both 0..1."""
    axis = np.linspace(0.0, 1.0, _SIZE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")  # red changes fastest
    colours = to_sdr(np.stack((red, green, blue), axis=-1).reshape(-1, 3), track.colour_transfer)
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in colours.tolist())
    return f"LUT_3D_SIZE {_SIZE}\n{rows}\n"


def to_sdr(colours: Colours, transfer: str | None) -> Colours:
    """Converts non-linear BT.2020 colours (..., 3) to non-linear BT.709 for an SDR display (BT.1886)."""
    linear = np.clip(_linear(colours, transfer) @ _TO_709.T, 0.0, None)
    if transfer in ("smpte2084", "arib-std-b67"):
        linear = _compress(linear)
    return np.clip(linear, 0.0, 1.0) ** (1 / 2.4)


def _linear(colours: Colours, transfer: str | None) -> Colours:
    """Returns display light in units of reference white."""
    if transfer == "smpte2084":
        return _pq(colours) / _WHITE_NITS
    if transfer == "arib-std-b67":
        return _hlg(colours) * _PEAK
    return colours**2.4


def _pq(signal: Colours) -> Colours:
    """Returns display light in nits (SMPTE ST 2084, equation 4.1)."""
    m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
    power = signal ** (1 / m2)
    return 10_000.0 * (np.clip(power - c1, 0.0, None) / (c2 - c3 * power)) ** (1 / m1)


def _hlg(signal: Colours) -> Colours:
    """Returns display light 0..1 of a 1,000 nit display: inverse OETF, then the OOTF with system gamma 1.2 (ITU-R BT.2100, table 5)."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene * ((scene @ _LUMA_2020) ** 0.2)[..., np.newaxis]


def _compress(linear: Colours) -> Colours:
    """Applies Hable's filmic curve to the largest component, to preserve the hue; `_PEAK` becomes white."""
    brightest = np.maximum(linear.max(axis=-1, keepdims=True), 1e-6)
    return linear * (_hable(brightest) / _hable(np.array(_PEAK)) / brightest)


def _hable(x: Colours) -> Colours:
    """Returns Hable's filmic curve (J. Hable, "Uncharted 2: HDR Lighting", GDC 2010)."""
    a, b, c, d, e, f = 0.15, 0.50, 0.10, 0.20, 0.02, 0.30
    return (x * (x * a + b * c) + d * e) / (x * (x * a + b) + d * f) - e / f
