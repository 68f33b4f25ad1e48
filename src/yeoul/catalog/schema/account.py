"""Tables of accounts, login sessions, API tokens and storage use, of settings changed at run time, and of the audit log."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, Table, Text, text, true

from yeoul.catalog.schema.base import Plain, metadata

_IS_CONFIRMED = text("confirmed_at IS NOT NULL")

account = Table(
    "account",
    metadata,
    Column("id", Text, primary_key=True),
    Column("handle", Plain, nullable=False, unique=True),
    Column("email", Plain, nullable=False),  # unique among confirmed addresses
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("pipeline", Text),  # default of uploads that name none
    Column("display_name", Text, nullable=False, server_default=""),  # empty: the handle is shown
    Column("bio", Text, nullable=False, server_default=""),
    Column("language", Text),  # of e-mails and pages; null: the browser's language
    Column("avatar", Text),  # digest of the picture in table `avatar`
    Column("pending_email", Text),  # the address that becomes `email` when it is confirmed
    Column("confirmed_at", Float),  # when the owner last confirmed `email`
    Column("disabled_at", Float),
    Column("quota_bytes", BigInteger),  # null: the default in the settings
    Column("used_bytes", BigInteger, nullable=False, server_default="0"),  # sum of the account's rows in `usage`
    Column("keep_history", Boolean, nullable=False, server_default=true()),  # whether the watch history is recorded
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
    Column("token_hash", Text, primary_key=True),  # SHA-256 of the token, so that a stolen database holds no usable token
    Column("account_id", Text, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("expires_at", Float, nullable=False),
    Column("id", Text, nullable=False, server_default=""),  # the id in the API
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
    Column("token_hash", Text, primary_key=True),  # SHA-256, as for sessions
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
    Column("key", Text, primary_key=True),  # the target of the attempts, or the address that they came from
    Column("count", Integer, nullable=False),
    Column("blocked_until", Float, nullable=False),
    Column("updated_at", Float, nullable=False, index=True),
)

usage = Table(
    "usage",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("account_id", Text, ForeignKey("account.id"), nullable=False),
    Column("original_bytes", BigInteger, nullable=False),  # size of the opened upload or of its declared pieces, whichever is larger
    Column("encoded_bytes", BigInteger, nullable=False),  # as last measured by the sweeper
    Column("temp_bytes", BigInteger, nullable=False, server_default="0"),  # pieces that the server split off, until the video is ready
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),  # section.field of a setting that can change while the server runs
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
