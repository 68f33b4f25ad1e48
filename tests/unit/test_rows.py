"""The row types have the columns of their tables, so that a query's declared type is what the database returns."""

from __future__ import annotations

from types import ModuleType, NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

import pytest
from sqlalchemy import JSON, Column, Table

from yeoul.catalog.schema.base import metadata
from yeoul.catalog.schema.row import account, outgoing, pipeline, playback, version, videos

MODULES = (account, outgoing, pipeline, playback, version, videos)


def _row_types(module: ModuleType) -> dict[str, type]:
    return {name: value for name, value in vars(module).items() if is_typeddict(value)}


ROW_TYPES = {name: row_type for module in MODULES for name, row_type in _row_types(module).items()}


def _type_name(table: Table) -> str:
    return "".join(word.capitalize() for word in table.name.split("_")) + "Row"


def _split(hint: Any) -> tuple[Any, bool]:
    """Returns (type without None, whether None was allowed)."""
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    members = [member for member in get_args(hint) if member is not NoneType]
    assert len(members) == 1
    return members[0], True


def _check(column: Column[Any], hint: Any) -> None:
    python_type, is_nullable = _split(hint)
    if python_type is Any:
        assert isinstance(column.type, JSON)
        return
    assert is_nullable == column.nullable
    if isinstance(column.type, JSON):
        assert get_origin(python_type) in (dict, list)
    elif get_origin(python_type) is Literal:
        assert all(isinstance(value, column.type.python_type) for value in get_args(python_type))
    else:
        assert python_type is column.type.python_type


@pytest.mark.parametrize("table", metadata.sorted_tables, ids=lambda table: table.name)
def test_a_row_type_has_the_columns_of_its_table(table: Table) -> None:
    hints = get_type_hints(ROW_TYPES[_type_name(table)])
    assert set(hints) == {column.name for column in table.columns}
    for column in table.columns:
        _check(column, hints[column.name])


@pytest.mark.parametrize("name", sorted(ROW_TYPES))
def test_a_row_type_is_a_table_or_a_part_of_one(name: str) -> None:
    columns = get_type_hints(ROW_TYPES[name]).items()
    assert any(columns <= get_type_hints(ROW_TYPES[_type_name(table)]).items() for table in metadata.sorted_tables)
