"""Sessions' viewings of videos, for a day after they were last heard of: so that nothing is counted twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from yeoul.catalog.row import Row, all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.viewings import viewing

_CHANGING = [column.name for column in viewing.columns if column.name not in ("id", "video_id", "visitor", "device")]


def find_ids(connection: Connection, ids: Collection[str]) -> set[str]:
    """Which of some viewings are known."""
    found: set[str] = set()
    for chunk in in_chunks(ids):
        found.update(connection.execute(select(viewing.c.id).where(viewing.c.id.in_(chunk))).scalars())
    return found


def count_of_visitors(connection: Connection, visitors: Collection[str]) -> dict[str, int]:
    """How many viewings there are of each of some visitors; those without are left out."""
    counts: dict[str, int] = {}
    for chunk in in_chunks(visitors):
        statement = select(viewing.c.visitor, func.count()).where(viewing.c.visitor.in_(chunk)).group_by(viewing.c.visitor)
        counts.update((row[0], row[1]) for row in connection.execute(statement))
    return counts


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Add viewings that are not known yet."""
    insert_all_new(connection, viewing, sorted(rows, key=lambda row: row["id"]))


def lock(connection: Connection, ids: Collection[str]) -> list[Row]:
    """Viewings, locked until the transaction ends."""
    found: list[Row] = []
    for chunk in in_chunks(ids):
        found += all_rows(connection, select(viewing).where(viewing.c.id.in_(chunk)).order_by(viewing.c.id).with_for_update())
    return found


def put(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write locked viewings back."""
    if rows:
        statement = update(viewing).where(viewing.c.id == bindparam("known")).values({name: bindparam(name) for name in _CHANGING})
        connection.execute(statement, [{"known": row["id"], **{name: row[name] for name in _CHANGING}} for row in rows])


def forget_before(connection: Connection, before: float, limit: int) -> None:
    """Forget the oldest of those that were last heard of before a time."""
    old = select(viewing.c.id).where(viewing.c.seen_at < before).order_by(viewing.c.seen_at).limit(limit)
    # Others may be at work on some of them, each on its own: nobody waits.
    connection.execute(delete(viewing).where(viewing.c.id.in_(old.with_for_update(skip_locked=True))))
