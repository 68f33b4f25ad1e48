"""Tables of work that follows a commit: the outbox, webhooks and their deliveries, responses kept for repeated requests."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, text

from yeoul.catalog.schema.base import Serial, metadata

_IS_PENDING = text("next_at IS NOT NULL")

outbox = Table(
    "outbox",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("topic", Text, nullable=False),
    Column("video_id", Text, nullable=False),
    Column("payload", JSON, nullable=False),
    Column("not_before", Float, nullable=False),
    Column("created_at", Float, nullable=False),
)

webhook = Table(
    "webhook",
    metadata,
    Column("id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("host", Text, nullable=False),  # host of the URL; the sender limits concurrent deliveries per host
    Column("events", JSON, nullable=False),  # [event]
    Column("active", Boolean, nullable=False),
    Column("off_reason", Text),  # gone | failing; null unless the sender switched it off
    Column("failing_since", Float),  # no delivery has succeeded since
    Column("created_at", Float, nullable=False),
    Index("webhook_account", "account_id", "created_at", "id"),
)

webhook_delivery = Table(
    "webhook_delivery",
    metadata,
    Column("id", Text, primary_key=True),
    Column("webhook_id", Text, ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
    Column("event", Text, nullable=False),
    Column("body", Text, nullable=False),  # JSON as signed and sent
    Column("state", Text, nullable=False),  # pending | delivered | failed
    Column("attempts", Integer, nullable=False),
    Column("status", Integer),  # HTTP status of the last response
    Column("error", Text),  # why there was no response
    Column("duration_s", Float),
    Column("attempted_at", Float),
    Column("next_at", Float),  # null: no further attempt
    Column("created_at", Float, nullable=False),
    Index("webhook_delivery_new", "webhook_id", "created_at", "id"),
    Index("webhook_delivery_due", "next_at", sqlite_where=_IS_PENDING, postgresql_where=_IS_PENDING),
    Index("webhook_delivery_age", "created_at"),
)

idempotency = Table(
    "idempotency",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Float, nullable=False),
)
