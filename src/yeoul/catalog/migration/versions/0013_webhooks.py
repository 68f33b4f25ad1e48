"""Webhooks and their deliveries; accounts by how they begin, and the audit log by who and what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    _webhooks()
    for column in ("actor_handle", "action", "target"):
        op.create_index(f"audit_{column.removesuffix('_handle')}", "audit", [column, "created_at", "id"])
    if op.get_bind().dialect.name == "postgresql":  # ordered by code point, as SQLite's are
        for column in ("handle", "email"):
            op.execute(f'ALTER TABLE account ALTER COLUMN {column} TYPE TEXT COLLATE "C"')


def _webhooks() -> None:
    op.create_table(
        "webhook",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("events", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("off_reason", sa.Text()),
        sa.Column("failing_since", sa.Float()),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    op.create_index("webhook_account", "webhook", ["account_id", "created_at", "id"])
    op.create_table(
        "webhook_delivery",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("webhook_id", sa.Text(), sa.ForeignKey("webhook.id", ondelete="CASCADE"), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("duration_s", sa.Float()),
        sa.Column("attempted_at", sa.Float()),
        sa.Column("next_at", sa.Float()),
        sa.Column("created_at", sa.Float(), nullable=False),
    )
    pending = sa.text("next_at IS NOT NULL")
    op.create_index("webhook_delivery_new", "webhook_delivery", ["webhook_id", "created_at", "id"])
    op.create_index("webhook_delivery_due", "webhook_delivery", ["next_at"], sqlite_where=pending, postgresql_where=pending)
    op.create_index("webhook_delivery_age", "webhook_delivery", ["created_at"])
