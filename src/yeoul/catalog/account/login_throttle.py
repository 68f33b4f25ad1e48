"""Wrong logins and other guesses: how often lately, and until when nothing more is taken."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, update

from yeoul.catalog.row import Row, first_row, insert_new
from yeoul.catalog.schema.people import guess


def lock(connection: Connection, key: str, now_s: float) -> Row:
    """What is known of a key, locked until the transaction ends: count, blocked_until, updated_at."""
    insert_new(connection, guess, [{"key": key, "count": 0, "blocked_until": 0.0, "updated_at": now_s}])
    row = first_row(connection, select(guess).where(guess.c.key == key).with_for_update())
    assert row is not None
    return row


def note(connection: Connection, key: str, count: int, blocked_until: float, now_s: float) -> None:
    """Set what is known of a key."""
    values = {"count": count, "blocked_until": blocked_until, "updated_at": now_s}
    connection.execute(update(guess).where(guess.c.key == key).values(**values))


def forget(connection: Connection, key: str) -> None:
    """Forget a key."""
    connection.execute(delete(guess).where(guess.c.key == key))


def forgive(connection: Connection, key: str) -> None:
    """Take back one that was right after all."""
    connection.execute(update(guess).where(guess.c.key == key, guess.c.count > 0).values(count=guess.c.count - 1, blocked_until=0.0))


def forget_before(connection: Connection, before: float) -> None:
    """Forget what was last guessed before a time."""
    # Others may be at work on some of them, each on its own: nobody waits.
    old = select(guess.c.key).where(guess.c.updated_at < before).with_for_update(skip_locked=True)
    connection.execute(delete(guess).where(guess.c.key.in_(old)))
