"""What follows from an attempt: done, again later, never again, or the whole webhook off. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from yeoul.model.webhook import TEST, OffReason

Row = Mapping[str, Any]
# Before the next attempt, in seconds: ten attempts within a day.
DELAYS_S = (10.0, 60.0, 300.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 28800.0)
OFF_AFTER_S = 3 * 86400.0
_GONE = 410  # RFC 9110, 15.5.11: likely for good; the way to say that nothing more is wanted


@dataclass(frozen=True)
class Verdict:
    """next_at: of the next attempt; failing_since: of the webhook; off: why it is switched off."""

    state: Literal["delivered", "pending", "failed"]
    next_at: float | None
    failing_since: float | None
    off: OffReason | None = None


def judge(delivery: Row, webhook: Row, status: int | None, now_s: float) -> Verdict:
    """delivery, webhook: before the attempt; status: of the answer, None where there was none."""
    if status is not None and 200 <= status < 300:
        return Verdict("delivered", None, None)
    if delivery["event"] == TEST or not webhook["active"]:  # its owner looks on, and asks again
        return Verdict("failed", None, webhook["failing_since"])
    since: float = now_s if webhook["failing_since"] is None else webhook["failing_since"]
    if status == _GONE:
        return Verdict("failed", None, since, "gone")
    attempts: int = delivery["attempts"]
    if attempts < len(DELAYS_S):
        return Verdict("pending", now_s + DELAYS_S[attempts], since)
    return Verdict("failed", None, since, "failing" if now_s - since >= OFF_AFTER_S else None)
