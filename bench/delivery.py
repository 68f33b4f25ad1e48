"""P9 and P9r: what one request on the stream path costs the server, beside nginx with the same files.

    python -m bench P9

CPU seconds are those of the serving processes. The client is not counted: plain sockets on a few kept connections, each with a request in
flight. Both servers are asked in turn. The segments are those of the rung whose segments are nearest to 0.7 MB.
"""

from __future__ import annotations

import os
import re
import socket
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psutil

from bench.figure import Figure
from bench.server import Server, free_port
from tests.clips.collection import find_clip

_WINDOW_BYTES: Final = 256 * 1024  # as of a client on a network: a whole segment does not fit, so that the server must wake up for the rest
_WARM_UP: Final = 50
_REQUESTS: Final = 2000
_USER: Final = "user root;" if os.geteuid() == 0 else ""
_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CLIP: Final = "real60-720p.mp4"
_SEGMENT_BYTES: Final = 700_000
_SEGMENTS: Final = 8
_HEAD: Final = (
    "Host: 127.0.0.1:{port}\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
    "Safari/537.36\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br\r\nOrigin: http://127.0.0.1:{port}\r\nSec-Fetch-Mode: cors\r\n\r\n"
)


class Connections:
    """Kept connections to one server. Bodies are read and dropped."""

    def __init__(self, port: int, count: int = 1) -> None:
        self._head = _HEAD.format(port=port)
        self._sockets = [_connect(port) for _ in range(count)]
        self._buffer = bytearray(1 << 20)

    def get(self, *paths: str) -> int:
        """The bytes of these paths together; as many are asked for at once as there are connections."""
        total = 0
        for start in range(0, len(paths), len(self._sockets)):
            turn = list(zip(self._sockets, paths[start : start + len(self._sockets)], strict=False))
            for connection, path in turn:
                connection.sendall(f"GET {path} HTTP/1.1\r\n{self._head}".encode())
            total += sum(self._read_answer(connection, path) for connection, path in turn)
        return total

    def _read_answer(self, connection: socket.socket, path: str) -> int:
        view, got, end = memoryview(self._buffer), 0, -1
        while end < 0:
            got += self._receive(connection, view[got:])
            end = self._buffer.find(b"\r\n\r\n", 0, got)
        head = bytes(self._buffer[: end + 2])
        length = _LENGTH.search(head)
        assert head[9:12] == b"200", (path, head)
        assert length is not None, (path, head)
        left = int(length[1]) - (got - end - 4)
        while left > 0:
            left -= self._receive(connection, view[: min(left, len(view))])
        assert left == 0, (path, left)
        return int(length[1])

    @staticmethod
    def _receive(connection: socket.socket, view: memoryview) -> int:
        received = connection.recv_into(view)
        assert received > 0, "the server closed the connection"
        return received

    def close(self) -> None:
        for connection in self._sockets:
            connection.close()


def _connect(port: int) -> socket.socket:
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW_BYTES)
    connection.connect(("127.0.0.1", port))
    return connection


def cpu_s(processes: Sequence[psutil.Process]) -> float:
    """CPU seconds so far of these processes."""
    return sum(times.user + times.system for times in (process.cpu_times() for process in processes))


def measure(processes: Sequence[psutil.Process], connections: Connections, paths: Sequence[str], requests: int) -> tuple[float, float]:
    """(CPU seconds, bytes) of so many requests for these paths in turn."""
    connections.get(*(paths[number % len(paths)] for number in range(_WARM_UP)))
    before_s = cpu_s(processes)
    total = connections.get(*(paths[number % len(paths)] for number in range(requests)))
    return cpu_s(processes) - before_s, total


@contextmanager
def running_nginx(lengths: Sequence[int], folder: Path) -> Iterator[tuple[int, list[psutil.Process]]]:
    """nginx with one worker, without a log, that serves files 0.m4s, 1.m4s ... of these lengths: its port and its processes."""
    port, root = free_port(), folder / "raw"
    root.mkdir()
    for index, length in enumerate(lengths):
        (root / f"{index}.m4s").write_bytes(os.urandom(length))
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"""daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log; {_USER}
events {{ worker_connections 1024; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type video/mp4;
open_file_cache max=10000; server {{ listen 127.0.0.1:{port}; location / {{ root {root}; }} }} }}
"""
    )
    process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(folder)], stderr=subprocess.DEVNULL)
    try:
        _wait_for(port, folder / "error.log")
        parent = psutil.Process(process.pid)
        yield port, [parent, *parent.children()]
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int, log: Path) -> None:
    until_s = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert time.monotonic() < until_s, log.read_text()
            time.sleep(0.05)
        else:
            return


def find_role(server: Server, role: str) -> list[psutil.Process]:
    """The process of `yeoul serve ROLE`, in a list."""
    found = [process for process in server.tree() if process.cmdline()[2:5] == ["yeoul.cli.main", "serve", role]]
    assert len(found) == 1, [process.cmdline() for process in server.tree()]
    return found


def bench_delivery(pairs: int, requests: int = _REQUESTS) -> list[Figure]:
    """Both figures. The same few files are asked for again and again, so that all come from memory.

    P9 asks for one segment at a time, as its target was measured. P9c has four requests in flight, so that less time goes into waking up.
    """
    large: dict[int, list[float]] = {1: [], 4: []}
    plain: dict[int, list[float]] = {1: [], 4: []}
    small: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as name, Server(Path(name) / "data") as server:
        result = server.upload(find_clip(_CLIP), "--visibility", "public")
        base = result["hls"].rpartition("/")[0].removeprefix(server.url)
        names = [rung["name"] for rung in server.get(f"/api/v1/videos/{result['id']}")["renditions"]]
        rung, lengths = _choose_rung(Connections(server.port), base, names)
        segments = [f"{base}/{rung}/{index}.m4s" for index in range(_SEGMENTS)]
        processes = find_role(server, "api")
        with running_nginx(lengths, Path(name)) as (port, nginx):
            for _ in range(pairs):
                for count, ratios in large.items():
                    theirs = _cost_of_byte(nginx, Connections(port, count), [f"/{index}.m4s" for index in range(_SEGMENTS)], requests)
                    ours = _cost_of_byte(processes, Connections(server.port, count), segments, requests)
                    plain[count].append(1e9 * theirs)
                    ratios.append(ours / theirs)
                for kind, path in _small_files(base, rung).items():
                    taken_s, _ = measure(processes, Connections(server.port), [path], requests)
                    small.setdefault(kind, []).append(1000 * taken_s / requests)
    detail: dict[str, object] = {"nginx, CPU s for each GB": plain, "bytes of a segment": statistics.mean(lengths)}
    return [
        Figure("P9", "CPU of the stream for each GB / nginx with the same files", "<= 2.5", large[1], detail, least=0.5),
        Figure("P9c", "the same with four requests in flight", "(told)", large[4]),
        *(
            Figure(f"P9r{number}", f"CPU of a request for {kind}, ms", "<= 0.30", values, least=0.01)
            for number, (kind, values) in enumerate(small.items(), 1)
        ),
    ]


def _small_files(base: str, rung: str) -> dict[str, str]:
    return {
        "a playlist": f"{base}/{rung}/index.m3u8",
        "the multivariant playlist": f"{base}/master.m3u8",
        "an init segment": f"{base}/{rung}/init.mp4",
        "a segment of sound": f"{base}/audio/1.m4s",
        "the poster": f"{base}/poster.jpg",
    }


def _cost_of_byte(processes: Sequence[psutil.Process], connections: Connections, paths: Sequence[str], requests: int) -> float:
    taken_s, total = measure(processes, connections, paths, requests)
    connections.close()
    return taken_s / total


def _choose_rung(connections: Connections, base: str, names: Sequence[str]) -> tuple[str, list[int]]:
    """The rung whose segments are nearest to the wanted size, and the lengths of its first segments."""
    found = {
        name: [connections.get(f"{base}/{name}/{index}.m4s") for index in range(_SEGMENTS)]
        for name in names
        if not name.startswith("audio")
    }
    return min(found.items(), key=lambda item: abs(statistics.mean(item[1]) - _SEGMENT_BYTES))
