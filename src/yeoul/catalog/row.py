"""Small words shared by the statements: typed rows and inserts that tolerate being repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Executable, Select, Table, and_, or_
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]
_CHUNK = 512  # values of one statement; databases have limits


def all_rows(connection: Connection, statement: Executable, values: Mapping[str, Any] | None = None) -> list[Row]:
    """Every row of a query as a mapping from column name to value."""
    return [dict(row) for row in connection.execute(statement, values or {}).mappings().all()]


def first_row(connection: Connection, statement: Executable, values: Mapping[str, Any] | None = None) -> Row | None:
    """The first row of a query, or None."""
    row = connection.execute(statement, values or {}).mappings().first()
    return None if row is None else dict(row)


def older_than(statement: Select[Any], table: Table, before: tuple[float, str] | None, limit: int) -> Select[Any]:
    """A page of a table with created_at and id, newest first; `before` is (created_at, id) of the last row that was seen."""
    newest = statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    if before is None:
        return newest
    created_at, row_id = before
    return newest.where(or_(table.c.created_at < created_at, and_(table.c.created_at == created_at, table.c.id < row_id)))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows and leave those alone whose primary or unique key exists already; how many were new."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, dict(row)).rowcount for row in rows)


def insert_all_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """The same in one statement, for when nobody asks how many were new."""
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def in_chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Values for some statements, in order, so that all who lock rows by them lock them in this order.

    The last is repeated up to a power of two: there are few statements then, which databases have planned before.
    """
    found = sorted(set(values))
    for start in range(0, len(found), _CHUNK):
        chunk = found[start : start + _CHUNK]
        yield chunk + chunk[-1:] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))
