"""Sends due deliveries at least once, in one thread with its own event loop, so that a slow webhook delays neither the API nor others."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Literal

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import WebhookError, YeoulError
from yeoul.catalog.account import webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.catalog.due_turns import DueTurns
from yeoul.catalog.schema.row.outgoing import WebhookRow
from yeoul.webhook.post import Poster
from yeoul.webhook.signature import HEADER, make_secret, sign
from yeoul.webhook.verdict import decide

log = logging.getLogger("yeoul.webhook")
_MAX_IN_FLIGHT = 32
_MAX_PER_HOST = 2
_MAX_PER_ACCOUNT = 6  # an account with its own name server can use any number of hosts
_CLAIM_S = 60.0  # longer than the timeout of a delivery
_RETENTION_S = 30 * 86400.0
_SWEEP_EVERY_S = 3600.0
_POLL_EVERY_S = 0.5  # while deliveries are in flight
_DRAIN_S = 2.0


class WebhookSender:
    """Sends deliveries. secret: the server secret that signing secrets derive from.

    on_off: called with the row of a webhook when the sender switches it off, in the same transaction.
    """

    def __init__(
        self, database: Database, poster: Poster, clock: Clock, secret: bytes, on_off: Callable[[Connection, WebhookRow], None]
    ) -> None:
        self._database = database
        self._poster = poster
        self._clock = clock
        self._secret = secret
        self._on_off = on_off
        self._in_flight: dict[asyncio.Task[None], webhook_delivery.ClaimedDeliveryRow] = {}  # deliveries that are being sent
        self._sweep_at = 0.0
        self._stop = threading.Event()

    def start(self) -> None:
        self._turns = DueTurns(self._database, self._clock, ("webhook", "webhook_delivery"))
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stops the thread. A delivery that does not end soon is sent again later."""
        self._stop.set()
        self._turns.wake()
        self._thread.join(_CLAIM_S)
        self._turns.close()

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        turns = self._turns
        while not self._stop.is_set():
            try:
                if turns.is_due() or self._in_flight:
                    await self.send_due()
                    await asyncio.to_thread(self._sweep)
                    turns.set_due(await asyncio.to_thread(self._next_at))
            except YeoulError as error:
                log.warning("%s: %s", error.code, error.message)
            except Exception:
                log.exception("unexpected error in the webhook sender; it continues")
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=_POLL_EVERY_S, return_when=asyncio.FIRST_COMPLETED)
            else:
                await asyncio.to_thread(turns.wait)
        if self._in_flight:
            await asyncio.wait(self._in_flight, timeout=_DRAIN_S)

    # --- sending ---

    async def send_due(self) -> None:
        """Starts sending due deliveries, up to the limits of deliveries in flight."""
        while len(self._in_flight) < _MAX_IN_FLIGHT and not self._stop.is_set():
            in_flight_before = list(self._in_flight)
            hosts, accounts = self._find_full("host", _MAX_PER_HOST), self._find_full("account_id", _MAX_PER_ACCOUNT)
            row = await asyncio.to_thread(self._claim, hosts, accounts)
            if row is None:
                if all(task in self._in_flight for task in in_flight_before):
                    return
                continue  # a delivery has ended in the meantime, so its host can take another one
            task = asyncio.create_task(self._deliver(row))
            self._in_flight[task] = row
            task.add_done_callback(self._in_flight.pop)

    def _find_full(self, column: Literal["host", "account_id"], limit: int) -> list[str]:
        """Returns the hosts or accounts with `limit` or more deliveries in flight. column: `host` or `account_id`."""
        return sorted(name for name, count in Counter(row[column] for row in self._in_flight.values()).items() if count >= limit)

    def _next_at(self) -> float | None:
        with self._database.read() as connection:
            return webhook_delivery.next_at(connection)

    def _claim(self, hosts: list[str], accounts: list[str]) -> webhook_delivery.ClaimedDeliveryRow | None:
        now_s = self._clock.now()
        with self._database.read() as connection:
            due_at = webhook_delivery.next_at(connection)
        if due_at is None or due_at > now_s:
            return None
        with self._database.write() as connection:
            return webhook_delivery.claim(connection, now_s, now_s + _CLAIM_S, hosts, accounts)

    async def _deliver(self, row: webhook_delivery.ClaimedDeliveryRow) -> None:
        body = str(row["body"]).encode()
        signature = sign(make_secret(self._secret, row["webhook_id"]), body, int(self._clock.now()))
        started_s = time.monotonic()
        status, error = None, None
        try:
            status = await self._poster.post(row["url"], {HEADER: signature}, body)
        except WebhookError as failure:
            error = failure.message
        except Exception:  # it counts as a failed attempt, so that the delivery is not retried forever
            log.exception("cannot send delivery %s", row["id"])
            error = "the delivery cannot be sent"
        duration_s = round(time.monotonic() - started_s, 3)
        try:
            await asyncio.to_thread(self._settle, row, status, error, duration_s)
        except YeoulError as failure:
            log.warning("cannot record the result of delivery %s, it will be sent again: %s", row["id"], failure.message)

    # --- results ---

    def _settle(self, row: webhook_delivery.ClaimedDeliveryRow, status: int | None, error: str | None, duration_s: float) -> None:
        now_s = self._clock.now()
        result = {"status": status, "error": error, "duration_s": duration_s, "attempted_at": now_s, "attempts": row["attempts"] + 1}
        with self._database.write() as connection:
            hook = webhook.find_locked(connection, row["webhook_id"])
            if hook is None:
                return
            verdict = decide(row, hook, status, now_s)
            webhook_delivery.change(connection, row["id"], {"state": verdict.state, "next_at": verdict.next_at, **result})
            if verdict.failing_since != hook["failing_since"]:
                webhook.change(connection, hook["id"], {"failing_since": verdict.failing_since})
            if verdict.off is not None:
                webhook.disable(connection, hook["id"], verdict.off)
                self._on_off(connection, hook)

    def _sweep(self) -> None:
        """Deletes old deliveries, once per `_SWEEP_EVERY_S`."""
        now_s = self._clock.now()
        if now_s >= self._sweep_at:
            self._sweep_at = now_s + _SWEEP_EVERY_S
            with self._database.write() as connection:
                webhook_delivery.delete_before(connection, now_s - _RETENTION_S)
