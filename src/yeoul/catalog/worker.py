"""Workers as their dispatchers see them, for people to look at; nothing is decided by these rows but how many cores there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema import worker


def say(connection: Connection, owner: str, rows: Sequence[Mapping[str, Any]], now_s: float, forget_before: float) -> None:
    """Replace what an owner says of its workers, and forget what was last seen before `forget_before`."""
    connection.execute(delete(worker).where((worker.c.owner == owner) | (worker.c.seen_at < forget_before)))
    if rows:
        connection.execute(insert(worker), [{**row, "owner": owner, "seen_at": now_s} for row in rows])


def all_workers(connection: Connection) -> list[Row]:
    """Every worker that was seen lately."""
    return all_rows(connection, select(worker).order_by(worker.c.owner, worker.c.id))
