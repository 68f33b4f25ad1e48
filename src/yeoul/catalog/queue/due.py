"""When postponed tasks and events become due."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

MAX_DELAY_S = 600.0  # longest delay of a task or event
MAX_FREE_DELAY_S = 8 * 3600.0  # longest delay of FreeBlobs: players may still use the blobs


def is_due(not_before: ColumnElement[float], now_s: float, max_delay_s: float = MAX_DELAY_S) -> ColumnElement[bool]:
    """True if `not_before` has passed, or lies further ahead than we ever schedule (the clock was set back)."""
    return or_(not_before <= now_s, not_before > now_s + max_delay_s)
