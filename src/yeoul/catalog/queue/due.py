"""When what was put off comes due."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

LONGEST_S = 600.0  # no task and no event is put off for longer
LONGEST_FREE_S = 8 * 3600.0  # nor is the freeing of blobs, which some may still be watching


def is_due(not_before: ColumnElement[float], now_s: float, longest_s: float = LONGEST_S) -> ColumnElement[bool]:
    """Whether the time has come; also of what lies further ahead than anything is put off, since the clock was set back then."""
    return or_(not_before <= now_s, not_before > now_s + longest_s)
