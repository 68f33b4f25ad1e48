"""Limits the concurrent requests of one address, so that a client that sends too many delays only itself."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yeoul.api.problem import make_problem
from yeoul.base.errors import TooManyRequestsError

_MAX_ACTIVE = 8
_MAX_WAITING = 1000


class _Queue:
    """The requests of one address: at most `_MAX_ACTIVE` active ones, and those that wait."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(_MAX_ACTIVE)
        self.requests = 0
        self.waiting = 0

    async def acquire(self) -> None:
        self.waiting += 1
        try:
            await self.turns.acquire()
        finally:
            self.waiting -= 1


class ConcurrencyLimit:
    """ASGI middleware that limits the concurrent requests of one address. address_of: returns the client's address.

    The server handles 8 requests of an address at the same time. Up to 1,000 more wait, and further ones are answered with 429. A request
    holds no turn while it waits for its client: for more of the body, or after its response has started.
    """

    def __init__(self, app: ASGIApp, address_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._address_of = address_of
        self._queues: dict[str, _Queue] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = self._address_of(scope)
        queue = self._queues.setdefault(address, _Queue())
        if queue.waiting >= _MAX_WAITING:
            error = TooManyRequestsError(f"more than {_MAX_WAITING} requests from this address are waiting", retry_after_s=1)
            await make_problem(error)(scope, receive, send)
            return
        queue.requests += 1
        try:
            await _run_in_turn(self._app, queue, scope, receive, send)
        finally:
            queue.requests -= 1
            if not queue.requests:
                del self._queues[address]


async def _run_in_turn(app: ASGIApp, queue: _Queue, scope: Scope, receive: Receive, send: Send) -> None:
    holds_turn = False

    async def acquire_turn() -> None:
        nonlocal holds_turn
        await queue.acquire()
        holds_turn = True

    def release_turn() -> None:
        nonlocal holds_turn
        if holds_turn:
            holds_turn = False
            queue.turns.release()

    async def receive_without_turn() -> Message:
        had_turn = holds_turn
        release_turn()
        message = await receive()
        if had_turn:
            await acquire_turn()
        return message

    async def send_without_turn(message: Message) -> None:
        release_turn()
        await send(message)

    await acquire_turn()
    try:
        await app(scope, receive_without_turn, send_without_turn)
    finally:
        release_turn()
