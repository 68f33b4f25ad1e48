"""Receives signals without polling: a process waits for a descriptor that each signal makes readable."""

from __future__ import annotations

import os
import select
import signal
from contextlib import suppress

_READ_BYTES = 4096


class SignalPipe:
    """Receives some signals for a whole process. Made in the main thread, once in a process.

    A SIGCHLD only makes the descriptor readable; every other signal also sets `stop_requested`.
    """

    def __init__(self, *numbers: signal.Signals) -> None:
        self.stop_requested = False
        self._reader, writer = os.pipe()
        for descriptor in (self._reader, writer):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
        for number in numbers:
            signal.signal(number, self._handle)

    def _handle(self, number: int, _frame: object) -> None:
        self.stop_requested = self.stop_requested or number != signal.SIGCHLD

    def fileno(self) -> int:
        """Returns a descriptor that is readable after a signal, until `drain`."""
        return self._reader

    def drain(self) -> None:
        """Makes the descriptor unreadable until the next signal."""
        with suppress(BlockingIOError):
            os.read(self._reader, _READ_BYTES)

    def wait(self) -> None:
        """Waits until a signal arrives. Returns at once if one has arrived since the last call."""
        select.select([self._reader], [], [])
        self.drain()
