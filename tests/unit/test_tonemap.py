"""HDR to SDR at known points: black, reference white, peak, greys in order, hues kept, and a table that ffmpeg's reader takes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yeoul.media.video.tonemap import make_lut, to_sdr
from yeoul.model.source import TimeBase, VideoTrack

PQ, HLG = "smpte2084", "arib-std-b67"
TRANSFERS = [PQ, HLG, "bt2020-10"]


def grey(*signal: float) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([[value] * 3 for value in signal], np.float64)


def pq_signal(nits: float) -> float:
    """SMPTE ST 2084, equation 5.2."""
    power = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hable(x: float) -> float:
    return (x * (0.15 * x + 0.05) + 0.004) / (x * (0.15 * x + 0.5) + 0.06) - 0.02 / 0.30


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_black_stays_black(transfer: str) -> None:
    assert to_sdr(grey(0), transfer).max() < 0.01


@pytest.mark.parametrize("transfer", TRANSFERS)
def test_greys_stay_grey_and_rise(transfer: str) -> None:
    found = to_sdr(grey(*np.linspace(0, 1, 101)), transfer)
    assert np.ptp(found, axis=-1).max() < 0.001
    assert (np.diff(found[:, 0]) >= -1e-9).all()


def test_a_thousand_nits_are_white() -> None:
    assert to_sdr(grey(pq_signal(1000)), PQ)[0, 0] == pytest.approx(1.0, abs=0.001)
    assert to_sdr(grey(pq_signal(990)), PQ)[0, 0] < 1.0
    assert to_sdr(grey(1.0), HLG)[0, 0] == pytest.approx(1.0, abs=0.001)
    assert to_sdr(grey(1.0), PQ)[0, 0] == 1.0


@pytest.mark.parametrize("nits", [1.0, 10.0, 100.0, 203.0, 600.0])
def test_pq_is_hable_of_its_nits(nits: float) -> None:
    """As BT.1886 shows it: the display's light is the curve's value."""
    assert to_sdr(grey(pq_signal(nits)), PQ)[0, 0] ** 2.4 == pytest.approx(hable(nits / 203) / hable(1000 / 203), rel=1e-3)


def test_reference_white_is_the_same_in_both() -> None:
    """ITU-R BT.2408, table 1: HDR reference white is 58 % PQ and 75 % HLG, 203 nits on a display of 1,000."""
    pq, hlg = to_sdr(grey(0.58), PQ)[0, 0], to_sdr(grey(0.75), HLG)[0, 0]
    assert pq == pytest.approx(hlg, abs=0.01)
    assert 0.5 < pq < 0.75


def test_wide_gamut_sdr_keeps_its_greys() -> None:
    assert to_sdr(grey(0.1, 0.5, 0.9), "bt2020-10") == pytest.approx(grey(0.1, 0.5, 0.9), abs=1e-4)


def test_colours_of_bt709_come_back() -> None:
    """BT.709's red has these BT.2020 components (ITU-R BT.2087)."""
    red = np.array([[0.6274, 0.0691, 0.0164]]) ** (1 / 2.4)
    assert to_sdr(red, "bt2020-10") == pytest.approx(np.array([[1.0, 0.0, 0.0]]), abs=0.05)


@given(arrays(np.float64, (4, 3), elements=st.floats(0, 1)), st.sampled_from(TRANSFERS))
def test_any_colour_is_a_colour(colours: np.ndarray[Any, np.dtype[np.float64]], transfer: str) -> None:
    found = to_sdr(colours, transfer)
    assert np.isfinite(found).all() and (found >= 0).all() and (found <= 1).all()


def test_the_table_is_a_cube_with_red_fastest() -> None:
    track = VideoTrack(codec="hevc", width=64, height=64, time_base=TimeBase(num=1, den=600), colour_transfer=PQ, frame_rate=30)
    head, *rows = make_lut(track).splitlines()
    assert head == "LUT_3D_SIZE 33"
    values = np.array([row.split() for row in rows], np.float64)
    assert values.shape == (33**3, 3)
    steps = np.array([[16, 4, 9]]) / 32
    assert values[16 + 33 * 4 + 33 * 33 * 9] == pytest.approx(to_sdr(steps, PQ)[0], abs=1e-6)
