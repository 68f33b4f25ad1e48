"""`Idempotency-Key`: a write that is sent again with the same key gets the first answer and does nothing more."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header
from sqlalchemy import Connection, delete, select

from yeoul.base.errors import IdempotencyError
from yeoul.catalog.row import first_row, insert_new
from yeoul.catalog.schema.outgoing import idempotency

_KEPT_S = 86400.0

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


def find_answer(connection: Connection, account_id: str, key: str, request: str, now_s: float) -> str | None:
    """The body that was answered before; raises IdempotencyError when the key was used for another request."""
    connection.execute(delete(idempotency).where(idempotency.c.created_at < now_s - _KEPT_S))
    statement = select(idempotency).where(idempotency.c.account_id == account_id, idempotency.c.key == key)
    row = first_row(connection, statement)
    if row is None:
        return None
    if row["request_hash"] != _hash(request):
        raise IdempotencyError("this Idempotency-Key was used for another request", key=key)
    return str(row["body"])


def keep_answer(connection: Connection, account_id: str, key: str, request: str, body: str, now_s: float) -> None:
    """Remember an answer in the transaction of its effects."""
    row = {"account_id": account_id, "key": key, "request_hash": _hash(request), "status": 201, "body": body, "created_at": now_s}
    insert_new(connection, idempotency, [row])


def _hash(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()
