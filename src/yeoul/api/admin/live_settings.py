"""Settings that an admin may change while the server runs: what it was started with, and what was changed since."""

from __future__ import annotations

from yeoul.api.deps import Parts
from yeoul.base.settings import AccountSettings, Settings, overlay
from yeoul.catalog.account import setting


def read_account_settings(parts: Parts) -> AccountSettings:
    """Settings of accounts as they are now."""
    return read_settings(parts).account


def read_settings(parts: Parts) -> Settings:
    """All settings as they are now."""
    with parts.database.read() as connection:
        return overlay(parts.settings, setting.changed(connection))
