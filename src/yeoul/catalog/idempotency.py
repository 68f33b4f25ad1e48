"""Responses of writes with an `Idempotency-Key`, stored in the transaction of their effects."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select

from yeoul.catalog.row import first_row, insert_new
from yeoul.catalog.schema.outgoing import idempotency
from yeoul.catalog.schema.row.outgoing import IdempotencyRow


def find(connection: Connection, account_id: str, key: str) -> IdempotencyRow | None:
    """Returns the stored response of an account's key."""
    statement = select(idempotency).where(idempotency.c.account_id == account_id, idempotency.c.key == key)
    return first_row(connection, statement, IdempotencyRow)


def add(connection: Connection, row: IdempotencyRow) -> None:
    """Inserts a response, unless the key has one."""
    insert_new(connection, idempotency, [row])


def delete_before(connection: Connection, before: float) -> None:
    """Deletes the responses that were stored before `before`."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < before))
