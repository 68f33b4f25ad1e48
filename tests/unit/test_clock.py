"""Time as users read it, and the clock that tests turn by hand."""

from __future__ import annotations

import time
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.base.clock import Clock, ManualClock, SystemClock, rfc3339


@pytest.mark.parametrize(
    ("at_s", "text"),
    [
        (0, "1970-01-01T00:00:00.000Z"),
        (1_800_000_000.25, "2027-01-15T08:00:00.250Z"),
        (951_782_400, "2000-02-29T00:00:00.000Z"),
        (None, None),
    ],
)
def test_rfc3339(at_s: float | None, text: str | None):
    assert rfc3339(at_s) == text


@given(st.floats(min_value=0, max_value=4_000_000_000))
def test_rfc3339_reads_back_to_the_millisecond(at_s: float):
    text = rfc3339(at_s)
    assert text is not None
    # Milliseconds are cut off, and the float itself carries less than a microsecond of error.
    assert -1e-6 <= at_s - datetime.fromisoformat(text).timestamp() < 0.001001


def test_manual_clock_moves_only_when_told():
    clock = ManualClock(100.0)
    assert (clock.now(), clock.now()) == (100.0, 100.0)
    clock.advance(2.5)
    assert clock.now() == 102.5


def test_system_clock_is_the_machines():
    clock: Clock = SystemClock()
    assert time.time() <= clock.now() <= time.time()
