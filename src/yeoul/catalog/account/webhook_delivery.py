"""Deliveries: what a webhook is told, and how that went. Those with `next_at` are the queue of the sender."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.clock import rfc3339
from yeoul.base.errors import NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.row import Row, all_rows, first_row, older_than
from yeoul.catalog.schema.outgoing import webhook, webhook_delivery
from yeoul.catalog.schema.videos import video
from yeoul.model.webhook import WebhookEvent


def add(connection: Connection, webhook_id: str, event: str, data: Mapping[str, Any], now_s: float) -> str:
    """Have a webhook told something after the commit; the delivery's id, by which its receiver knows it when it comes again."""
    delivery_id = new_id(now_s)
    body = {"id": delivery_id, "type": event, "created_at": rfc3339(now_s), "data": dict(data)}
    plain = {"id": delivery_id, "webhook_id": webhook_id, "event": event, "body": json.dumps(body)}
    connection.execute(insert(webhook_delivery).values(**plain, state="pending", attempts=0, next_at=now_s, created_at=now_s))
    return delivery_id


def get(connection: Connection, webhook_id: str, delivery_id: str) -> Row:
    """A delivery of a webhook; raises NotFoundError."""
    mine = (webhook_delivery.c.id == delivery_id, webhook_delivery.c.webhook_id == webhook_id)
    row = first_row(connection, select(webhook_delivery).where(*mine))
    if row is None:
        raise NotFoundError(f"there is no delivery {delivery_id}", delivery=delivery_id)
    return row


def page(connection: Connection, webhook_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """What a webhook was told, newest first."""
    mine = select(webhook_delivery).where(webhook_delivery.c.webhook_id == webhook_id)
    return all_rows(connection, older_than(mine, webhook_delivery, before, limit))


def next_at(connection: Connection) -> float | None:
    """When the next attempt is due; None when there is none."""
    waiting = select(func.min(webhook_delivery.c.next_at)).where(webhook_delivery.c.next_at.is_not(None))
    return connection.execute(waiting).scalar()


def claim(connection: Connection, now_s: float, until: float, hosts: Collection[str], accounts: Collection[str]) -> Row | None:
    """The delivery that is due for longest, with its URL, host and account; nobody else's until then.

    hosts, accounts: of which enough is on its way.
    """
    due = select(webhook_delivery, webhook.c.url, webhook.c.host, webhook.c.account_id).join(webhook)
    due = due.where(webhook_delivery.c.next_at <= now_s, webhook.c.host.not_in(hosts), webhook.c.account_id.not_in(accounts))
    first = due.order_by(webhook_delivery.c.next_at).limit(1).with_for_update(skip_locked=True, of=webhook_delivery)
    row = first_row(connection, first)
    if row is not None:
        change(connection, row["id"], {"next_at": until})
    return row


def change(connection: Connection, delivery_id: str, values: Mapping[str, Any]) -> None:
    """Set columns."""
    connection.execute(update(webhook_delivery).where(webhook_delivery.c.id == delivery_id).values(**values))


def end_all(connection: Connection, webhook_id: str) -> None:
    """Try no delivery of a webhook again."""
    pending = (webhook_delivery.c.webhook_id == webhook_id, webhook_delivery.c.next_at.is_not(None))
    connection.execute(update(webhook_delivery).where(*pending).values(state="failed", next_at=None))


def drop_old(connection: Connection, before: float) -> None:
    """Forget deliveries that were made before then; none is tried for so long."""
    connection.execute(delete(webhook_delivery).where(webhook_delivery.c.created_at < before))


def tell(connection: Connection, video_id: str, event: WebhookEvent, now_s: float) -> None:
    """Tell the webhooks of a video's owner, after the commit, what the video is now."""
    of_owner = select(webhook).join(video, video.c.owner_id == webhook.c.account_id)
    active = of_owner.where(video.c.id == video_id, webhook.c.active).order_by(webhook.c.id)
    # Locked, lest one is dropped before it is told.
    rows = all_rows(connection, active.with_for_update(read=True, key_share=True, of=webhook))
    wanted = [row["id"] for row in rows if event in row["events"]]
    if not wanted:
        return
    row = first_row(connection, select(video).where(video.c.id == video_id))
    assert row is not None
    for webhook_id in wanted:
        add(connection, webhook_id, event, {"video": _describe(row)}, now_s)


def _describe(row: Row) -> dict[str, Any]:
    """A video as its owner knows it from the API, without addresses that expire."""
    same = ("id", "title", "description", "visibility", "state", "error", "tags", "pipeline")
    times = ("created_at", "updated_at", "playable_at", "ready_at")
    source = row["source"]
    return {
        **{name: row[name] for name in same},
        **{name: rfc3339(row[name]) for name in times},
        "duration_s": None if source is None else source["duration_s"],
        "watch": f"/watch/{row['id']}",
    }
