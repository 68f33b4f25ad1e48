"""Webhooks: where a maker's server wants to be told what happens to videos, and how that went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.idempotency import IdempotencyKey, find_answer, keep_answer
from yeoul.api.identity import Caller, Maker
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import webhook, webhook_delivery
from yeoul.model.webhook import TEST, WebhookEvent
from yeoul.upload.service import NO_NUL
from yeoul.webhook.address import check_url
from yeoul.webhook.signature import make_secret

router = APIRouter(prefix="/webhooks", tags=["webhooks"])
Row = Mapping[str, Any]
_MOST = 20  # of one account

Url = Annotated[str, Field(max_length=2000, pattern=NO_NUL)]
Events = Annotated[list[WebhookEvent], Field(min_length=1, max_length=len(WebhookEvent))]


class NewWebhook(BaseModel):
    """url: https:// or http://, public; events: what it is told of."""

    url: Url
    events: Events = list(WebhookEvent)


class WebhookChange(BaseModel):
    """Fields to change; what is left out stays. Switched on, it begins anew with what happens from then on."""

    url: Url | None = None
    events: Events | None = None
    active: bool | None = None


class WebhookView(BaseModel):
    """A webhook, without its secret.

    off_reason: why it was switched off by itself: gone (it answered 410), failing (nothing was delivered for 3 days).
    """

    id: str
    url: str
    events: list[WebhookEvent]
    active: bool
    off_reason: str | None
    failing_since: str | None
    created_at: str


class MadeWebhook(WebhookView):
    """secret: what its messages are signed with, shown only now."""

    secret: str


class WebhookPage(BaseModel):
    """Webhooks, newest first."""

    items: list[WebhookView]
    next: str | None


class DeliveryView(BaseModel):
    """Something that a webhook was told, or will be. state: pending, delivered or failed.

    status: of the last answer, null with the reason in `error` where there was none; duration_s: until it came.
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
    """Deliveries of the last 30 days, newest first."""

    items: list[DeliveryView]
    next: str | None


@router.post("", status_code=201)
def post_webhook(body: NewWebhook, caller: Maker, parts: PartsDep, key: IdempotencyKey = None) -> MadeWebhook:
    """Make a webhook, at most 20 for an account."""
    now_s = parts.clock.now()
    host = _check(parts, body.url)
    request = "POST webhooks " + body.model_dump_json()
    with parts.database.write() as connection:
        known = None if key is None else find_answer(connection, caller["id"], key, request, now_s)
        if known is not None:
            return _with_secret(parts, WebhookView.model_validate_json(known))
        if webhook.count(connection, caller["id"]) >= _MOST:
            raise ConflictError(f"an account has at most {_MOST} webhooks; delete one first", most=_MOST)
        webhook_id = new_id(now_s)
        place = {"url": body.url, "host": host, "events": _sorted(body.events)}
        webhook.add(connection, {"id": webhook_id, "account_id": caller["id"], **place}, now_s)
        view = _view(webhook.get(connection, caller["id"], webhook_id))
        if key is not None:
            keep_answer(connection, caller["id"], key, request, view.model_dump_json(), now_s)
    return _with_secret(parts, view)


@router.get("")
def get_webhooks(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> WebhookPage:
    """The caller's webhooks."""
    with parts.database.read() as connection:
        rows = webhook.page(connection, caller["id"], read_cursor(cursor), limit + 1)
    return WebhookPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.patch("/{webhook_id}")
def patch_webhook(webhook_id: str, body: WebhookChange, caller: Caller, parts: PartsDep) -> WebhookView:
    """Change address or events, switch off or on. Off, it is told nothing more, nor what waits for another attempt."""
    values: dict[str, Any] = {}
    if body.url is not None:
        values |= {"url": body.url, "host": _check(parts, body.url), "failing_since": None}
    if body.events is not None:
        values["events"] = _sorted(body.events)
    if body.active:
        values |= {"active": True, "off_reason": None, "failing_since": None}
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        if values:
            webhook.change(connection, webhook_id, values)
        if body.active is False:
            webhook.switch_off(connection, webhook_id, None)
        return _view(webhook.get(connection, caller["id"], webhook_id))


@router.delete("/{webhook_id}", status_code=204)
def delete_webhook(webhook_id: str, caller: Caller, parts: PartsDep) -> None:
    """Delete a webhook with all its deliveries."""
    with parts.database.write() as connection:
        if not webhook.drop(connection, caller["id"], webhook_id):
            raise NotFoundError(f"there is no webhook {webhook_id}", webhook=webhook_id)


@router.post("/{webhook_id}/test", status_code=202)
def test_webhook(webhook_id: str, caller: Maker, parts: PartsDep) -> DeliveryView:
    """Tell a webhook something of type `webhook.test`, once, also one that is off; the delivery says how that went."""
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        return _delivery(webhook_delivery.get(connection, webhook_id, webhook_delivery.add(connection, webhook_id, TEST, {}, now_s)))


@router.get("/{webhook_id}/deliveries")
def get_deliveries(webhook_id: str, caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> DeliveryPage:
    """What a webhook was told, and how that went."""
    with parts.database.read() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        rows = webhook_delivery.page(connection, webhook_id, read_cursor(cursor), limit + 1)
    return DeliveryPage(items=[_delivery(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.post("/{webhook_id}/deliveries/{delivery_id}/redeliver", status_code=202)
def redeliver(webhook_id: str, delivery_id: str, caller: Maker, parts: PartsDep) -> DeliveryView:
    """Send a delivery at once, also one that has arrived, under the same id."""
    with parts.database.write() as connection:
        webhook.get(connection, caller["id"], webhook_id)
        webhook_delivery.get(connection, webhook_id, delivery_id)
        webhook_delivery.change(connection, delivery_id, {"state": "pending", "next_at": parts.clock.now()})
        return _delivery(webhook_delivery.get(connection, webhook_id, delivery_id))


def _check(parts: Parts, url: str) -> str:
    return check_url(url, allow_private=parts.settings.webhook.allow_private)


def _sorted(events: list[WebhookEvent]) -> list[str]:
    """Each event once, in the order of a video's life."""
    return [event.value for event in WebhookEvent if event in events]


def _with_secret(parts: Parts, view: WebhookView) -> MadeWebhook:
    return MadeWebhook(**view.model_dump(), secret=make_secret(parts.secret, view.id))


def _view(row: Row) -> WebhookView:
    same = ("id", "url", "events", "active", "off_reason")
    created_at, failing_since = rfc3339(row["created_at"]) or "", rfc3339(row["failing_since"])
    return WebhookView(**{name: row[name] for name in same}, created_at=created_at, failing_since=failing_since)


def _delivery(row: Row) -> DeliveryView:
    same = ("id", "state", "attempts", "status", "error", "duration_s")
    return DeliveryView(
        **{name: row[name] for name in same},
        type=row["event"],
        created_at=rfc3339(row["created_at"]) or "",
        attempted_at=rfc3339(row["attempted_at"]),
        next_attempt_at=rfc3339(row["next_at"]),
    )
