"""A limit on bytes per second for all parallel uploads together; the earliest piece goes first."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable


class RateLimit:
    """A token bucket of 50 ms. The caller with the lowest rank goes first, so that playback can start early."""

    def __init__(
        self,
        bytes_per_s: float | None,
        now: Callable[[], float] = time.monotonic,
        wait: Callable[[threading.Condition, float], object] = threading.Condition.wait,
    ) -> None:
        """bytes_per_s: None for no limit; now, wait: replace the clock in tests."""
        self._rate = bytes_per_s
        self._now = now
        self._wait = wait
        self._condition = threading.Condition()
        self._queue: list[tuple[int, int]] = []
        self._serial = 0
        self._free_at_s = now()

    def acquire(self, size_bytes: int, rank: int) -> None:
        """Waits until `size_bytes` may be sent."""
        if self._rate is None:
            return
        with self._condition:
            self._serial += 1
            ticket = (rank, self._serial)
            heapq.heappush(self._queue, ticket)
            while True:
                wait_s = self._free_at_s - self._now()
                if self._queue[0] == ticket and wait_s <= 0:
                    break
                self._wait(self._condition, max(wait_s, 0.001) if self._queue[0] == ticket else 0.05)
            heapq.heappop(self._queue)
            self._free_at_s = max(self._free_at_s, self._now() - 0.05) + size_bytes / self._rate
            self._condition.notify_all()
