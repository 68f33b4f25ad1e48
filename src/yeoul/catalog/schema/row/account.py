"""Rows of the tables in `schema.people`."""

from __future__ import annotations

from typing import Any, TypedDict


class AccountRow(TypedDict):
    """An account."""

    id: str
    handle: str
    email: str
    password_hash: str
    role: str
    created_at: float
    pipeline: str | None
    display_name: str
    bio: str
    language: str | None
    avatar: str | None
    pending_email: str | None
    confirmed_at: float | None
    disabled_at: float | None
    quota_bytes: int | None
    used_bytes: int
    keep_history: bool


class AvatarRow(TypedDict):
    """The avatar of an account."""

    account_id: str
    jpeg: bytes


class SessionRow(TypedDict):
    """A login session."""

    token_hash: str
    account_id: str
    created_at: float
    expires_at: float
    id: str
    last_seen_at: float
    user_agent: str
    ip: str


class ApiTokenRow(TypedDict):
    """An API token."""

    token_hash: str
    id: str
    account_id: str
    name: str
    scopes: list[str]
    created_at: float
    expires_at: float | None
    last_used_at: float | None


class GuessRow(TypedDict):
    """The recent attempts of a key, and until when further attempts are rejected."""

    key: str
    count: int
    blocked_until: float
    updated_at: float


class UsageRow(TypedDict):
    """The bytes that a video uses."""

    video_id: str
    account_id: str
    original_bytes: int
    encoded_bytes: int
    temp_bytes: int


class SettingRow(TypedDict):
    """A setting that was changed while the server ran."""

    name: str
    value: Any


class AuditRow(TypedDict):
    """An entry of the audit log."""

    id: str
    created_at: float
    actor_id: str
    actor_handle: str
    action: str
    target: str
    detail: dict[str, Any]
