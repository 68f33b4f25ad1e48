"""Tells a loop when a turn is worth its queries: after a commit, or when something has become due."""

from __future__ import annotations

import math

from yeoul.base.clock import Clock
from yeoul.catalog.database import ChangeWatch, Database


class DueTurns:
    """The turns of one thread. Polling it costs no query."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._watch: ChangeWatch | None = None
        self._due_at = -math.inf

    def is_due(self) -> bool:
        """True if anything was committed, or the time of `set_due` has come. Stays true until `set_due`. Raises UnavailableError."""
        if self._watch is None:
            self._watch = self._database.watch()
        if self._watch.poll() or self._clock.now() >= self._due_at:
            self._due_at = -math.inf
        return self._due_at == -math.inf

    def set_due(self, due_at: float | None) -> None:
        """Ends a turn that succeeded, and sets when the next one is due if nothing is committed; None if there is nothing to wait for."""
        self._due_at = math.inf if due_at is None else due_at

    def close(self) -> None:
        """Closes the connection that watches for commits."""
        if self._watch is not None:
            self._watch.close()
            self._watch = None
