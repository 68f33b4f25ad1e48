"""The row of the table in `schema.numbers`."""

from __future__ import annotations

from typing import TypedDict


class SchemaVersionRow(TypedDict):
    """The version of the schema."""

    version: int
    oldest: int
