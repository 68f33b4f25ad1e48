"""What one request may send: bounds of headers, address, body and pace, over the application itself."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from tests.contract.estate import ANN, Estate
from yeoul.api import body_pace
from yeoul.base.errors import TooManyRequestsError
from yeoul.identity import password

# Limits are decided above the database, so that one kind is enough.
pytestmark = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
Chunks = list[bytes | float]


def send(
    estate: Estate, method: str, path: str, chunks: Chunks, *headers: tuple[str, str], query: bytes = b""
) -> tuple[int, dict[str, Any]]:
    """Returns (status, JSON) of a request whose body comes in chunks; a number among them is a pause in seconds."""
    left = list(chunks)
    told: list[Any] = []

    async def receive() -> dict[str, Any]:
        if left and isinstance(left[0], float):
            await asyncio.sleep(float(left.pop(0)))
        if not left:
            await asyncio.Event().wait()
        body = left.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    async def answer(message: Any) -> None:
        told.append(message)

    plain = [(name.encode(), value.encode()) for name, value in (("host", "testserver"), *headers)]
    scope: dict[str, Any] = {"type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http"}
    scope |= {"path": path, "raw_path": path.encode(), "query_string": query, "root_path": "", "headers": plain}
    scope |= {"client": ("127.0.0.1", 1), "server": ("testserver", 80), "state": {}}
    asyncio.run(estate.app(scope, receive, answer))
    body = b"".join(message.get("body", b"") for message in told[1:])
    return told[0]["status"], json.loads(body or b"{}")


JSON = ("content-type", "application/json")


def test_headers_and_addresses_have_an_end(estate: Estate):
    for headers, query in (([("user-agent", "x" * 380_000)], b""), ([("x-odd", "y" * 40)] * 1000, b""), ([], b"q=" + b"z" * 20_000)):
        status, problem = send(estate, "GET", "/api/v1/feed", [b""], *headers, query=query)
        assert (status, problem["code"]) == (413, "request.too_large")
    assert send(estate, "GET", "/api/v1/feed", [b""], ("user-agent", "x" * 8000))[0] == 200


@pytest.mark.parametrize(
    ("method", "path", "largest", "who"),
    [
        ("POST", "/api/v1/sessions", 2**20, None),
        ("POST", "/api/v1/videos/video/upload", 2**20, None),  # nobody whom the server knows
        ("POST", "/api/v1/videos/video/upload", 2**20, "Bearer made-up"),
        ("POST", "/api/v1/videos/video/upload", 16 * 2**20, "owner"),
    ],
)
def test_bodies_are_as_large_as_what_they_are_for(method: str, path: str, largest: int, who: str | None, estate: Estate):
    headers: list[tuple[str, str]] = [JSON]
    if who is not None:
        headers.append(("authorization", f"Bearer {ANN.secret}" if who == "owner" else who))
    part = b"[" + b" " * (2**16 - 1)
    fitting: Chunks = [part] * (largest // len(part))
    status, problem = send(estate, method, path, [*fitting, b"]"], *headers)
    assert (status, problem["code"]) == (413, "request.too_large")
    assert send(estate, method, path, fitting, *headers)[0] in (401, 422)


def test_a_body_that_stands_still_or_trickles_is_given_up(estate: Estate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(body_pace, "_IDLE_S", 0.2)
    status, problem = send(estate, "POST", "/api/v1/sessions", [b"{", 3600.0, b"}"], JSON)
    assert (status, problem["code"], problem["retryable"]) == (408, "request.too_slow", True)
    monkeypatch.setattr(body_pace, "_IDLE_S", 60.0)
    monkeypatch.setattr(body_pace, "_GRACE_S", 0.2)
    trickle: Chunks = [one for _ in range(100_000) for one in (b" ", 0.01)]
    status, problem = send(estate, "POST", "/api/v1/sessions", [*trickle, b"{}"], JSON)
    assert (status, problem["code"]) == (408, "request.too_slow")


def test_a_put_in_many_chunks_costs_what_they_weigh(estate: Estate):
    """Compared in CPU seconds: eight times the chunks take about eight times as long, and not 64 times."""

    def cost_s(count: int) -> float:
        began_s = time.process_time()
        send(estate, "POST", "/api/v1/beacons", [b" "] * count)
        return time.process_time() - began_s

    cost_s(1000)
    few = min(cost_s(7_000) for _ in range(3))
    assert cost_s(56_000) < 24 * few


def test_passwords_are_worked_on_by_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch, estate: Estate):
    del estate
    monkeypatch.setattr(password, "_MAX_QUEUED", 0)
    for work in (lambda: password.hash_password("x"), lambda: password.is_correct_password(None, "x")):
        with pytest.raises(TooManyRequestsError):
            work()
