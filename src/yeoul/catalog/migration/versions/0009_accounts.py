"""What accounts say of themselves, sessions and tokens, what is used, settings that change at run time, and the audit log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    _widen_account()
    _widen_session()
    _add_tables()
    _count_usage()


def _widen_account() -> None:
    for name in ("display_name", "bio"):
        op.add_column("account", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    for name in ("language", "avatar", "pending_email"):
        op.add_column("account", sa.Column(name, sa.Text()))
    for name in ("confirmed_at", "disabled_at"):
        op.add_column("account", sa.Column(name, sa.Float()))
    op.add_column("account", sa.Column("quota_bytes", sa.BigInteger()))
    op.add_column("account", sa.Column("used_bytes", sa.BigInteger(), nullable=False, server_default="0"))
    # Nobody asked those who are here already; a setting that asks must not lock them out.
    op.execute("UPDATE account SET confirmed_at = created_at")
    op.create_index("account_age", "account", ["created_at", "id"])
    op.create_index("account_used", "account", ["used_bytes"])


def _widen_session() -> None:
    for name in ("id", "user_agent", "ip"):
        op.add_column("session", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("session", sa.Column("last_seen_at", sa.Float(), nullable=False, server_default="0"))
    op.execute("UPDATE session SET id = substr(token_hash, 1, 20), last_seen_at = created_at")
    op.create_index("session_id", "session", ["id"], unique=True)
    op.create_index("session_end", "session", ["expires_at"])
    op.create_index("session_account", "session", ["account_id", "created_at", "id"])


def _add_tables() -> None:
    op.create_table(
        "avatar",
        sa.Column("account_id", sa.Text(), sa.ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "api_token",
        sa.Column("token_hash", sa.Text(), primary_key=True),
        sa.Column("id", sa.Text(), nullable=False, unique=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.Column("expires_at", sa.Float()),
        sa.Column("last_used_at", sa.Float()),
    )
    op.create_index("api_token_account", "api_token", ["account_id", "created_at", "id"])
    op.create_table(
        "guess",
        sa.Column("key", sa.Text(), primary_key=True),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("blocked_until", sa.Float(), nullable=False),
        sa.Column("updated_at", sa.Float(), nullable=False),
    )
    op.create_index("ix_guess_updated_at", "guess", ["updated_at"])
    op.create_table(
        "usage",
        sa.Column("video_id", sa.Text(), primary_key=True),
        sa.Column("account_id", sa.Text(), sa.ForeignKey("account.id"), nullable=False),
        sa.Column("original_bytes", sa.BigInteger(), nullable=False),
        sa.Column("encoded_bytes", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "setting",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("value", sa.JSON(), nullable=False),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Text(), primary_key=True),
        sa.Column("created_at", sa.Float(), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("actor_id", "actor_handle", "action", "target")),
        sa.Column("detail", sa.JSON(), nullable=False),
    )
    op.create_index("audit_time", "audit", ["created_at", "id"])


def _count_usage() -> None:
    """What is there already: uploads by their size, segments by theirs; pictures are counted when they are next swept."""
    size = "json_extract(segment, '$.size_bytes')"
    if op.get_bind().dialect.name == "postgresql":
        size = "CAST(segment ->> 'size_bytes' AS BIGINT)"
    op.execute(
        f"""INSERT INTO usage (video_id, account_id, original_bytes, encoded_bytes)
        SELECT video.id, video.owner_id, sent.bytes, COALESCE(made.bytes, 0)
        FROM video JOIN (SELECT video_id, SUM(size_bytes) AS bytes FROM upload WHERE state <> 'expired' GROUP BY video_id) sent
        ON sent.video_id = video.id
        LEFT JOIN (SELECT video_id, SUM({size}) AS bytes FROM segment GROUP BY video_id) made ON made.video_id = video.id
        WHERE video.state <> 'deleted'"""  # noqa: S608 (one of two literals)
    )
    total = "SELECT COALESCE(SUM(original_bytes + encoded_bytes), 0) FROM usage WHERE account_id = account.id"
    op.execute(f"UPDATE account SET used_bytes = ({total})")  # noqa: S608
