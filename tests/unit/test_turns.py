"""Requests of one address take turns: what a flood from one address does to another, by order and count."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from yeoul.api.concurrency_limit import ConcurrencyLimit

FLOOD, OTHER = "203.0.113.1", "203.0.113.2"


class House:
    """An application behind turns, whose work takes `steps` rounds of the event loop; it reads the body first where there is one."""

    def __init__(self, steps: int = 10) -> None:
        self.turns = ConcurrencyLimit(self._work, lambda scope: scope["client"][0])
        self.steps = steps
        self.working: dict[str, int] = {}
        self.most: dict[str, int] = {}
        self.answered: list[tuple[str, int]] = []

    async def _work(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = scope["client"][0]
        while (await receive()).get("more_body"):
            pass
        self.working[address] = self.working.get(address, 0) + 1
        self.most[address] = max(self.most.get(address, 0), self.working[address])
        for _ in range(self.steps):
            await asyncio.sleep(0)
        self.working[address] -= 1
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if (ended := scope.get("ended")) is not None:
            await ended.wait()
        await send({"type": "http.response.body", "body": b""})

    async def ask(self, address: str, body: Callable[[], Any] | None = None, ended: asyncio.Event | None = None) -> None:
        async def receive() -> Message:
            return {"type": "http.request", "body": b"", "more_body": False} if body is None else await body()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.answered.append((address, message["status"]))

        await self.turns({"type": "http", "client": (address, 1), "headers": [], "ended": ended}, receive, send)


def test_another_address_is_answered_before_a_flood_is():
    house = House()

    async def run() -> None:
        flood = [asyncio.create_task(house.ask(FLOOD)) for _ in range(500)]
        await asyncio.sleep(0)
        await house.ask(OTHER)
        before = len(house.answered)
        assert before < 30, "without turns all 500 are worked on first"
        await asyncio.gather(*flood)

    asyncio.run(run())
    assert house.most == {FLOOD: 8, OTHER: 1}
    assert sorted(house.answered) == sorted([(FLOOD, 200)] * 500 + [(OTHER, 200)])


def test_a_line_has_an_end():
    house = House()

    async def run() -> None:
        await asyncio.gather(*(house.ask(FLOOD) for _ in range(1500)), house.ask(OTHER))

    asyncio.run(run())
    assert house.answered.count((FLOOD, 200)) == 1008
    assert house.answered.count((FLOOD, 429)) == 492
    assert house.answered.count((OTHER, 200)) == 1


def test_who_waits_for_a_client_holds_no_turn():
    """A hundred uploads that stand still and a hundred event streams that stay open do not keep others of their address from anything."""
    house = House()

    async def run() -> None:
        ended = asyncio.Event()

        async def silent() -> Message:
            await ended.wait()
            return {"type": "http.request", "body": b"", "more_body": False}

        waiting = [asyncio.create_task(house.ask(FLOOD, body=silent)) for _ in range(100)]
        waiting += [asyncio.create_task(house.ask(FLOOD, ended=ended)) for _ in range(100)]
        for _ in range(2000):
            await asyncio.sleep(0)
        assert len(house.answered) == 100
        await house.ask(FLOOD)
        assert house.answered == [(FLOOD, 200)] * 101
        ended.set()
        await asyncio.gather(*waiting)

    asyncio.run(run())
    assert len(house.answered) == 201


def test_a_request_that_ends_while_it_waits_takes_no_turn():
    house = House()

    async def run() -> None:
        first = [asyncio.create_task(house.ask(FLOOD)) for _ in range(8)]
        await asyncio.sleep(0)
        gone = [asyncio.create_task(house.ask(FLOOD)) for _ in range(50)]
        await asyncio.sleep(0)
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        await asyncio.gather(*first, *(house.ask(FLOOD) for _ in range(20)))

    asyncio.run(run())
    assert house.answered == [(FLOOD, 200)] * 28
