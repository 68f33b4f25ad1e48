"""The outbox: events written in the transaction that caused them, taken in the transaction that handles them.

It is the message queue between modules and the completion queue: an event is handled once, also over kills. Only events of
topics FREE and MAIL are handled outside of a transaction, since their effects are in the blob store and at a mail server: maybe
twice after a kill, which is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.catalog.queue.due import LONGEST_FREE_S, is_due
from yeoul.catalog.row import Row, all_rows, first_row
from yeoul.catalog.schema import outbox

FREE = "blobs.free"
MAIL = "mail.send"
_LEFT_TO_OTHERS = (FREE, MAIL)  # whose effects are outside of the database


def emit(connection: Connection, topic: str, video_id: str, payload: Mapping[str, Any], now_s: float, *, not_before: float = 0.0) -> None:
    """Add one event."""
    values = {"topic": topic, "video_id": video_id, "payload": dict(payload), "not_before": not_before, "created_at": now_s}
    connection.execute(insert(outbox).values(**values))


def peek(connection: Connection, now_s: float, limit: int) -> list[Row]:
    """The oldest events of one video, at most `limit`: id, topic, video_id, payload, created_at.

    The video is that of the oldest event. One video at a time, so that two consumers never wait for each other's runs;
    events that another consumer holds, or that were put off, are passed over, and those of topics FREE and MAIL are left to
    `find_free` and `claim_mail`.
    """
    ours = outbox.c.topic.not_in(_LEFT_TO_OTHERS)
    due = select(outbox).where(ours, is_due(outbox.c.not_before, now_s)).order_by(outbox.c.id).with_for_update(skip_locked=True)
    first = first_row(connection, due.limit(1))
    return [] if first is None else all_rows(connection, due.where(outbox.c.video_id == first["video_id"]).limit(limit))


def find_free(connection: Connection, now_s: float) -> Row | None:
    """The oldest event of topic FREE that is due."""
    due = select(outbox).where(outbox.c.topic == FREE, is_due(outbox.c.not_before, now_s, LONGEST_FREE_S)).order_by(outbox.c.id).limit(1)
    return first_row(connection, due)


def claim_mail(connection: Connection, now_s: float, until: float) -> Row | None:
    """The oldest mail that is due, nobody else's until then."""
    due = select(outbox).where(outbox.c.topic == MAIL, outbox.c.not_before <= now_s).order_by(outbox.c.id).limit(1)
    event = first_row(connection, due.with_for_update(skip_locked=True))
    if event is not None:
        put_off(connection, event["id"], until)
    return event


def next_mail_at(connection: Connection) -> float | None:
    """When the next mail is due; None when there is none."""
    return connection.execute(select(func.min(outbox.c.not_before)).where(outbox.c.topic == MAIL)).scalar()


def drop(connection: Connection, event_id: int) -> None:
    """Take an event out, in the transaction of its effects."""
    connection.execute(delete(outbox).where(outbox.c.id == event_id))


def put_off(connection: Connection, event_id: int, not_before: float) -> None:
    """Leave an event for later."""
    connection.execute(update(outbox).where(outbox.c.id == event_id).values(not_before=not_before))


def next_at(connection: Connection) -> float | None:
    """When the next event that was put off comes due, mails aside; None when there is none."""
    return connection.execute(select(func.min(outbox.c.not_before)).where(outbox.c.topic != MAIL)).scalar()
