"""A rate limit per sender, counted in memory in windows of one minute."""

from __future__ import annotations

import threading

_WINDOW_S = 60.0
_MAX_SENDERS = 50_000  # per window, to limit memory


class Throttle:
    """A thread-safe rate limit. limit: requests of one sender per window."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._started_s = 0.0
        self._counts: dict[str, int] = {}

    def count_request(self, sender: str, now_s: float) -> float:
        """Counts one request; returns 0 if it is allowed, else the seconds to wait."""
        with self._lock:
            if not 0 <= now_s - self._started_s < _WINDOW_S or len(self._counts) >= _MAX_SENDERS:
                self._started_s = now_s
                self._counts.clear()
            count = self._counts.get(sender, 0)
            if count >= self._limit:
                return self._started_s + _WINDOW_S - now_s
            self._counts[sender] = count + 1
            return 0.0
