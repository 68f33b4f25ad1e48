"""P15 and P16: what receiving an upload costs the server and the client, and how fast it is, alone and while its pieces are encoded.

    python -m bench P15

The server is held against a bare granian route that hashes and writes bodies of the same size, the client's CPU against reading and hashing
the file once, its speed against one `curl -T` to the bare route. The pipeline is suspended meanwhile, so that nothing is encoded. P16 is
the same upload with and without the pipeline.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psutil

from bench.browser_upload import make_large
from bench.delivery import cpu_s, find_role
from bench.figure import Figure
from bench.process import Cost, run_cost
from bench.server import Server, free_port

_LARGE_BYTES: Final = 1_000_000_000
_BODY_BYTES: Final = 16_000_000  # about a piece of the file
_BODIES: Final = 16


def serve_bare(port: int, folder: Path) -> None:
    """Until killed: hashes and writes each body in blocks, and syncs it, served as `yeoul serve api` serves."""
    from granian.constants import Interfaces  # noqa: PLC0415 (as the server does)
    from granian.server.embed import Server as Granian  # noqa: PLC0415

    async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
        digest, path = hashlib.sha256(), folder / scope["path"].rpartition("/")[2]
        with path.open("wb") as file:
            block, has_more = bytearray(), True
            while has_more:
                message = await receive()
                block += message.get("body", b"")
                has_more = message.get("more_body", False)
                if len(block) >= 1 << 20 or not has_more:
                    await asyncio.to_thread(lambda data: (digest.update(data), file.write(data)), bytes(block))
                    block.clear()
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        path.unlink()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    place: dict[str, Any] = {"address": "127.0.0.1", "port": port, "interface": Interfaces.ASGI}
    asyncio.run(Granian(app, **place, log_enabled=False, runtime_blocking_threads=8, backlog=1024).serve())


@contextmanager
def _running_bare(folder: Path) -> Iterator[tuple[int, psutil.Process]]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "bench.receiving", str(port), str(folder)])
    try:
        until_s = time.monotonic() + 30
        while subprocess.run(["curl", "-sf", "-T", os.devnull, f"http://127.0.0.1:{port}/0"], check=False).returncode:
            assert time.monotonic() < until_s
            time.sleep(0.1)
        yield port, psutil.Process(process.pid)
    finally:
        process.kill()
        process.wait()


def _bare_cost(port: int, process: psutil.Process, body: Path) -> Cost:
    """Of as many bodies as make about as many bytes as `_BODIES` pieces, by one curl each."""
    before_s, began_s = cpu_s([process]), time.monotonic()
    for index in range(_BODIES):
        subprocess.run(["curl", "-sf", "-T", str(body), f"http://127.0.0.1:{port}/{index}"], check=True)
    return Cost(time.monotonic() - began_s, cpu_s([process]) - before_s)


def bench_receiving(pairs: int) -> list[Figure]:
    """All in CPU seconds for each GB, and bytes a second, as ratios."""
    server_cpu, client_cpu, speed, beside, rows = [], [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large, body, bare = folder / "large.mp4", folder / "body", folder / "bare"
        make_large(_LARGE_BYTES, large)
        body.write_bytes(os.urandom(_BODY_BYTES))
        bare.mkdir()
        gigabytes, bare_gigabytes = large.stat().st_size / 1e9, _BODY_BYTES * _BODIES / 1e9
        with _running_bare(bare) as (port, process):
            for _ in range(pairs):
                plain = _bare_cost(port, process, body)
                hashed = run_cost(["sha256sum", str(large)])
                ours, client_s = _measure(large, folder)
                encoding, _ = _measure(large, folder, is_encoding=True)
                server_cpu.append((ours.cpu_s / gigabytes) / (plain.cpu_s / bare_gigabytes))
                client_cpu.append(client_s / hashed.cpu_s)
                speed.append((gigabytes / ours.wall_s) / (bare_gigabytes / plain.wall_s))
                beside.append(encoding.wall_s / ours.wall_s)
                row = {"server_s_per_gb": ours.cpu_s / gigabytes, "client_s_per_gb": client_s / gigabytes}
                rows.append({**row, "wall_s": ours.wall_s, "wall_beside_encoding_s": encoding.wall_s})
    detail: dict[str, object] = {"runs": rows}
    return [
        Figure("P15", "receiving: CPU of the server for each GB / bare route that hashes and writes", "<= 1.5", server_cpu, detail),
        Figure("P15c", "receiving: CPU of the client / sha256sum of the file", "<= 1.5", client_cpu),
        Figure("P15w", "receiving: bytes a second / curl -T to the bare route", ">= 0.6", speed),
        Figure("P16", "receiving: wall beside the encode of its own pieces / with workers stopped", "<= 1.3", beside),
    ]


def _measure(large: Path, folder: Path, *, is_encoding: bool = False) -> tuple[Cost, float]:
    """(wall and CPU seconds of the server, CPU seconds of the client) of one upload. is_encoding: its pieces are encoded meanwhile."""
    with tempfile.TemporaryDirectory(dir=folder) as name, Server(Path(name) / "data") as server:
        (pipeline,) = find_role(server, "pipeline")
        if not is_encoding:
            pipeline.send_signal(signal.SIGSTOP)
        try:
            receiving = find_role(server, "api")
            before_s, began_s = cpu_s(receiving), time.monotonic()
            client_before = resource.getrusage(resource.RUSAGE_CHILDREN)
            server.cli(*server.upload_words(large, "--wait", "none"), check=True)
            client = resource.getrusage(resource.RUSAGE_CHILDREN)
            cost = Cost(time.monotonic() - began_s, cpu_s(receiving) - before_s)
        finally:
            pipeline.send_signal(signal.SIGCONT)
        return cost, client.ru_utime + client.ru_stime - client_before.ru_utime - client_before.ru_stime


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args()
    serve_bare(arguments.port, arguments.folder)
