"""Counts of recent attempts (logins and other guesses) per key, and until when further attempts are rejected."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from yeoul.catalog.row import first_row, insert_new
from yeoul.catalog.schema.account import guess
from yeoul.catalog.schema.row.account import GuessRow


def lock(connection: Connection, key: str, now_s: float) -> GuessRow:
    """Returns the row of a key (count, blocked_until, updated_at), locked until the transaction ends. Inserts it if it is missing."""
    insert_new(connection, guess, [{"key": key, "count": 0, "blocked_until": 0.0, "updated_at": now_s}])
    row = first_row(connection, select(guess).where(guess.c.key == key).with_for_update(), GuessRow)
    assert row is not None
    return row


def set_block(connection: Connection, key: str, count: int, blocked_until: float, now_s: float) -> None:
    """Sets the count of a key and the end of its block."""
    values = {"count": count, "blocked_until": blocked_until, "updated_at": now_s}
    connection.execute(update(guess).where(guess.c.key == key).values(**values))


def reset(connection: Connection, key: str) -> None:
    """Deletes the row of a key."""
    connection.execute(delete(guess).where(guess.c.key == key))


def undo_attempt(connection: Connection, key: str) -> None:
    """Subtracts an attempt that turned out to be right, and ends the block."""
    connection.execute(update(guess).where(guess.c.key == key, guess.c.count > 0).values(count=guess.c.count - 1, blocked_until=0.0))


def delete_before(connection: Connection, before: float) -> None:
    """Deletes the rows whose last attempt was before a time."""
    # Other transactions may hold some of these rows; skipping them avoids waiting.
    old_keys = select(guess.c.key).where(guess.c.updated_at < before).with_for_update(skip_locked=True)
    connection.execute(delete(guess).where(guess.c.key.in_(old_keys)))
