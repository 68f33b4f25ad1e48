"""The bar of `conftest.py` holds: unit tests cannot connect, and those with the mark reach this machine only."""

from __future__ import annotations

import http.client
import socket
import threading
from pathlib import Path

import pytest

from tests.unit.conftest import ConnectionBarredError

_OUTSIDE = ("192.0.2.1", 443)  # of a network for documentation (RFC 5737)


def _forgive(barred: list[str], count: int) -> None:
    """The attempts that a test made on purpose do not fail it."""
    assert len(barred) == count
    barred.clear()


@pytest.mark.parametrize("address", [_OUTSIDE, ("127.0.0.1", 9), ("localhost", 9)])
def test_no_connection_is_opened(address: tuple[str, int], bar_connections: list[str]):
    with socket.socket() as plain, pytest.raises(ConnectionBarredError, match="a unit test tried to connect to"):
        plain.connect(address)
    with socket.socket() as plain, pytest.raises(ConnectionBarredError):
        plain.connect_ex(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain, pytest.raises(ConnectionBarredError):
        plain.sendto(b"x", address)
    _forgive(bar_connections, 3)


def test_libraries_are_barred_too(bar_connections: list[str]):
    with pytest.raises(ConnectionBarredError):
        http.client.HTTPConnection("127.0.0.1", 9).request("GET", "/")
    _forgive(bar_connections, 1)


def test_an_attempt_that_is_caught_or_in_another_thread_is_noted(bar_connections: list[str]):
    def try_it() -> None:
        try:
            socket.create_connection(("127.0.0.1", 9))
        except ConnectionBarredError:
            pass

    thread = threading.Thread(target=try_it)
    thread.start()
    thread.join()
    _forgive(bar_connections, 1)


def test_unix_sockets_are_open(tmp_path: Path):
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)


@pytest.mark.loopback
def test_the_mark_opens_this_machine_only(bar_connections: list[str]):
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
    with socket.socket() as plain, pytest.raises(ConnectionBarredError):
        plain.connect(_OUTSIDE)
    _forgive(bar_connections, 1)
