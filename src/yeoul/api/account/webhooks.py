"""Webhooks: URLs of an owner that receive events about videos, and their deliveries."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.idempotency import IdempotencyKey, find_response, store_response
from yeoul.api.identity import Caller, Maker
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import webhook, webhook_delivery
from yeoul.catalog.schema.row.outgoing import WebhookDeliveryRow, WebhookRow
from yeoul.model.webhook import TEST, WebhookEvent
from yeoul.upload.service import NO_NUL
from yeoul.webhook.address import check_url
from yeoul.webhook.signature import make_secret

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
_MAX_WEBHOOKS = 20  # per account

Url = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]


class NewWebhook(BaseModel):
    """A new webhook. url: a public https:// or http:// URL; events: the types to deliver."""

    url: Url
    events: Events = list(WebhookEvent)


class WebhookChange(BaseModel):
    """Fields to change. Omitted fields stay as they are. A webhook that is switched on again receives only new events."""

    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class WebhookView(BaseModel):
    """A webhook, without its secret.

    off_reason: why the server switched it off: gone (it answered 410) or failing (no delivery succeeded for 3 days).
    """

    id: str
    url: str
    events: list[WebhookEvent]
    active: bool
    off_reason: str | None
    failing_since: str | None
    created_at: str


class MadeWebhook(WebhookView):
    """A new webhook. secret: signs its deliveries, shown only once."""

    secret: str


class WebhookPage(BaseModel):
    """One page of webhooks, newest first."""

    items: list[WebhookView]
    next: str | None


class DeliveryView(BaseModel):
    """An event sent, or to be sent, to a webhook. state: pending, delivered or failed.

    status: HTTP status of the last response; null if there was none, with the reason in `error`. duration_s: time until the response.
    """

    id: str
    type: str
    state: str
    attempts: int
    status: int | None
    error: str | None
    duration_s: float | None
    created_at: str
    attempted_at: str | None
    next_attempt_at: str | None


class DeliveryPage(BaseModel):
    """One page of deliveries of the last 30 days, newest first."""

    items: list[DeliveryView]
    next: str | None


@router.post("", status_code=201)
def post_webhook(body: NewWebhook, caller: Maker, parts: PartsDep, key: IdempotencyKey = None) -> MadeWebhook:
    """Creates a webhook. An account can have at most 20."""
    now_s = parts.clock.now()
    host = _check_host(parts, body.url)
    request = "POST webhooks " + body.model_dump_json()
    with parts.database.write() as connection:
        stored = None if key is None else find_response(connection, caller["id"], key, request, now_s)
        if stored is not None:
            return _with_secret(parts, WebhookView.model_validate_json(stored))
        if webhook.count(connection, caller["id"]) >= _MAX_WEBHOOKS:
            raise ConflictError(f"an account can have at most {_MAX_WEBHOOKS} webhooks; delete one first", most=_MAX_WEBHOOKS)
        webhook_id = new_id(now_s)
        fields = {"url": body.url, "host": host, "events": _sorted(body.events)}
        webhook.add(connection, {"id": webhook_id, "account_id": caller["id"], **fields}, now_s)
        view = _view(webhook.get(connection, caller["id"], webhook_id))
        if key is not None:
            store_response(connection, caller["id"], key, request, view.model_dump_json(), now_s)
    return _with_secret(parts, view)


@router.get("")
def get_webhooks(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> WebhookPage:
    """Lists the caller's webhooks."""
    with parts.database.read() as connection:
        rows = webhook.page(connection, caller["id"], read_cursor(cursor), limit + 1)
    return WebhookPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.patch("/{webhook_id}")
def patch_webhook(webhook_id: str, body: WebhookChange, caller: Caller, parts: PartsDep) -> WebhookView:
    """Changes the URL or events, or switches the webhook on or off. Switching it off also cancels pending deliveries."""
    values: dict[str, Any] = {}
    if body.url is not None:
        values |= {"url": body.url, "host": _check_host(parts, body.url), "failing_since": None}
    if body.events is not None:
        values["events"] = _sorted(body.events)
    if body.active:
        values |= {"active": True, "off_reason": None, "failing_since": None}
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        if values:
            webhook.change(connection, webhook_id, values)
        if body.active is False:
            webhook.disable(connection, webhook_id, None)
        return _view(webhook.get(connection, caller["id"], webhook_id))


@router.delete("/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: str, caller: Caller, parts: PartsDep) -> None:
    """Deletes a webhook and all its deliveries."""
    with parts.database.write() as connection:
        if not webhook.delete_webhook(connection, caller["id"], webhook_id):
            raise NotFoundError(f"there is no webhook {webhook_id}", webhook=webhook_id)


@router.post("/{webhook_id}/test", status_code=202)
def test_webhook(webhook_id: str, caller: Maker, parts: PartsDep) -> DeliveryView:
    """Sends one `webhook.test` event, even if the webhook is off. The delivery shows the result."""
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        return _delivery(webhook_delivery.get(connection, webhook_id, webhook_delivery.add(connection, webhook_id, TEST, {}, now_s)))


@router.get("/{webhook_id}/deliveries")
def get_deliveries(webhook_id: str, caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> DeliveryPage:
    """Lists the deliveries of a webhook."""
    with parts.database.read() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        rows = webhook_delivery.page(connection, webhook_id, read_cursor(cursor), limit + 1)
    return DeliveryPage(items=[_delivery(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(webhook_id: str, delivery_id: str, caller: Maker, parts: PartsDep) -> DeliveryView:
    """Sends a delivery again immediately, even if it succeeded before. The delivery keeps its id."""
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        webhook_delivery.get(connection, webhook_id, delivery_id)
        webhook_delivery.change(connection, delivery_id, {"state": "pending", "next_at": parts.clock.now()})
        return _delivery(webhook_delivery.get(connection, webhook_id, delivery_id))


def _check_host(parts: Parts, url: str) -> str:
    return check_url(url, allow_private=parts.settings.webhook.allow_private)


def _sorted(events: list[WebhookEvent]) -> list[str]:
    """Returns each event once, in the order in which they happen to a video."""
    return [event.value for event in WebhookEvent if event in events]


def _with_secret(parts: Parts, view: WebhookView) -> MadeWebhook:
    return MadeWebhook(**view.model_dump(), secret=make_secret(parts.secret, view.id))


def _view(row: WebhookRow) -> WebhookView:
    names = ("id", "url", "events", "active", "off_reason")
    created_at, failing_since = rfc3339(row["created_at"]) or "", rfc3339(row["failing_since"])
    fields: dict[str, Any] = {name: row[name] for name in names}
    return WebhookView(**fields, created_at=created_at, failing_since=failing_since)


def _delivery(row: WebhookDeliveryRow) -> DeliveryView:
    names = ("id", "state", "attempts", "status", "error", "duration_s")
    fields: dict[str, Any] = {name: row[name] for name in names}
    return DeliveryView(
        **fields,
        type=row["event"],
        created_at=rfc3339(row["created_at"]) or "",
        attempted_at=rfc3339(row["attempted_at"]),
        next_attempt_at=rfc3339(row["next_at"]),
    )
