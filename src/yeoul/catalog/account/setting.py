"""Settings that were changed while the server runs; all others are in its files."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.people import setting


def changed(connection: Connection) -> dict[str, Any]:
    """Values by name, as section.field."""
    return {row["name"]: row["value"] for row in all_rows(connection, select(setting))}


def change(connection: Connection, name: str, value: Any) -> None:
    """Set one."""
    connection.execute(delete(setting).where(setting.c.name == name))
    connection.execute(insert(setting).values(name=name, value=value))


def reset(connection: Connection, name: str) -> None:
    """Go back to what the server was started with."""
    connection.execute(delete(setting).where(setting.c.name == name))
