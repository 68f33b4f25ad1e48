"""Rows of the tables in `schema.outgoing`."""

from __future__ import annotations

from typing import Any, TypedDict


class OutboxRow(TypedDict):
    """An event in the outbox."""

    id: int
    topic: str
    video_id: str
    payload: dict[str, Any]
    not_before: float
    created_at: float


class WebhookRow(TypedDict):
    """A webhook."""

    id: str
    account_id: str
    url: str
    host: str
    events: list[str]
    active: bool
    off_reason: str | None
    failing_since: float | None
    created_at: float


class WebhookDeliveryRow(TypedDict):
    """A delivery of an event to a webhook."""

    id: str
    webhook_id: str
    event: str
    body: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    duration_s: float | None
    attempted_at: float | None
    next_at: float | None
    created_at: float


class IdempotencyRow(TypedDict):
    """A response kept for repeated requests."""

    account_id: str
    key: str
    request_hash: str
    status: int
    body: str
    created_at: float
