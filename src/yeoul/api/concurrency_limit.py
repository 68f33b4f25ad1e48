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


class Turn:
    """The turn of one request, which it can release and acquire again. Closed at its end."""

    def __init__(self, queue: _Queue, close: Callable[[], None]) -> None:
        self._queue = queue
        self._close = close
        self.is_held = False

    async def acquire(self) -> None:
        """Waits for the turn, unless it is held."""
        if self.is_held:
            return
        self._queue.waiting += 1
        try:
            await self._queue.turns.acquire()
        finally:
            self._queue.waiting -= 1
        self.is_held = True

    def release(self) -> None:
        if self.is_held:
            self.is_held = False
            self._queue.turns.release()

    def close(self) -> None:
        self.release()
        self._close()


class Turns:
    """The turns of all requests. address_of: returns the client's address.

    The server works on 8 requests of an address at the same time. Up to 1,000 more wait, and further ones are refused. A request holds no
    turn while it waits for its client: for more of the body, or after its response has started.
    """

    def __init__(self, address_of: Callable[[Scope], str]) -> None:
        self._address_of = address_of
        self._queues: dict[str, _Queue] = {}

    def open(self, scope: Scope) -> Turn:
        """Returns the turn of a request, not yet acquired. Raises TooManyRequestsError."""
        address = self._address_of(scope)
        queue = self._queues.setdefault(address, _Queue())
        if queue.waiting >= _MAX_WAITING:
            raise TooManyRequestsError(f"more than {_MAX_WAITING} requests from this address are waiting", retry_after_s=1)
        queue.requests += 1

        def close() -> None:
            queue.requests -= 1
            if not queue.requests:
                del self._queues[address]

        return Turn(queue, close)


class ConcurrencyLimit:
    """ASGI middleware that gives requests their turns, and answers 429 to those that are refused."""

    def __init__(self, app: ASGIApp, address_of: Callable[[Scope], str]) -> None:
        self._app = app
        self._turns = Turns(address_of)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            turn = self._turns.open(scope)
        except TooManyRequestsError as error:
            await make_problem(error)(scope, receive, send)
            return
        try:
            await _run_in_turn(self._app, turn, scope, receive, send)
        finally:
            turn.close()


async def _run_in_turn(app: ASGIApp, turn: Turn, scope: Scope, receive: Receive, send: Send) -> None:
    async def receive_without_turn() -> Message:
        had_turn = turn.is_held
        turn.release()
        message = await receive()
        if had_turn:
            await turn.acquire()
        return message

    async def send_without_turn(message: Message) -> None:
        turn.release()
        await send(message)

    await turn.acquire()
    await app(scope, receive_without_turn, send_without_turn)
