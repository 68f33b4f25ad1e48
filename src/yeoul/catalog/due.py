"""When what was put off comes due."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_

LONGEST_S = 600.0  # nothing is put off for longer


def is_due(not_before: ColumnElement[float], now_s: float) -> ColumnElement[bool]:
    """Whether the time has come; also of what lies further ahead than anything is put off, since the clock was set back then."""
    return or_(not_before <= now_s, not_before > now_s + LONGEST_S)
