"""Requests of one address take turns, so that a client that sends more than the server can answer delays itself and nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yeoul.api.problem import make_problem
from yeoul.base.errors import TooManyRequestsError

_AT_ONCE = 8
_WAITING = 1000


class _Line:
    """The requests of one address: those that are worked on, at most `_AT_ONCE`, and those that wait."""

    def __init__(self) -> None:
        self.turns = asyncio.Semaphore(_AT_ONCE)
        self.requests = 0
        self.waiting = 0

    async def take(self) -> None:
        self.waiting += 1
        try:
            await self.turns.acquire()
        finally:
            self.waiting -= 1


class Turns:
    """ASGI middleware; `address_of` names the client of a request.

    The server works on 8 requests of an address at a time. 1,000 more wait, and others are answered 429. A request does not hold a turn
    while it waits for its client: for more of the body, or once its answer has begun.
    """

    def __init__(self, app: ASGIApp, address_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._address_of = address_of
        self._lines: dict[str, _Line] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        address = self._address_of(scope)
        line = self._lines.setdefault(address, _Line())
        if line.waiting >= _WAITING:
            error = TooManyRequestsError(f"more than {_WAITING} requests of this address wait to be answered", retry_after_s=1)
            await make_problem(error)(scope, receive, send)
            return
        line.requests += 1
        try:
            await _take_turn(self._app, line, scope, receive, send)
        finally:
            line.requests -= 1
            if not line.requests:
                del self._lines[address]


async def _take_turn(app: ASGIApp, line: _Line, scope: Scope, receive: Receive, send: Send) -> None:
    holds = False

    async def take() -> None:
        nonlocal holds
        await line.take()
        holds = True

    def give_back() -> None:
        nonlocal holds
        if holds:
            holds = False
            line.turns.release()

    async def receive_in_line() -> Message:
        had_turn = holds
        give_back()
        message = await receive()
        if had_turn:
            await take()
        return message

    async def send_in_line(message: Message) -> None:
        give_back()
        await send(message)

    await take()
    try:
        await app(scope, receive_in_line, send_in_line)
    finally:
        give_back()
