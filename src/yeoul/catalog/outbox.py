"""The outbox: events written in the transaction that caused them, taken in the transaction that handles them.

It is the message queue between modules and the completion queue: an event is handled once, also over kills.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import Row, all_rows
from yeoul.catalog.schema import outbox


def emit(connection: Connection, topic: str, video_id: str, payload: Mapping[str, Any], now_s: float) -> None:
    """Add one event."""
    connection.execute(insert(outbox).values(topic=topic, video_id=video_id, payload=dict(payload), created_at=now_s))


def peek(connection: Connection, limit: int) -> list[Row]:
    """The oldest events, at most `limit`: id, topic, video_id, payload, created_at. Rows that another consumer holds are passed over."""
    statement = select(outbox).order_by(outbox.c.id).limit(limit).with_for_update(skip_locked=True)
    return all_rows(connection, statement)


def drop(connection: Connection, event_id: int) -> None:
    """Take an event out, in the transaction of its effects."""
    connection.execute(delete(outbox).where(outbox.c.id == event_id))
