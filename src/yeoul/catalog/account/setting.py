"""Settings that an admin changed while the server runs. They override the configuration of the server."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.account import setting
from yeoul.catalog.schema.row.account import SettingRow


def all_overrides(connection: Connection) -> dict[str, Any]:
    """Returns the changed values by name (section.field)."""
    return {row["name"]: row["value"] for row in all_rows(connection, select(setting), SettingRow)}


def set_override(connection: Connection, name: str, value: Any) -> None:
    """Sets a value."""
    connection.execute(delete(setting).where(setting.c.name == name))
    connection.execute(insert(setting).values(name=name, value=value))


def delete_override(connection: Connection, name: str) -> None:
    """Deletes a changed value, so that the configured one applies again."""
    connection.execute(delete(setting).where(setting.c.name == name))
