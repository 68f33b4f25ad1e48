"""Parts that queries share: rows as mappings, pages, and inserts that can be repeated."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Executable, Select, Table, and_, or_
from sqlalchemy.dialects import postgresql, sqlite

RowType = TypeVar("RowType", bound=Mapping[str, Any])
_CHUNK = 512  # values in one statement; databases limit their number


def all_rows(connection: Connection, statement: Executable, row_type: type[RowType]) -> list[RowType]:  # noqa: ARG001 (for type checkers)
    """Returns all rows of a query as mappings from column name to value.

    row_type: the TypedDict of the selected columns. The rows are plain dicts and are not compared with it; `tests/unit/test_rows.py`
    compares the types of whole tables with the schema.
    """
    return cast("list[RowType]", [dict(row) for row in connection.execute(statement).mappings().all()])


def first_row(connection: Connection, statement: Executable, row_type: type[RowType]) -> RowType | None:  # noqa: ARG001 (for type checkers)
    """Returns the first row of a query, typed like those of `all_rows`; None if there is none."""
    row = connection.execute(statement).mappings().first()
    return None if row is None else cast("RowType", dict(row))


def older_than(statement: Select[Any], table: Table, before: tuple[float, str] | None, limit: int) -> Select[Any]:
    """Limits a query to one page, newest first. The table has created_at and id.

    before: (created_at, id) of the last row of the previous page.
    """
    newest = statement.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit)
    if before is None:
        return newest
    created_at, row_id = before
    return newest.where(or_(table.c.created_at < created_at, and_(table.c.created_at == created_at, table.c.id < row_id)))


def insert_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Inserts rows, skips those whose primary or unique key exists, and returns how many were new."""
    if not rows:
        return 0
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing().execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, dict(row)).rowcount for row in rows)


def insert_all_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows in one statement and skips those whose primary or unique key exists."""
    if rows:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(table).on_conflict_do_nothing(), [dict(row) for row in rows])


def in_chunks(values: Collection[str]) -> Iterator[list[str]]:
    """Yields the distinct values in sorted chunks, so that all transactions lock rows in the same order.

    The last value is repeated until the length of the chunk is a power of two, so that there are few different statements and the
    database can reuse their plans.
    """
    unique_values = sorted(set(values))
    for start in range(0, len(unique_values), _CHUNK):
        chunk = unique_values[start : start + _CHUNK]
        yield chunk + chunk[-1:] * ((1 << (len(chunk) - 1).bit_length()) - len(chunk))
