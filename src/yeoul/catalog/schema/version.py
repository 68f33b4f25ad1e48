"""The table of the schema version (`catalog.version`); it has one row."""

from __future__ import annotations

from sqlalchemy import Column, Integer, Table

from yeoul.catalog.schema.base import metadata

schema_version = Table(
    "schema_version",
    metadata,
    Column("version", Integer, nullable=False),
    Column("oldest", Integer, nullable=False),
)
