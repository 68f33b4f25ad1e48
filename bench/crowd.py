"""Many uploads at once, and what the server's machine and its other visitors notice of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from bench.process import tree_memory_bytes
from bench.server import Server

_MEMORY_EVERY_S = 0.5
_REQUEST_EVERY_S = 0.05


@dataclass
class Load:
    """What was seen while a crowd uploaded: PSS of the server's tree in bytes, and (path, seconds, status) of each request."""

    pss_bytes: list[int] = field(default_factory=list)
    answers: list[tuple[str, float, int]] = field(default_factory=list)

    def slow_s(self, percentile: float = 99) -> float:
        return float(np.percentile([seconds for _, seconds, _ in self.answers], percentile))

    def __str__(self) -> str:
        slowest = sorted(self.answers, key=lambda answer: -answer[1])[:5]
        return (
            f"PSS at most {max(self.pss_bytes, default=0) / 2**20:.0f} MiB in {len(self.pss_bytes)} samples; "
            f"{len(self.answers)} requests, p50 {self.slow_s(50) * 1000:.0f} ms, p99 {self.slow_s() * 1000:.0f} ms, slowest {slowest}"
        )


@dataclass(frozen=True)
class Crowd:
    """Results of `yeoul upload --json` by file name, and the load that they made; lasted_s: from the first to the last."""

    results: dict[str, dict[str, Any]]
    load: Load
    lasted_s: float


def upload_crowd(server: Server, files: Sequence[Path], *options: str, uploaders: int = 8) -> Crowd:
    """Upload all files by so many uploaders at once, each a process of its own, and wait until every video has ended."""
    load, ended = Load(), threading.Event()
    watchers = [threading.Thread(target=look, args=(server, load, ended)) for look in (_watch_memory, _visit)]
    for watcher in watchers:
        watcher.start()
    began_s = time.monotonic()
    try:
        with ThreadPoolExecutor(uploaders) as pool:
            uploads = [pool.submit(server.upload, file, *options) for file in files]
            results = {file.name: upload.result() for file, upload in zip(files, uploads, strict=True)}
    finally:
        lasted_s = time.monotonic() - began_s
        ended.set()
        for watcher in watchers:
            watcher.join()
    return Crowd(results, load, lasted_s)


def _watch_memory(server: Server, load: Load, ended: threading.Event) -> None:
    while not ended.wait(_MEMORY_EVERY_S):
        load.pss_bytes.append(tree_memory_bytes(server.pid))


def _visit(server: Server, load: Load, ended: threading.Event) -> None:
    """One visitor after the other: the feed, then the newest video's data and page."""
    with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {server.token}"}, timeout=30) as client:
        newest: str | None = None
        while not ended.wait(_REQUEST_EVERY_S):
            answer = _ask(client, load, "/api/v1/feed")
            items = answer.json()["items"] if answer is not None and answer.status_code == 200 else []
            newest = items[0]["id"] if items else newest
            for path in [f"/api/v1/videos/{newest}", f"/watch/{newest}"] if newest is not None else []:
                _ask(client, load, path)


def _ask(client: httpx.Client, load: Load, path: str) -> httpx.Response | None:
    """The answer, noted; one that does not come is noted with status 0."""
    began_s = time.monotonic()
    try:
        answer = client.get(path)
    except httpx.TransportError:
        answer = None
    load.answers.append((path, time.monotonic() - began_s, 0 if answer is None else answer.status_code))
    return answer
