"""Workers as their dispatchers report them: shown to admins, counted by other dispatchers, and read by the next dispatcher at its start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select

from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.pipeline import worker
from yeoul.catalog.schema.row.pipeline import WorkerRow


def replace_all(connection: Connection, owner: str, rows: Sequence[Mapping[str, Any]], now_s: float, delete_before: float) -> None:
    """Replaces the rows of an owner's workers. Deletes workers last seen before `delete_before`, unless they are quarantined."""
    is_outdated = and_(worker.c.seen_at < delete_before, func.coalesce(worker.c.quarantined_until, 0.0) < now_s)
    connection.execute(delete(worker).where(or_(worker.c.owner == owner, is_outdated)))
    if rows:
        connection.execute(insert(worker), [{**row, "owner": owner, "seen_at": now_s} for row in rows])


def take_over(connection: Connection, owner: str, ids: Sequence[str]) -> dict[str, WorkerRow]:
    """Deletes the rows that earlier owners reported of these workers, and returns the latest of each, by worker id."""
    of_earlier_owners = and_(worker.c.id.in_(ids), worker.c.owner != owner)
    rows = all_rows(connection, select(worker).where(of_earlier_owners).order_by(worker.c.seen_at), WorkerRow)
    connection.execute(delete(worker).where(of_earlier_owners))
    return {row["id"]: row for row in rows}


def all_workers(connection: Connection) -> list[WorkerRow]:
    """Returns all workers that were seen recently."""
    return all_rows(connection, select(worker).order_by(worker.c.owner, worker.c.id), WorkerRow)
