"""Workers as their dispatchers see them: for people to look at, for others to count cores, and for the next dispatcher to go on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema.work import worker


def say(connection: Connection, owner: str, rows: Sequence[Mapping[str, Any]], now_s: float, forget_before: float) -> None:
    """Replace what an owner says of its workers, and forget what was last seen before `forget_before`, unless it is quarantined."""
    old = and_(worker.c.seen_at < forget_before, func.coalesce(worker.c.quarantined_until, 0.0) < now_s)
    connection.execute(delete(worker).where(or_(worker.c.owner == owner, old)))
    if rows:
        connection.execute(insert(worker), [{**row, "owner": owner, "seen_at": now_s} for row in rows])


def take_over(connection: Connection, owner: str, ids: Sequence[str]) -> dict[str, Row]:
    """What earlier owners said last of these workers, by id; it is forgotten, since their new owner speaks for them now."""
    theirs = and_(worker.c.id.in_(ids), worker.c.owner != owner)
    found = all_rows(connection, select(worker).where(theirs).order_by(worker.c.seen_at))
    connection.execute(delete(worker).where(theirs))
    return {row["id"]: row for row in found}


def all_workers(connection: Connection) -> list[Row]:
    """Every worker that was seen lately."""
    return all_rows(connection, select(worker).order_by(worker.c.owner, worker.c.id))
