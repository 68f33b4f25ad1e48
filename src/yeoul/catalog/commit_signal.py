"""A file by which the processes that share an SQLite database tell each other of commits.

SQLite has no notifications. A process that has committed writes a byte into the file, which wakes those that watch it by inotify(7).
Without inotify, or if a process dies between the two, the others notice the commit when they poll.
"""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

_IN_MODIFY: Final = 0x2
_EVENTS_BYTES: Final = 4096


class CommitSignal:
    """The file of one database. Safe to use by several threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def tell(self) -> None:
        """Wakes those that watch. Does nothing if the file cannot be written."""
        with suppress(OSError):
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            os.pwrite(self._descriptor, b"\n", 0)

    def watch(self) -> int | None:
        """Returns a descriptor that is readable after `tell` in any process; None if this system has none. The caller closes it."""
        if sys.platform != "linux":
            return None
        libc = ctypes.CDLL(None, use_errno=True)
        descriptor = int(libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        if descriptor < 0:
            return None
        with suppress(OSError):
            os.close(os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
            if libc.inotify_add_watch(descriptor, os.fsencode(self._path), _IN_MODIFY) >= 0:
                return descriptor
        os.close(descriptor)
        return None

    def close(self) -> None:
        """Closes the file."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def forget_events(descriptor: int) -> None:
    """Reads the events of a descriptor that `watch` returned, so that it is readable again only after the next commit."""
    with suppress(BlockingIOError):
        while len(os.read(descriptor, _EVENTS_BYTES)) == _EVENTS_BYTES:
            pass
