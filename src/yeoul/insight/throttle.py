"""How much one sender may send: counted in memory, in windows of a minute."""

from __future__ import annotations

import threading

_WINDOW_S = 60.0
_SENDERS = 50_000  # that are told apart within a window; memory stays small whoever comes


class Throttle:
    """Safe to share between threads. limit: what one sender may send within a window."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._began_s = 0.0
        self._counts: dict[str, int] = {}

    def take(self, sender: str, now_s: float) -> float:
        """Count one; how long to wait where that is too much, else 0."""
        with self._lock:
            if not 0 <= now_s - self._began_s < _WINDOW_S or len(self._counts) >= _SENDERS:
                self._began_s = now_s
                self._counts.clear()
            count = self._counts.get(sender, 0)
            if count >= self._limit:
                return self._began_s + _WINDOW_S - now_s
            self._counts[sender] = count + 1
            return 0.0
