"""Webhooks: URLs that receive events about the videos of their owner. `webhook_delivery` has the events."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.errors import NotFoundError
from yeoul.catalog.account import webhook_delivery
from yeoul.catalog.row import all_rows, first_row, older_than
from yeoul.catalog.schema.outgoing import webhook
from yeoul.catalog.schema.row.outgoing import WebhookRow
from yeoul.model.webhook import DisableReason


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts a webhook. row: id, account_id, url, host, events."""
    connection.execute(insert(webhook).values(**row, active=True, created_at=now_s))


def count(connection: Connection, account_id: str) -> int:
    """Returns the number of webhooks of an account."""
    return int(connection.execute(select(func.count()).where(webhook.c.account_id == account_id)).scalar_one())


def page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[WebhookRow]:
    """Returns a page of an account's webhooks, newest first."""
    return all_rows(connection, older_than(select(webhook).where(webhook.c.account_id == account_id), webhook, before, limit), WebhookRow)


def get(connection: Connection, account_id: str, webhook_id: str) -> WebhookRow:
    """Returns a webhook of an account. Raises NotFoundError."""
    row = first_row(connection, select(webhook).where(webhook.c.id == webhook_id, webhook.c.account_id == account_id), WebhookRow)
    if row is None:
        raise NotFoundError(f"there is no webhook {webhook_id}", webhook=webhook_id)
    return row


def find_locked(connection: Connection, webhook_id: str) -> WebhookRow | None:
    """Returns a webhook, locked until the transaction ends; None if it was deleted."""
    return first_row(connection, select(webhook).where(webhook.c.id == webhook_id).with_for_update(key_share=True), WebhookRow)


def change(connection: Connection, webhook_id: str, values: Mapping[str, Any]) -> None:
    """Sets columns of a webhook."""
    connection.execute(update(webhook).where(webhook.c.id == webhook_id).values(**values))


def disable(connection: Connection, webhook_id: str, reason: DisableReason | None) -> bool:
    """Switches a webhook off and cancels its pending deliveries; False if it is off already.

    reason: gone or failing; None if the owner switched it off.
    """
    is_on = (webhook.c.id == webhook_id, webhook.c.active)
    if connection.execute(update(webhook).where(*is_on).values(active=False, off_reason=reason)).rowcount == 0:
        return False
    webhook_delivery.cancel_pending(connection, webhook_id)
    return True


def delete_webhook(connection: Connection, account_id: str, webhook_id: str) -> bool:
    """Deletes a webhook and all its deliveries; False if the account has none with this id."""
    return connection.execute(delete(webhook).where(webhook.c.account_id == account_id, webhook.c.id == webhook_id)).rowcount == 1
