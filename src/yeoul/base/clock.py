"""Clocks: pure functions take the time in seconds, services take a `Clock`."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of the current time, in seconds since 1970 (UTC)."""

    def now(self) -> float: ...


class SystemClock:
    """The operating system's clock."""

    def now(self) -> float:
        return time.time()


class ManualClock:
    """A clock for tests that moves only by `advance`."""

    def __init__(self, start_s: float = 1_800_000_000.0) -> None:
        self._now_s = start_s

    def now(self) -> float:
        return self._now_s

    def advance(self, seconds: float) -> None:
        self._now_s += seconds


def rfc3339(at_s: float | None) -> str | None:
    """Returns a time (seconds since 1970) as RFC 3339 in UTC with milliseconds; None for None."""
    if at_s is None:
        return None
    return datetime.fromtimestamp(at_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
