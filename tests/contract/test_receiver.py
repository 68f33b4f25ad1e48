"""Receiving at presigned URLs, chunk by chunk, without a server between."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.pipeline_world import VIDEO, World
from yeoul.api import body_pace
from yeoul.api.concurrency_limit import Turns
from yeoul.api.file import receiver as receiving
from yeoul.api.file.receiver import Receiver
from yeoul.blob.local import LocalStore
from yeoul.blob.store import Bucket
from yeoul.catalog.database import Database

pytestmark = [pytest.mark.slow, pytest.mark.either]
KEY = f"{VIDEO}/u/piece"
DATA = bytes(range(256)) * 8192  # two blocks
Step = bytes | float | None  # a chunk, a pause in seconds, or the end of the connection


class Gate:
    """A receiver over a store in a folder; `put` sends a body to the URL that was signed for `data`."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.world = World(database)
        self.store = LocalStore(folder, "http://testserver", b"secret", 0)
        self.app = Receiver(self.store, database, self.world.clock, Turns(lambda _: "somebody"))
        self.folder = folder

    async def put(self, steps: Sequence[Step], data: bytes = DATA, *, length: int | None = None, sign: bool = True) -> tuple[int, Any]:
        signed = self.store.sign_put(Bucket.ORIGINAL, KEY, len(data), hashlib.sha256(data).hexdigest(), self.world.clock.now() + 60)
        left = list(steps)
        told: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            while left and isinstance(left[0], float):  # noqa: ASYNC110 (the pauses of a client)
                await asyncio.sleep(left.pop(0))  # pyright: ignore[reportArgumentType]
            if not left or left[0] is None:
                return {"type": "http.disconnect"}
            chunk = left.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(left)}

        async def send(message: Any) -> None:
            told.append(message)

        query = urlsplit(signed.url).query.encode() if sign else b""
        headers = [] if length is None else [(b"content-length", b"%d" % length)]
        scope = {"type": "http", "method": "PUT", "path": f"/blob/original/{KEY}", "query_string": query, "headers": headers}
        await self.app(scope, receive, send)
        if not told:
            return 0, None
        body = b"".join(message.get("body", b"") for message in told[1:])
        return told[0]["status"], json.loads(body)["code"] if body else None

    def stored(self) -> bytes | None:
        return self.store.get_bytes(Bucket.ORIGINAL, KEY) if self.store.find(Bucket.ORIGINAL, KEY) is not None else None

    def partials(self) -> int:
        return len(list((self.folder / ".partial").iterdir()))


@pytest.fixture
def gate(database: Database, tmp_path: Path) -> Iterator[Gate]:
    made = Gate(database, tmp_path)
    yield made
    made.app.close()
    made.world.dispatcher.close()


@pytest.mark.parametrize("size", [1, 1000, 65_536, 2**20, len(DATA)])
def test_a_body_is_stored_however_it_is_cut(size: int, gate: Gate):
    data = DATA[:20_000] if size == 1 else DATA
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    assert asyncio.run(gate.put(chunks, data, length=len(data))) == (200, None)
    assert gate.stored() == data and gate.partials() == 0


@pytest.mark.parametrize(
    ("steps", "length", "code"),
    [
        ([DATA[:-1]], None, "storage.checksum_mismatch"),
        ([DATA, b"x"], None, "storage.checksum_mismatch"),
        ([DATA[:-1], b"\0"], None, "storage.checksum_mismatch"),
        ([DATA], len(DATA) + 1, "storage.checksum_mismatch"),
        ([b""], None, "storage.checksum_mismatch"),
    ],
)
def test_only_the_bytes_that_were_signed_are_stored(steps: list[Step], length: int | None, code: str, gate: Gate):
    assert asyncio.run(gate.put(steps, length=length)) == (400, code)
    assert gate.stored() is None and gate.partials() == 0


def test_nothing_is_read_without_a_signature(gate: Gate):
    assert asyncio.run(gate.put([60.0, DATA], sign=False)) == (403, "storage.bad_signature")
    gate.world.clock.advance(120)
    assert gate.partials() == 0


def test_a_connection_that_ends_leaves_nothing(gate: Gate):
    assert asyncio.run(gate.put([DATA[: 2**20], DATA[2**20 : 2**20 + 10], None])) == (0, None)
    assert gate.stored() is None and gate.partials() == 0
    assert asyncio.run(gate.put([DATA])) == (200, None)


def test_a_body_that_stands_still_or_trickles_is_given_up(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(receiving, "_LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(body_pace, "_IDLE_S", 0.2)
    assert asyncio.run(gate.put([DATA[:100], 3600.0, DATA[100:]])) == (408, "request.too_slow")
    monkeypatch.setattr(body_pace, "_IDLE_S", 3600.0)
    monkeypatch.setattr(body_pace, "_GRACE_S", 0.2)
    trickle: list[Step] = [one for _ in range(100_000) for one in (b" ", 0.01)]
    assert asyncio.run(gate.put([*trickle, DATA])) == (408, "request.too_slow")
    assert gate.stored() is None and gate.partials() == 0


def test_one_body_of_a_blob_at_a_time(gate: Gate, monkeypatch: pytest.MonkeyPatch):
    """The second is refused while the first is alive, and takes its place if it has stalled."""

    async def send_two() -> list[tuple[int, Any]]:
        first = asyncio.create_task(gate.put([DATA[:1000], 3600.0, DATA[1000:]]))
        while not gate.partials():  # noqa: ASYNC110 (a file is no event)
            await asyncio.sleep(0.01)
        refused = await gate.put([DATA])
        monkeypatch.setattr(receiving, "_STALLED_S", 0.0)
        return [refused, await gate.put([DATA]), await first]

    refused, second, first = asyncio.run(send_two())
    assert refused == first == (409, "storage.receiving")
    assert second == (200, None) and gate.stored() == DATA and gate.partials() == 0


def test_a_blob_of_a_deleted_video_is_not_kept(gate: Gate):
    gate.world.delete()
    with gate.world.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM video")
    assert asyncio.run(gate.put([DATA])) == (404, "request.not_found")
    assert gate.stored() is None


def test_a_body_in_many_chunks_costs_what_they_weigh(gate: Gate):
    """Compared in CPU seconds: eight times the chunks take about eight times as long, and not 64 times."""

    def cost_s(size: int) -> float:
        chunks = [DATA[at : at + size] for at in range(0, len(DATA), size)]
        began_s = time.process_time()
        assert asyncio.run(gate.put(chunks)) == (200, None)
        return time.process_time() - began_s

    cost_s(512)
    few = min(cost_s(512) for _ in range(3))
    assert min(cost_s(64) for _ in range(2)) < 24 * few
