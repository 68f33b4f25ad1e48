"""Bringing the tables up to date."""

from __future__ import annotations

from yeoul.catalog.database import Database
from yeoul.catalog.schema import metadata


def migrate(database: Database) -> None:
    """Make what does not exist."""
    with database.write() as connection:
        metadata.create_all(connection)
