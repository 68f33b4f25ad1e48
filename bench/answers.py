"""P8: `python -m bench.answers [--requests N]`: CPU of an answer from the cache against a bare FastAPI route that returns the same bytes.

Both applications are asked in turn in this process, without a server, so that what is compared is the way from request to bytes.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Response

from bench.figure import Figure
from tests.contract.test_discovery import add
from yeoul.base.clock import SystemClock
from yeoul.base.settings import Settings
from yeoul.blob.memory import MemoryStore
from yeoul.bootstrap import make_api
from yeoul.catalog.database import Database
from yeoul.catalog.migrate import migrate

_PATHS = ("/api/v1/videos/v0", "/api/v1/feed")
_TURNS = 7


async def _ask(app: FastAPI, path: str) -> bytes:
    scope = {"type": "http", "http_version": "1.1", "method": "GET", "path": path, "raw_path": path.encode(), "scheme": "http"}
    scope |= {"root_path": "", "query_string": b"", "headers": [(b"host", b"bench")], "server": ("bench", 80), "client": ("bench", 1)}
    chunks: list[bytes] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        chunks.append(message.get("body", b""))

    await app(scope, receive, send)
    return b"".join(chunks)


async def _cpu_s(app: FastAPI, path: str, requests: int) -> float:
    """CPU seconds of one request."""
    began_s = time.process_time()
    for _ in range(requests):
        await _ask(app, path)
    return (time.process_time() - began_s) / requests


async def _wall_ms(app: FastAPI, path: str, requests: int) -> Sequence[float]:
    taken: list[float] = []
    for _ in range(requests):
        began_s = time.perf_counter()
        await _ask(app, path)
        taken.append(1000 * (time.perf_counter() - began_s))
    return taken


def _make_bare(path: str, body: bytes) -> FastAPI:
    app = FastAPI()

    @app.get(path)
    async def get() -> Response:
        return Response(body, media_type="application/json")

    return app


async def measure(app: FastAPI, requests: int) -> list[Figure]:
    """One figure for each path."""
    figures: list[Figure] = []
    for path in _PATHS:
        bare = _make_bare(path, await _ask(app, path))
        pairs = [(await _cpu_s(bare, path, requests), await _cpu_s(app, path, requests)) for _ in range(_TURNS)]
        taken = await _wall_ms(app, path, requests)
        p50, p99 = statistics.median(taken), statistics.quantiles(taken, n=100)[98]
        costs = f"bare {1e6 * min(pairs)[0]:.0f} us, ours {1e6 * min(ours for _, ours in pairs):.0f} us, p50 {p50:.2f} ms, p99 {p99:.2f} ms"
        figures.append(Figure("P8", f"GET {path}: CPU / bare route ({costs})", "<= 1.5", [ours / plain for plain, ours in pairs]))
    return figures


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        migrate(database)
        for number in range(24):
            add(database, f"v{number}", f"River {number}", source=None)
        clock = SystemClock()
        app = make_api(Settings(data=Path(folder)), database, MemoryStore(clock), clock)
        for figure in asyncio.run(measure(app, wanted.requests)):
            print(figure.line())
        app.state.parts.response_cache.close()
        database.close()


if __name__ == "__main__":
    main()
