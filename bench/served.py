"""P8 over HTTP: `python -m bench.served [--videos N...] [--requests N] [--bare PORT FILE]`: a real server with a large catalogue.

Answers from the cache are held against a bare FastAPI route that gives the same bytes from a server of the same kind; what counts is CPU of
the serving process for a request. Search is asked for another word each time. Pages and `/healthz` are told in CPU milliseconds of one
request. All on SQLite, then on PostgreSQL. With several numbers of videos, it shows how costs and memory grow with the catalogue.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psutil
from fastapi import FastAPI, Response

from bench.catalogue import fill
from bench.figure import Figure
from bench.server import Server, free_port
from tests.contract.databases import running_postgres
from yeoul.catalog.database import Database
from yeoul.catalog.migrate import migrate

_API = "/api/v1"
_KEPT = (f"{_API}/videos/v0000007", f"{_API}/feed")
_TURNS = 5
_PAGES = (("/watch/v0000007", "<= 1.0"), ("/", "<= 1.0"), ("/healthz", "<= 0.5"))


class Client:
    """One kept connection."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def get(self, path: str) -> bytes:
        self._connection.request("GET", path)
        answer = self._connection.getresponse()
        body = answer.read()
        assert answer.status == 200, (path, answer.status, body[:300])
        return body

    def time_ms(self, path: str) -> float:
        began_s = time.perf_counter()
        self.get(path)
        return 1000 * (time.perf_counter() - began_s)


def serve_bare(port: int, path: str, body: bytes) -> None:
    """Until killed: one route that gives these bytes, served as `yeoul serve api` serves."""
    from granian.constants import Interfaces  # noqa: PLC0415 (as the server does)
    from granian.server.embed import Server as Granian  # noqa: PLC0415

    app = FastAPI()

    @app.get(path)
    async def get() -> Response:
        return Response(body, media_type="application/json")

    place = {"address": "127.0.0.1", "port": port, "interface": Interfaces.ASGI}
    asyncio.run(Granian(app, **place, log_enabled=False, runtime_blocking_threads=8, backlog=1024).serve())


@contextmanager
def running_bare(path: str, body: bytes, folder: Path) -> Iterator[tuple[Client, psutil.Process]]:
    """That server in a process of its own."""
    port, file = free_port(), folder / "body"
    file.write_bytes(body)
    process = subprocess.Popen([sys.executable, "-m", "bench.served", "--bare", str(port), path, str(file)])
    try:
        yield _connect(port, path), psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _connect(port: int, path: str) -> Client:
    until_s = time.monotonic() + 30
    while True:
        try:
            client = Client(port)
            client.get(path)
        except OSError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.05)
        else:
            return client


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _cpu_us(process: psutil.Process, client: Client, path: str, requests: int) -> float:
    """CPU microseconds of one request."""
    before_s = _cpu_s(process)
    for _ in range(requests):
        client.get(path)
    return 1e6 * (_cpu_s(process) - before_s) / requests


def measure_kept(client: Client, process: psutil.Process, requests: int, kind: str, folder: Path) -> Iterator[Figure]:
    """One figure for each path that is answered from the cache; both servers are asked in turn."""
    for path in _KEPT:
        with running_bare(path, client.get(path), folder) as (bare, bare_process):
            turns = [(_cpu_us(bare_process, bare, path, requests), _cpu_us(process, client, path, requests)) for _ in range(_TURNS)]
            taken = [client.time_ms(path) for _ in range(requests)]
            plain = [bare.time_ms(path) for _ in range(requests)]
        costs = f"bare {statistics.median(one for one, _ in turns):.0f} us, ours {statistics.median(one for _, one in turns):.0f} us"
        told = f"{kind}: GET {path}: CPU / bare route ({costs}; {_told(taken)}; bare {_told(plain)})"
        yield Figure("P8", told, "<= 1.5", [ours / bare_us for bare_us, ours in turns])


def measure_pages(client: Client, process: psutil.Process, requests: int, kind: str) -> Iterator[Figure]:
    """One figure for each page, and one for the memory of the serving process after all requests."""
    for path, target in _PAGES:
        client.get(path)
        costs = [_cpu_us(process, client, path, requests) / 1000 for _ in range(_TURNS)]
        yield Figure("P8", f"{kind}: GET {path}: CPU ms of one request", target, costs)
    yield Figure("P8", f"{kind}: memory of the serving process, MiB", "(told)", [process.memory_full_info().uss / 2**20])


def measure_search(client: Client, process: psutil.Process, titles: Sequence[str], questions: int, kind: str) -> Figure:
    """p95 of searches for words, two words, and words with a wrong letter, in milliseconds."""
    draw = random.Random(4)
    before_s = _cpu_s(process)
    taken: list[float] = []
    for number in range(questions):
        words = draw.choice(titles).split()
        asked = (words[0], " ".join(words[:2]), words[-1][:1] + words[-1][2:])[number % 3]
        taken.append(client.time_ms(f"{_API}/search?q={quote(asked)}"))
    cpu_ms = 1000 * (_cpu_s(process) - before_s) / questions
    return Figure(
        "P8",
        f"{kind}: GET search: p95 in ms ({_told(taken)}, {cpu_ms:.1f} ms of the server's CPU)",
        "< 100",
        [statistics.quantiles(taken, n=20)[18]],
    )


def _told(taken: Sequence[float]) -> str:
    return f"p50 {statistics.median(taken):.2f} ms, p99 {statistics.quantiles(taken, n=100)[98]:.2f} ms"


def run(kind: str, url: str, folder: Path, videos: int, wanted: argparse.Namespace) -> None:
    """Fill a database, serve it, and print the figures."""
    database = Database(url)
    migrate(database)
    titles = fill(database, videos, wanted.entries, wanted.views)
    print(f"{kind}, {videos} videos", flush=True)
    database.close()
    with Server(folder / "data", YEOUL_CATALOG__URL=url) as server:
        process = next(one for one in server.tree() if {"serve", "api"} <= set(one.cmdline()))
        client = Client(server.port)
        for figure in measure_kept(client, process, wanted.requests, kind, folder):
            print(figure.line(), flush=True)
        for figure in measure_pages(client, process, wanted.requests, kind):
            print(figure.line(), flush=True)
        print(measure_search(client, process, titles, wanted.questions, kind).line(), flush=True)


def main() -> None:
    """Both databases in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--videos", type=int, nargs="+", default=[100_000])
    numbers = (("entries", 1_000_000), ("views", 10_000_000), ("questions", 600), ("requests", 2000))
    for name, default in numbers:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--bare", nargs=3, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.bare:
        serve_bare(int(wanted.bare[0]), wanted.bare[1], Path(wanted.bare[2]).read_bytes())
        return
    for videos in wanted.videos:
        with tempfile.TemporaryDirectory() as name:
            run("sqlite", f"sqlite:///{Path(name) / 'bench.db'}", Path(name), videos, wanted)
        with running_postgres() as server, tempfile.TemporaryDirectory() as name:
            run("postgresql", server.empty(), Path(name), videos, wanted)


if __name__ == "__main__":
    main()
