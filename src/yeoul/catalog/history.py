"""Histories: what the scheduler of each run was fed, in order, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema import event


def add(connection: Connection, run_id: str, seq: int, fed: Mapping[str, Any], gave: Sequence[Mapping[str, Any]], now_s: float) -> None:
    """Write one event; seq counts from 0, and whoever writes it has locked the run."""
    connection.execute(insert(event).values(run_id=run_id, seq=seq, event=dict(fed), gave=list(gave), at=now_s))


def of_run(connection: Connection, run_id: str) -> list[Row]:
    """The events of a run in order: seq, event, gave, at."""
    columns = (event.c.seq, event.c.event, event.c.gave, event.c.at)
    return all_rows(connection, select(*columns).where(event.c.run_id == run_id).order_by(event.c.seq))
