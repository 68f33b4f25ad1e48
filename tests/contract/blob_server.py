"""The smallest HTTP server that serves a LocalStore's signed URLs, for the blob contract."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, unquote, urlsplit

from yeoul.base.errors import YeoulError
from yeoul.blob.local import LocalStore
from yeoul.blob.receive import SignedPut, receive

_SECRET = b"the secret of this test"


class _Handler(BaseHTTPRequestHandler):
    store: LocalStore

    def do_PUT(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)  # whole, since a refusal before the body was read resets the connection
        self._answer(lambda bucket, key, query: self._put(SignedPut(bucket, key, query, length), body))

    def do_GET(self) -> None:
        self._answer(self._get)

    def _put(self, put: SignedPut, body: bytes) -> bytes:
        receive(self.store, put, (body[:500], body[500:]), time.time())
        return b""

    def _get(self, bucket: str, key: str, query: dict[str, str]) -> bytes:
        grant = self.store.check_url("GET", bucket, key, query, time.time())
        return self.store.get_bytes(grant.bucket, grant.key)

    def _parts(self) -> tuple[str, str, dict[str, str]]:
        address = urlsplit(self.path)
        _, bucket, key = unquote(address.path).removeprefix("/").split("/", 2)
        return bucket, key, dict(parse_qsl(address.query))

    def _answer(self, work: Callable[[str, str, dict[str, str]], bytes]) -> None:
        try:
            status, body = 200, work(*self._parts())
        except YeoulError as error:
            status, body = error.http_status, error.code.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name the base class gave it)
        """Nothing: test output stays readable."""


@contextmanager
def served_store(root: Path, reserve_bytes: int = 0) -> Iterator[LocalStore]:
    """A LocalStore whose URLs work while the block runs."""
    handler = type("Handler", (_Handler,), {})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        store = LocalStore(root, f"http://127.0.0.1:{server.server_port}", _SECRET, reserve_bytes)
        handler.store = store
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield store
        finally:
            server.shutdown()
            thread.join()
