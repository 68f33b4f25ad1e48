"""Accounts with what opens them and what they may do, settings at run time, and the log of what was changed."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, text, true

from yeoul.catalog.schema.base import Plain, metadata

_IS_CONFIRMED = text("confirmed_at IS NOT NULL")

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Plain, nullable=False, unique=True),
    Column("email", Plain, nullable=False),  # unique among those that are confirmed
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("pipeline", Text),  # of uploads that name none
    Column("display_name", Text, nullable=False, server_default=""),  # empty: the handle
    Column("bio", Text, nullable=False, server_default=""),
    Column("language", Text),  # of mails and pages; null: as the browser says
    Column("avatar", Text),  # digest of its picture, which is a row of `avatar`
    Column("pending_email", Text),  # the address that becomes `email` when it is confirmed
    Column("confirmed_at", Float),  # when `email` was last shown to be the owner's
    Column("disabled_at", Float),
    Column("quota_bytes", BigInteger),  # null: as the settings say
    Column("used_bytes", BigInteger, nullable=False, server_default="0"),  # the sum of its rows of `usage`
    Column("keep_history", Boolean, nullable=False, server_default=true()),  # whether it wants to find again what it watched
    Index("account_age", "created_at", "id"),
    Index("account_used", "used_bytes"),
    Index("account_email", "email"),
    Index("account_confirmed", "email", unique=True, sqlite_where=_IS_CONFIRMED, postgresql_where=_IS_CONFIRMED),
)

avatar = Table(
    "avatar",
    metadata,
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", Text, primary_key=True),  # SHA-256 of the token: a stolen database opens no door
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("id", Text, nullable=False, server_default=""),  # what its owner calls it by
    Column("last_seen_at", Float, nullable=False, server_default="0"),
    Column("user_agent", Text, nullable=False, server_default=""),
    Column("ip", Text, nullable=False, server_default=""),
    Index("session_id", "id", unique=True),
    Index("session_end", "expires_at"),
    Index("session_account", "account_id", "created_at", "id"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("token_hash", Text, primary_key=True),  # as of sessions
    Column("id", Text, nullable=False, unique=True),
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", JSON, nullable=False),  # [identity.Scope]
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float),
    Column("last_used_at", Float),
    Index("api_token_account", "account_id", "created_at", "id"),
)

guess = Table(
    "guess",
    metadata,
    Column("key", Text, primary_key=True),  # what was guessed at, or from where
    Column("count", Integer, nullable=False),
    Column("blocked_until", Float, nullable=False),
    Column("updated_at", Float, nullable=False, index=True),
)

usage = Table(
    "usage",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("original_bytes", BigInteger, nullable=False),  # as its upload was opened or its pieces declared, whichever is more
    Column("encoded_bytes", BigInteger, nullable=False),  # as the sweeper last found them
    Column("temp_bytes", BigInteger, nullable=False, server_default="0"),  # pieces that the server cut, until the video is made
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),  # section.field, of those that change while the server runs
    Column("value", JSON, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Text, primary_key=True),
    Column("created_at", Float, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("actor_handle", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Index("audit_time", "created_at", "id"),
    Index("audit_actor", "actor_handle", "created_at", "id"),
    Index("audit_action", "action", "created_at", "id"),
    Index("audit_target", "target", "created_at", "id"),
)
