"""Histories: what the scheduler of each run was fed, in order, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema.work import event


def make_row(run_id: str, seq: int, fed: Mapping[str, Any], gave: Sequence[Mapping[str, Any]], now_s: float) -> Row:
    """One event; seq counts from 0."""
    return {"run_id": run_id, "seq": seq, "event": dict(fed), "gave": list(gave), "at": now_s}


def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Write events; whoever writes them has locked the run."""
    if rows:
        connection.execute(insert(event), list(rows))


def of_run(connection: Connection, run_id: str) -> list[Row]:
    """The events of a run in order: seq, event, gave, at."""
    columns = (event.c.seq, event.c.event, event.c.gave, event.c.at)
    return all_rows(connection, select(*columns).where(event.c.run_id == run_id).order_by(event.c.seq))
