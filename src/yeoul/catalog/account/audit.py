"""The audit log: what was done with more rights than everybody has, written in the transaction that does it, and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from yeoul.base.ids import new_id
from yeoul.catalog.row import Row, all_rows, older_than
from yeoul.catalog.schema.people import audit


def note(connection: Connection, actor: Row, action: str, target: str, detail: Mapping[str, Any], now_s: float) -> None:
    """Add an entry. actor: the account that did it; action as noun.verb; target: an id or name."""
    who = {"actor_id": actor["id"], "actor_handle": actor["handle"]}
    what = {"action": action, "target": target, "detail": dict(detail)}
    connection.execute(insert(audit).values(id=new_id(now_s), created_at=now_s, **who, **what))


def page(connection: Connection, before: tuple[float, str] | None, limit: int, wanted: Mapping[str, str] | None = None) -> list[Row]:
    """Entries, newest first. wanted: what actor_handle, action or target must be."""
    found = select(audit).where(*(audit.c[name] == value for name, value in (wanted or {}).items()))
    return all_rows(connection, older_than(found, audit, before, limit))
