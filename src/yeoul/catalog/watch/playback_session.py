"""Playback sessions, kept for a day after their last beacon, so that no beacon is counted twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from yeoul.catalog.row import all_rows, in_chunks, insert_all_new
from yeoul.catalog.schema.playback import viewing
from yeoul.catalog.schema.row.playback import ViewingRow

_CHANGING = [column.name for column in viewing.columns if column.name not in ("id", "video_id", "visitor", "device")]


def find_ids(connection: Connection, ids: Collection[str]) -> set[str]:
    """Returns those of the ids that exist."""
    existing_ids: set[str] = set()
    for chunk in in_chunks(ids):
        existing_ids.update(connection.execute(select(viewing.c.id).where(viewing.c.id.in_(chunk))).scalars())
    return existing_ids


def count_by_visitor(connection: Connection, visitors: Collection[str]) -> dict[str, int]:
    """Returns the number of playback sessions by visitor, without visitors that have none."""
    counts: dict[str, int] = {}
    for chunk in in_chunks(visitors):
        statement = select(viewing.c.visitor, func.count()).where(viewing.c.visitor.in_(chunk)).group_by(viewing.c.visitor)
        counts.update((row[0], row[1]) for row in connection.execute(statement))
    return counts


def add(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts playback sessions; skips those that exist."""
    insert_all_new(connection, viewing, sorted(rows, key=lambda row: row["id"]))


def lock(connection: Connection, ids: Collection[str]) -> list[ViewingRow]:
    """Returns playback sessions, locked until the transaction ends."""
    rows: list[ViewingRow] = []
    for chunk in in_chunks(ids):
        rows += all_rows(connection, select(viewing).where(viewing.c.id.in_(chunk)).order_by(viewing.c.id).with_for_update(), ViewingRow)
    return rows


def save(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes locked rows back."""
    if rows:
        statement = update(viewing).where(viewing.c.id == bindparam("row_id")).values({name: bindparam(name) for name in _CHANGING})
        connection.execute(statement, [{"row_id": row["id"], **{name: row[name] for name in _CHANGING}} for row in rows])


def delete_before(connection: Connection, before: float, limit: int) -> None:
    """Deletes at most `limit` playback sessions whose last beacon came before `before`, oldest first."""
    old_ids = select(viewing.c.id).where(viewing.c.seen_at < before).order_by(viewing.c.seen_at).limit(limit)
    # Other transactions may hold some of these rows; skipping them avoids waiting.
    connection.execute(delete(viewing).where(viewing.c.id.in_(old_ids.with_for_update(skip_locked=True))))
