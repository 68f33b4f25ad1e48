"""The outbox: events written in the transaction that caused them, and deleted in the transaction that handles them.

It is the message queue between modules and the completion queue: an event is handled once, even if processes are killed. Only
FreeBlobs and SendMail are handled outside of a transaction, since their effects are in the blob store and at a mail server: after a
kill they may be handled twice, which is harmless.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Connection, Select, delete, func, insert, select, update

from yeoul.base.errors import YeoulError
from yeoul.catalog.queue.due import MAX_FREE_DELAY_S, is_due
from yeoul.catalog.row import all_rows, first_row
from yeoul.catalog.schema.outgoing import outbox
from yeoul.catalog.schema.row.outgoing import OutboxRow
from yeoul.model.event import Event, FreeBlobs, SendMail, read_event, write_event

_EXTERNAL = (FreeBlobs.topic, SendMail.topic)  # their effects are outside of the database


@dataclass(frozen=True)
class Entry:
    """A row of the outbox. Its payload is read by `event`, so that a wrong one does not hold up the rows after it."""

    id: int
    topic: str
    video_id: str
    payload: Mapping[str, Any]
    created_at: float

    def event(self) -> Event | None:
        """Returns the event; None for an unknown topic. Raises YeoulError if the payload does not fit."""
        try:
            return read_event(self.topic, self.video_id, self.payload)
        except ValidationError as error:
            raise YeoulError(f"the payload of event {self.topic} does not fit: {error}"[:2000], event=self.id) from error


def emit(connection: Connection, event: Event, now_s: float, *, not_before: float = 0.0) -> None:
    """Inserts an event, to be handled after `not_before`."""
    row = {"topic": event.topic, "video_id": event.video_id, "payload": write_event(event), "not_before": not_before, "created_at": now_s}
    connection.execute(insert(outbox).values(**row))


def peek(connection: Connection, now_s: float, limit: int) -> list[Entry]:
    """Returns the oldest due entries of one video, at most `limit`.

    The video is that of the oldest entry. One video at a time, so that two consumers never wait for each other's runs. Skips entries
    that another consumer has locked or that were postponed; leaves FreeBlobs and SendMail to `find_free` and `claim_mail`.
    """
    ours = outbox.c.topic.not_in(_EXTERNAL)
    due = select(outbox).where(ours, is_due(outbox.c.not_before, now_s)).order_by(outbox.c.id).with_for_update(skip_locked=True)
    first = _find(connection, due)
    if first is None:
        return []
    return [_entry(row) for row in all_rows(connection, due.where(outbox.c.video_id == first.video_id).limit(limit), OutboxRow)]


def find_free(connection: Connection, now_s: float) -> Entry | None:
    """Returns the oldest due FreeBlobs."""
    due = select(outbox).where(outbox.c.topic == FreeBlobs.topic, is_due(outbox.c.not_before, now_s, MAX_FREE_DELAY_S))
    return _find(connection, due.order_by(outbox.c.id))


def claim_mail(connection: Connection, now_s: float, until: float) -> Entry | None:
    """Returns the oldest due SendMail and hides it from other senders until `until`."""
    due = select(outbox).where(outbox.c.topic == SendMail.topic, outbox.c.not_before <= now_s).order_by(outbox.c.id)
    entry = _find(connection, due.with_for_update(skip_locked=True))
    if entry is not None:
        postpone(connection, entry.id, until)
    return entry


def next_mail_at(connection: Connection) -> float | None:
    """Returns when the next mail is due; None if there is none."""
    return connection.execute(select(func.min(outbox.c.not_before)).where(outbox.c.topic == SendMail.topic)).scalar()


def delete_entry(connection: Connection, entry_id: int) -> None:
    """Deletes an entry, in the transaction of its effects."""
    connection.execute(delete(outbox).where(outbox.c.id == entry_id))


def postpone(connection: Connection, entry_id: int, not_before: float) -> None:
    """Makes an entry due at a later time."""
    connection.execute(update(outbox).where(outbox.c.id == entry_id).values(not_before=not_before))


def next_at(connection: Connection) -> float | None:
    """Returns when the next entry is due, without mails; None if there is none."""
    return connection.execute(select(func.min(outbox.c.not_before)).where(outbox.c.topic != SendMail.topic)).scalar()


def _find(connection: Connection, due: Select[Any]) -> Entry | None:
    row = first_row(connection, due.limit(1), OutboxRow)
    return None if row is None else _entry(row)


def _entry(row: OutboxRow) -> Entry:
    return Entry(row["id"], row["topic"], row["video_id"], row["payload"], row["created_at"])
