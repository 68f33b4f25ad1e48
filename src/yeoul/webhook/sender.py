"""Sends what is due, at least once: one thread with a loop of its own, so that neither the API nor other webhooks wait for a slow one."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.clock import Clock
from yeoul.base.errors import WebhookError, YeoulError
from yeoul.catalog.account import webhook, webhook_delivery
from yeoul.catalog.database import Database
from yeoul.webhook.post import Poster
from yeoul.webhook.signature import HEADER, make_secret, sign
from yeoul.webhook.verdict import judge

log = logging.getLogger("yeoul.webhook")
Row = Mapping[str, Any]
_AT_A_TIME = 32
_OF_A_HOST = 2
_OF_AN_ACCOUNT = 6  # who has a name server has as many hosts as it likes
_CLAIMED_S = 60.0  # longer than any answer is waited for
_KEPT_S = 30 * 86400.0
_SWEEP_EVERY_S = 3600.0
_LOOK_EVERY_S = 0.5
_DRAIN_S = 2.0


class WebhookSender:
    """secret: what the webhooks' own derive from. on_off: is given the row of a webhook that is switched off, in that transaction."""

    def __init__(self, database: Database, poster: Poster, clock: Clock, secret: bytes, on_off: Callable[[Connection, Row], None]) -> None:
        self._database = database
        self._poster = poster
        self._clock = clock
        self._secret = secret
        self._on_off = on_off
        self._sent: dict[asyncio.Task[None], Row] = {}  # what is on its way
        self._sweep_at = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhook", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Stop; what is on its way and does not end soon is sent again by whoever comes next."""
        self._stop.set()
        self._thread.join(_CLAIMED_S)

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        while not self._stop.is_set():
            try:
                await self.send_due()
                await asyncio.to_thread(self._sweep)
            except YeoulError as error:
                log.warning("%s: %s", error.code, error.message)
            except Exception:
                log.exception("the sender of webhooks stumbled; it goes on")
            await self._wait(_LOOK_EVERY_S, asyncio.FIRST_COMPLETED)
        await self._wait(_DRAIN_S, asyncio.ALL_COMPLETED)

    async def _wait(self, timeout_s: float, until: str) -> None:
        """Wait for what is on its way, or for the time."""
        if self._sent:
            await asyncio.wait(self._sent, timeout=timeout_s, return_when=until)
        else:
            await asyncio.sleep(timeout_s)

    # --- out ---

    async def send_due(self) -> None:
        """Send off what is due and finds room."""
        while len(self._sent) < _AT_A_TIME and not self._stop.is_set():
            before = list(self._sent)
            row = await asyncio.to_thread(self._claim, self._full("host", _OF_A_HOST), self._full("account_id", _OF_AN_ACCOUNT))
            if row is None:
                if all(task in self._sent for task in before):
                    return
                continue  # one ended meanwhile: its host has room again
            task = asyncio.create_task(self._deliver(row))
            self._sent[task] = row
            task.add_done_callback(self._sent.pop)

    def _full(self, column: str, limit: int) -> list[str]:
        """Hosts or accounts of which as much is on its way as may be at a time."""
        return sorted(name for name, count in Counter(row[column] for row in self._sent.values()).items() if count >= limit)

    def _claim(self, hosts: list[str], accounts: list[str]) -> Row | None:
        now_s = self._clock.now()
        with self._database.read() as connection:
            due_at = webhook_delivery.next_at(connection)
        if due_at is None or due_at > now_s:
            return None
        with self._database.write() as connection:
            return webhook_delivery.claim(connection, now_s, now_s + _CLAIMED_S, hosts, accounts)

    async def _deliver(self, row: Row) -> None:
        body = str(row["body"]).encode()
        signature = sign(make_secret(self._secret, row["webhook_id"]), body, int(self._clock.now()))
        began_s = time.monotonic()
        status, error = None, None
        try:
            status = await self._poster.post(row["url"], {HEADER: signature}, body)
        except WebhookError as failure:
            error = failure.message
        except Exception:  # what cannot be sent must not be tried for ever
            log.exception("delivery %s cannot be sent", row["id"])
            error = "it cannot be sent"
        took_s = round(time.monotonic() - began_s, 3)
        try:
            await asyncio.to_thread(self._settle, row, status, error, took_s)
        except YeoulError as failure:
            log.warning("delivery %s is sent again: %s", row["id"], failure.message)

    # --- what follows ---

    def _settle(self, row: Row, status: int | None, error: str | None, took_s: float) -> None:
        now_s = self._clock.now()
        seen = {"status": status, "error": error, "duration_s": took_s, "attempted_at": now_s, "attempts": row["attempts"] + 1}
        with self._database.write() as connection:
            hook = webhook.find_locked(connection, row["webhook_id"])
            if hook is None:
                return
            verdict = judge(row, hook, status, now_s)
            webhook_delivery.change(connection, row["id"], {"state": verdict.state, "next_at": verdict.next_at, **seen})
            if verdict.failing_since != hook["failing_since"]:
                webhook.change(connection, hook["id"], {"failing_since": verdict.failing_since})
            if verdict.off is not None:
                webhook.switch_off(connection, hook["id"], verdict.off)
                self._on_off(connection, hook)

    def _sweep(self) -> None:
        """Forget old deliveries, now and then."""
        now_s = self._clock.now()
        if now_s >= self._sweep_at:
            self._sweep_at = now_s + _SWEEP_EVERY_S
            with self._database.write() as connection:
                webhook_delivery.drop_old(connection, now_s - _KEPT_S)
