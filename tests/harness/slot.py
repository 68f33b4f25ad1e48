"""Places for tests that encode or drive a browser. All workers of a run share them, so that the run does not overload its own machine."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_ASK_EVERY_S = 0.05


@contextmanager
def take_slot(folder: Path, slots: int) -> Iterator[None]:
    """Waits for one of the slots and holds it. The kernel frees the slot of a process that dies."""
    descriptor = _wait_for_slot(folder, slots)
    try:
        yield
    finally:
        os.close(descriptor)


def _wait_for_slot(folder: Path, slots: int) -> int:
    while True:
        for index in range(slots):
            descriptor = os.open(folder / f"slot{index}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                return descriptor
        time.sleep(_ASK_EVERY_S)
