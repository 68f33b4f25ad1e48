"""How much slower this machine is than two quiet cores. Limits of time in tests are multiplied by it: they end hangs, not slow tests."""

from __future__ import annotations

import os
import subprocess
import sys

VARIABLE = "YEOUL_TEST_SLOWNESS"
# A test at work is about as many busy processes as this: a server, an encoder, a browser.
_PROCESSES = 3
_LOOP = "import time; began = time.monotonic(); n = 0\nfor i in range(2_000_000): n += i * i % 7\nprint(time.monotonic() - began)"
# What the loops take side by side on two quiet cores of the machine that the limits were chosen on.
_QUIET_S = 0.54
# A moment of stillness at the start must not let a hang last for hours.
_MOST = 10.0


def measure_slowness() -> float:
    """Returns how many times longer than on two quiet cores work takes now, from 1 to 10. Takes about half a second there."""
    loops = [subprocess.Popen([sys.executable, "-I", "-S", "-c", _LOOP], stdout=subprocess.PIPE) for _ in range(_PROCESSES)]
    slowest = max(float(loop.communicate()[0]) for loop in loops)
    return min(_MOST, max(1.0, slowest / _QUIET_S))


def slowness() -> float:
    """Returns the slowness measured at the start of this test run; 1 where none was measured."""
    return float(os.environ.get(VARIABLE, "1"))


def patience_s(quiet_s: float = 90.0) -> float:
    """Returns how long to wait for an event that takes less than quiet_s on a quiet machine."""
    return quiet_s * slowness()
