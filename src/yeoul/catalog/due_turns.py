"""Tells a loop when a turn is worth its queries: after a commit, or when something has become due."""

from __future__ import annotations

import math
import os
import select
import time
from collections.abc import Collection
from contextlib import suppress

from yeoul.base.clock import Clock
from yeoul.catalog.database import ChangeWatch, Database

_PAUSE_S = 0.5  # between two turns: commits of a busy server share one
_READ_BYTES = 64


class DueTurns:
    """The turns of one thread. Polling and waiting cost no query."""

    def __init__(self, database: Database, clock: Clock, tables: Collection[str]) -> None:
        """tables: a change of one of them can make a turn due."""
        self._database = database
        self._clock = clock
        self._tables = tables
        self._watch: ChangeWatch | None = None
        self._due_at = -math.inf
        self._turned_s = -math.inf  # by the monotonic clock
        self._woken, self._waker = os.pipe()
        for descriptor in (self._woken, self._waker):
            os.set_blocking(descriptor, False)

    def is_due(self) -> bool:
        """True if anything was committed, or the time of `set_due` has come. Stays true until `set_due`. Raises UnavailableError."""
        if self._watch is None:
            self._watch = self._database.watch(self._tables)
        if self._watch.poll() or self._clock.now() >= self._due_at:
            self._due_at = -math.inf
            self._turned_s = time.monotonic()
        return self._due_at == -math.inf

    def set_due(self, due_at: float | None) -> None:
        """Ends a turn that succeeded, and sets when the next one is due if nothing is committed; None if there is nothing to wait for."""
        self._due_at = math.inf if due_at is None else due_at

    def wait(self) -> None:
        """Waits until `is_due` may be true, and until half a second after the last turn. Returns early if `wake` is called."""
        pause_s = self._turned_s + _PAUSE_S - time.monotonic()
        if pause_s > 0 and self._select([], pause_s):
            return
        if self._due_at == -math.inf or self._watch is None:
            self._select([], _PAUSE_S - max(0.0, pause_s))
            return
        commits = self._watch.fileno()
        left_s = max(0.0, self._due_at - self._clock.now())
        self._select([] if commits is None else [commits], min(left_s, self._watch.poll_every_s))

    def _select(self, descriptors: list[int], timeout_s: float) -> bool:
        """Waits for a descriptor or `wake`; True after `wake`."""
        ready, _, _ = select.select([self._woken, *descriptors], [], [], max(0.0, timeout_s))
        if self._woken in ready:
            os.read(self._woken, _READ_BYTES)
        return self._woken in ready

    def wake(self) -> None:
        """Ends the current or the next `wait`. Any thread may call it."""
        with suppress(BlockingIOError):
            os.write(self._waker, b"\n")

    def close(self) -> None:
        """Closes the connection that watches for commits. No other thread may use the turns any more."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
        for descriptor in (self._woken, self._waker):
            os.close(descriptor)
