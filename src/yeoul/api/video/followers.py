"""Counts the open event streams by client address, and watches the database once for all of them."""

from __future__ import annotations

import time
from collections import Counter

from yeoul.base.errors import TooManyRequestsError
from yeoul.catalog.database import ChangeWatch, Database

# What event streams show, and whether their callers may see it.
_TABLES = ("account", "api_token", "run", "session", "task", "video")
_POLL_EVERY_S = 0.05
_MAX_STREAMS = 1000
_MAX_STREAMS_OF_ADDRESS = 100  # a whole lecture hall can share one address
_RETRY_S = 15


class Followers:
    """The open event streams of one process. Its methods may only be called from the event loop."""

    def __init__(self, database: Database, max_streams: int = _MAX_STREAMS, max_streams_of_address: int = _MAX_STREAMS_OF_ADDRESS) -> None:
        """most, max_streams_of_address: the maximum number of open event streams, in all and from one address."""
        self._database = database
        self._most = max_streams
        self._of_address = max_streams_of_address
        self._counts: Counter[str] = Counter()
        self._watch: ChangeWatch | None = None
        self._version = 0
        self._polled_s = 0.0

    def join(self, address: str) -> None:
        """Adds an event stream. Raises TooManyRequestsError if too many are open, UnavailableError if the database cannot be reached."""
        if self._counts.total() >= self._most or self._counts[address] >= self._of_address:
            raise TooManyRequestsError("too many event streams are open; poll the video instead", retry_after_s=_RETRY_S)
        if self._watch is None:
            self._watch = self._database.watch(_TABLES)
        self._counts[address] += 1

    def leave(self, address: str) -> None:
        """Removes an event stream. The last one closes the watch of the database."""
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]
        if not self._counts and self._watch is not None:
            self._watch.close()
            self._watch = None

    def version(self) -> int:
        """Returns a number that grows when an event stream may have news. Raises UnavailableError if the database cannot be reached."""
        now_s = time.monotonic()
        if self._watch is not None and now_s - self._polled_s >= _POLL_EVERY_S:
            self._polled_s = now_s
            self._version += self._watch.poll()
        return self._version
