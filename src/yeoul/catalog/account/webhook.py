"""Webhooks: where the owner of videos wants to be told what becomes of them.

What they are told is in `webhook_delivery`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.errors import NotFoundError
from yeoul.catalog.account import webhook_delivery
from yeoul.catalog.row import Row, all_rows, first_row, older_than
from yeoul.catalog.schema.outgoing import webhook
from yeoul.model.webhook import OffReason


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Add a webhook; row holds id, account_id, url, host, events."""
    connection.execute(insert(webhook).values(**row, active=True, created_at=now_s))


def count(connection: Connection, account_id: str) -> int:
    """How many webhooks an account has."""
    return int(connection.execute(select(func.count()).where(webhook.c.account_id == account_id)).scalar_one())


def page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """An account's webhooks, newest first."""
    return all_rows(connection, older_than(select(webhook).where(webhook.c.account_id == account_id), webhook, before, limit))


def get(connection: Connection, account_id: str, webhook_id: str) -> Row:
    """A webhook of an account; raises NotFoundError."""
    row = first_row(connection, select(webhook).where(webhook.c.id == webhook_id, webhook.c.account_id == account_id))
    if row is None:
        raise NotFoundError(f"there is no webhook {webhook_id}", webhook=webhook_id)
    return row


def find_locked(connection: Connection, webhook_id: str) -> Row | None:
    """A webhook, locked until the transaction ends; None when it is gone."""
    return first_row(connection, select(webhook).where(webhook.c.id == webhook_id).with_for_update(key_share=True))


def change(connection: Connection, webhook_id: str, values: Mapping[str, Any]) -> None:
    """Set columns."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(**values))


def switch_off(connection: Connection, webhook_id: str, reason: OffReason | None) -> bool:
    """Tell a webhook nothing more, also not what waits; False when it is off already. reason: gone, failing, None where its owner asks."""
    was_on = (webhook.c.id == webhook_id, webhook.c.active)
    if connection.execute(update(webhook).where(*was_on).values(active=False, off_reason=reason)).rowcount == 0:
        return False
    webhook_delivery.end_all(connection, webhook_id)
    return True


def drop(connection: Connection, account_id: str, webhook_id: str) -> bool:
    """Forget a webhook with all its deliveries; False when the account has none of this id."""
    return connection.execute(delete(webhook).where(webhook.c.account_id == account_id, webhook.c.id == webhook_id)).rowcount == 1
