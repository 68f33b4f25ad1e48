"""Small words shared by the statements: typed rows and inserts that tolerate being repeated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Table
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


def all_rows(connection: Connection, statement: Executable, values: Mapping[str, Any] | None = None) -> list[Row]:
    """Every row of a query as a mapping from column name to value."""
    return [dict(row) for row in connection.execute(statement, values or {}).mappings()]


def first_row(connection: Connection, statement: Executable, values: Mapping[str, Any] | None = None) -> Row | None:
    """The first row of a query, or None."""
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows and leave those alone whose primary or unique key exists already; how many were new."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, dict(row)).rowcount for row in rows)
