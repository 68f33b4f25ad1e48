"""Who follows videos by event streams: how many, from where, and one watch of the database for all of them."""

from __future__ import annotations

import time
from collections import Counter

from yeoul.base.errors import TooManyRequestsError
from yeoul.catalog.database import ChangeWatch, Database

_POLL_EVERY_S = 0.05
_MOST = 1000
_OF_ADDRESS = 100  # a lecture hall behind one address
_RETRY_S = 15


class Followers:
    """Belongs to the event loop of one process: none of its methods may be called from a thread."""

    def __init__(self, database: Database, most: int = _MOST, of_address: int = _OF_ADDRESS) -> None:
        """most, of_address: event streams of this process at a time, in all and from one address."""
        self._database = database
        self._most = most
        self._of_address = of_address
        self._counts: Counter[str] = Counter()
        self._watch: ChangeWatch | None = None
        self._version = 0
        self._polled_s = 0.0

    def join(self, address: str) -> None:
        """Count one more. Raises TooManyRequestsError where there are too many; UnavailableError without a database."""
        if self._counts.total() >= self._most or self._counts[address] >= self._of_address:
            raise TooManyRequestsError("too many event streams are open; ask for the video now and then", retry_after_s=_RETRY_S)
        if self._watch is None:
            self._watch = self._database.watch()
        self._counts[address] += 1

    def leave(self, address: str) -> None:
        """Count one less. The last one closes the watch."""
        self._counts[address] -= 1
        if self._counts[address] <= 0:
            del self._counts[address]
        if not self._counts and self._watch is not None:
            self._watch.close()
            self._watch = None

    def version(self) -> int:
        """Returns a number that grows when something was committed. Raises UnavailableError."""
        now_s = time.monotonic()
        if self._watch is not None and now_s - self._polled_s >= _POLL_EVERY_S:
            self._polled_s = now_s
            self._version += self._watch.poll()
        return self._version
