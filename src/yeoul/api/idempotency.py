"""`Idempotency-Key`: a repeated write with the same key gets the first response and has no further effect."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Header
from sqlalchemy import Connection

from yeoul.base.errors import IdempotencyError
from yeoul.catalog import idempotency
from yeoul.catalog.schema.row.outgoing import IdempotencyRow

_TTL_S = 86400.0

IdempotencyKey = Annotated[str | None, Header(alias="Idempotency-Key", max_length=200)]


def find_response(connection: Connection, account_id: str, key: str, request: str, now_s: float) -> str | None:
    """Returns the response body stored for a key, or None. Raises IdempotencyError if the key was used for another request."""
    idempotency.delete_before(connection, now_s - _TTL_S)
    row = idempotency.find(connection, account_id, key)
    if row is None:
        return None
    if row["request_hash"] != _hash(request):
        raise IdempotencyError("this Idempotency-Key was already used for another request", key=key)
    return str(row["body"])


def store_response(connection: Connection, account_id: str, key: str, request: str, body: str, now_s: float) -> None:
    """Stores a response body. Must run in the transaction that writes the effects of the request."""
    row: IdempotencyRow = {
        "account_id": account_id,
        "key": key,
        "request_hash": _hash(request),
        "status": 201,
        "body": body,
        "created_at": now_s,
    }
    idempotency.add(connection, row)


def _hash(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()
