"""Run logs: the events that the scheduler of each run received, in order, and the instructions that it returned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sqlalchemy import Connection, insert, select

from yeoul.catalog.row import all_rows
from yeoul.catalog.schema.pipeline import event
from yeoul.catalog.schema.row.pipeline import EventRow


class LoggedEventRow(TypedDict):
    """An event of a known run."""

    seq: int
    event: dict[str, Any]
    gave: list[dict[str, Any]]
    at: float


def make_row(run_id: str, seq: int, scheduler_event: Mapping[str, Any], instructions: Sequence[dict[str, Any]], now_s: float) -> EventRow:
    """Makes the row of an event. seq counts from 0. instructions: the scheduler's instructions."""
    return {"run_id": run_id, "seq": seq, "event": dict(scheduler_event), "gave": list(instructions), "at": now_s}


def add(connection: Connection, rows: Sequence[EventRow]) -> None:
    """Inserts events. The caller has locked the run."""
    if rows:
        connection.execute(insert(event), list(rows))


def of_run(connection: Connection, run_id: str) -> list[LoggedEventRow]:
    """Returns the events of a run in order: rows of seq, event, gave, at."""
    columns = (event.c.seq, event.c.event, event.c.gave, event.c.at)
    return all_rows(connection, select(*columns).where(event.c.run_id == run_id).order_by(event.c.seq), LoggedEventRow)
