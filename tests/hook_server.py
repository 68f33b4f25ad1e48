"""A receiver of webhooks for tests: answers as it is told, and keeps what it was sent."""

from __future__ import annotations

import queue
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.harness.pace import patience_s


@dataclass(frozen=True)
class Message:
    path: str
    headers: dict[str, str]
    body: bytes


class HookServer:
    """A context manager. answers: status by path, 200 where none is named; `hold`, while it is clear, lets no answer to /slow out."""

    def __init__(self, *, tls: ssl.SSLContext | None = None) -> None:
        self.answers: dict[str, int] = {}
        self.messages: queue.Queue[Message] = queue.Queue()
        self.hold = threading.Event()
        self._server = _Listener(("127.0.0.1", 0), _Talk)
        self._server.owner = self
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    def next_message(self, timeout_s: float = patience_s()) -> Message:
        """The next message that comes."""
        return self.messages.get(timeout=timeout_s)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.set()
        self._server.shutdown()
        self._server.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    owner: HookServer

    def handle_error(self, *_: object) -> None:
        """Clients hang up here: that is what some tests are about."""


class _Talk(BaseHTTPRequestHandler):
    server: _Listener

    def do_POST(self) -> None:
        owner = self.server.owner
        body = self.rfile.read(int(self.headers["Content-Length"]))
        owner.messages.put(Message(self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        if self.path == "/slow":
            owner.hold.wait(patience_s())
        status = owner.answers.get(self.path, 200)
        self.send_response(status)
        if 300 <= status < 400:
            self.send_header("Location", "/redirected")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass
