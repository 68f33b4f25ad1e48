"""Decides after an attempt to deliver: delivered, retry later, failed, or switch the webhook off. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yeoul.catalog.schema.row.outgoing import WebhookDeliveryRow, WebhookRow
from yeoul.model.webhook import TEST, DisableReason

# Seconds until the next attempt; ten attempts within a day.
DELAYS_S = (10.0, 60.0, 300.0, 1800.0, 3600.0, 7200.0, 14400.0, 28800.0, 28800.0)
OFF_AFTER_S = 3 * 86400.0
_GONE = 410  # RFC 9110, 15.5.11: permanent; a receiver can use it to unsubscribe


@dataclass(frozen=True)
class Verdict:
    """The new state of a delivery and its webhook.

    next_at: time of the next attempt; failing_since: of the webhook; off: the reason if the webhook is switched off.
    """

    state: Literal["delivered", "pending", "failed"]
    next_at: float | None
    failing_since: float | None
    off: DisableReason | None = None


def decide(delivery: WebhookDeliveryRow, webhook: WebhookRow, status: int | None, now_s: float) -> Verdict:
    """Returns the verdict on an attempt. delivery, webhook: the rows before it; status: the HTTP status, None without a response."""
    if status is not None and 200 <= status < 300:
        return Verdict("delivered", None, None)
    if delivery["event"] == TEST or not webhook["active"]:  # not retried: the owner sees the result and can test again
        return Verdict("failed", None, webhook["failing_since"])
    since: float = now_s if webhook["failing_since"] is None else webhook["failing_since"]
    if status == _GONE:
        return Verdict("failed", None, since, "gone")
    attempts: int = delivery["attempts"]
    if attempts < len(DELAYS_S):
        return Verdict("pending", now_s + DELAYS_S[attempts], since)
    return Verdict("failed", None, since, "failing" if now_s - since >= OFF_AFTER_S else None)
