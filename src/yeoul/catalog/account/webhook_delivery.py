"""Deliveries: events for webhooks, and the results of sending them. Rows with `next_at` are the queue of the sender."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.row import all_rows, first_row, older_than
from yeoul.catalog.schema.outgoing import webhook, webhook_delivery
from yeoul.catalog.schema.row.outgoing import WebhookDeliveryRow, WebhookRow
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.schema.videos import video
from yeoul.model.webhook import WebhookEvent


class ClaimedDeliveryRow(WebhookDeliveryRow):
    """A delivery to send, with columns of its webhook."""

    url: str
    host: str
    account_id: str


def add(connection: Connection, webhook_id: str, event: str, data: Mapping[str, Any], now_s: float) -> str:
    """Queues an event for a webhook and returns the delivery's id. The id stays the same if the delivery is repeated."""
    delivery_id = new_id(now_s)
    body = {"id": delivery_id, "type": event, "created_at": rfc3339(now_s), "data": dict(data)}
    columns = {"id": delivery_id, "webhook_id": webhook_id, "event": event, "body": json.dumps(body)}
    connection.execute(insert(webhook_delivery).values(**columns, state="pending", attempts=0, next_at=now_s, created_at=now_s))
    return delivery_id


def get(connection: Connection, webhook_id: str, delivery_id: str) -> WebhookDeliveryRow:
    """Returns a delivery of a webhook. Raises NotFoundError."""
    key = (webhook_delivery.c.id == delivery_id, webhook_delivery.c.webhook_id == webhook_id)
    row = first_row(connection, select(webhook_delivery).where(*key), WebhookDeliveryRow)
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id}", delivery=delivery_id)
    return row


def page(connection: Connection, webhook_id: str, before: tuple[float, str] | None, limit: int) -> list[WebhookDeliveryRow]:
    """Returns a page of a webhook's deliveries, newest first."""
    statement = select(webhook_delivery).where(webhook_delivery.c.webhook_id == webhook_id)
    return all_rows(connection, older_than(statement, webhook_delivery, before, limit), WebhookDeliveryRow)


def next_at(connection: Connection) -> float | None:
    """Returns when the next attempt is due; None if there is none."""
    statement = select(func.min(webhook_delivery.c.next_at)).where(webhook_delivery.c.next_at.is_not(None))
    return connection.execute(statement).scalar()


def claim(
    connection: Connection, now_s: float, until: float, hosts: Collection[str], accounts: Collection[str]
) -> ClaimedDeliveryRow | None:
    """Returns the longest due delivery, with its URL, host and account, and hides it from other senders until `until`.

    None if no delivery is due. hosts, accounts: skipped, because they have enough deliveries in progress.
    """
    due = select(webhook_delivery, webhook.c.url, webhook.c.host, webhook.c.account_id).join(webhook)
    due = due.where(webhook_delivery.c.next_at <= now_s, webhook.c.host.not_in(hosts), webhook.c.account_id.not_in(accounts))
    statement = due.order_by(webhook_delivery.c.next_at).limit(1).with_for_update(skip_locked=True, of=webhook_delivery)
    row = first_row(connection, statement, ClaimedDeliveryRow)
    if row is not None:
        change(connection, row["id"], {"next_at": until})
    return row


def change(connection: Connection, delivery_id: str, values: Mapping[str, Any]) -> None:
    """Sets columns of a delivery."""
    connection.execute(update(webhook_delivery).where(webhook_delivery.c.id == delivery_id).values(**values))


def cancel_pending(connection: Connection, webhook_id: str) -> None:
    """Cancels the pending deliveries of a webhook."""
    is_pending = (webhook_delivery.c.webhook_id == webhook_id, webhook_delivery.c.next_at.is_not(None))
    connection.execute(update(webhook_delivery).where(*is_pending).values(state="failed", next_at=None))


def delete_before(connection: Connection, before: float) -> None:
    """Deletes the deliveries that were created before `before`, which is earlier than any retry."""
    connection.execute(delete(webhook_delivery).where(webhook_delivery.c.created_at < before))


def notify_owner(connection: Connection, video_id: str, event: WebhookEvent, now_s: float) -> None:
    """Queues an event with the video's present state for the webhooks of its owner."""
    of_owner = select(webhook).join(video, video.c.owner_id == webhook.c.account_id)
    active = of_owner.where(video.c.id == video_id, webhook.c.active).order_by(webhook.c.id)
    # Locked, so that no webhook is deleted before its delivery is inserted.
    rows = all_rows(connection, active.with_for_update(read=True, key_share=True, of=webhook), WebhookRow)
    webhook_ids = [row["id"] for row in rows if event in row["events"]]
    if not webhook_ids:
        return
    video_row = first_row(connection, select(video).where(video.c.id == video_id), VideoRow)
    assert video_row is not None
    for webhook_id in webhook_ids:
        add(connection, webhook_id, event, {"video": _describe(video_row)}, now_s)


def _describe(row: VideoRow) -> dict[str, Any]:
    """Describes a video as the API does to its owner, without URLs that expire."""
    copied_fields = ("id", "title", "description", "visibility", "state", "error", "tags", "pipeline")
    time_fields = ("created_at", "updated_at", "playable_at", "ready_at")
    source = row["source"]
    return {
        **{name: row[name] for name in copied_fields},
        **{name: rfc3339(row[name]) for name in time_fields},
        "duration_s": None if source is None else source["duration_s"],
        "watch": f"/watch/{row['id']}",
    }
