"""When postponed tasks and events become due."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

LONGEST_S = 600.0  # longest delay of a task or event
LONGEST_FREE_S = 8 * 3600.0  # longest delay of FreeBlobs: players may still use the blobs


def is_due(not_before: ColumnElement[float], now_s: float, longest_s: float = LONGEST_S) -> ColumnElement[bool]:
    """True if `not_before` has passed, or lies further ahead than we ever schedule (the clock was set back)."""
    return or_(not_before <= now_s, not_before > now_s + longest_s)
