"""The audit log: actions of admins and moderators, recorded in the transaction of the action and never changed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from yeoul.base.ids import new_id
from yeoul.catalog.row import all_rows, older_than
from yeoul.catalog.schema.account import audit
from yeoul.catalog.schema.row.account import AccountRow, AuditRow


def record(connection: Connection, actor: AccountRow, action: str, target: str, detail: Mapping[str, Any], now_s: float) -> None:
    """Records an action. actor: the account that performed it. action: noun.verb. target: an id or name."""
    actor_values = {"actor_id": actor["id"], "actor_handle": actor["handle"]}
    action_values = {"action": action, "target": target, "detail": dict(detail)}
    connection.execute(insert(audit).values(id=new_id(now_s), created_at=now_s, **actor_values, **action_values))


def page(connection: Connection, before: tuple[float, str] | None, limit: int, filters: Mapping[str, str] | None = None) -> list[AuditRow]:
    """Returns a page of entries, newest first. filters: required values of actor_handle, action or target."""
    statement = select(audit).where(*(audit.c[name] == value for name, value in (filters or {}).items()))
    return all_rows(connection, older_than(statement, audit, before, limit), AuditRow)
