"""What the S3 store does with answers that a well-meaning service gives and obstore refuses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from yeoul.base.clock import SystemClock
from yeoul.base.errors import StorageError
from yeoul.blob.s3 import S3Place, S3Store
from yeoul.blob.sigv4 import Credentials
from yeoul.blob.store import Bucket


@contextmanager
def service(overtaken: int) -> Iterator[tuple[S3Store, list[bytes]]]:
    """A service that answers the first `overtaken` PUTs as Swift does when a newer PUT of the same key came first: 202, no ETag."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_PUT(self) -> None:
            bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(202 if len(bodies) <= overtaken else 200)
            if len(bodies) > overtaken:
                self.send_header("etag", '"0123"')
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        place = S3Place(f"http://127.0.0.1:{server.server_port}", "test", Credentials("key", "secret", "us-east-1"))
        yield S3Store(place, SystemClock()), bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_put_that_another_one_overtook_is_sent_again():
    with service(overtaken=2) as (store, bodies):
        store.put_bytes(Bucket.TEMP, "key", b"body")
    assert bodies == [b"body"] * 3


def test_a_service_that_never_confirms_a_put_is_an_error():
    with service(overtaken=100) as (store, bodies), pytest.raises(StorageError, match="ETag"):
        store.put_bytes(Bucket.TEMP, "key", b"body")
    assert bodies == [b"body"] * 4
