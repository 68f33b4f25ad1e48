"""A wall clock that jumps: where this folder is on PYTHONPATH, Python's own `time.time` is off by the seconds in a file.

No machine lets its clock be set for one process tree alone. Python imports this at its start; Yeoul reads no other wall clock.
"""

import os
import time
from pathlib import Path

_FILE = os.environ.get("SHIFTED_CLOCK")


def _shift(path: Path) -> None:
    real = time.time

    def now() -> float:
        return real() + float(path.read_text())

    time.time = now


if _FILE:
    _shift(Path(_FILE))
