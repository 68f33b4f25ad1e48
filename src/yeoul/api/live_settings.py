"""Settings that an admin may change while the server runs: what it was started with, and what was changed since."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from yeoul.api.deps import Parts
from yeoul.base.errors import InvalidError
from yeoul.base.settings import LIVE_SETTINGS, AccountSettings
from yeoul.catalog import setting


def read_account_settings(parts: Parts) -> AccountSettings:
    """Settings of accounts as they are now."""
    with parts.database.read() as connection:
        return overlay(parts.settings.account, setting.changed(connection))


def overlay(started: AccountSettings, changed: Mapping[str, Any]) -> AccountSettings:
    """The settings with changes on top, by name as section.field. Raises InvalidError for a value that does not fit."""
    known = {name.partition(".")[2]: value for name, value in changed.items() if name in LIVE_SETTINGS}
    try:
        return AccountSettings.model_validate({**started.model_dump(), **known}, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        field = f"account.{'.'.join(str(part) for part in first['loc'])}"
        raise InvalidError(f"setting {field}: {first['msg']}", field=field) from error
