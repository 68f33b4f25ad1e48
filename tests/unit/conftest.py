"""Unit tests open no connections: one that does fails with the name of the address."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest


class ConnectionBarredError(Exception):
    """A unit test tried to connect. It is no OSError, so that code under test cannot take it for a network failure."""


def _is_loopback(address: Any) -> bool:
    """True for the addresses of this machine. address: (host, port, ...) of an IP socket."""
    host = str(address[0])
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _guard(original: Callable[..., Any], barred: list[str], *, may_use_loopback: bool) -> Callable[..., Any]:
    """Wraps a method of sockets whose last argument is an address. barred: gets a message for each connection that was not allowed."""

    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1] if arguments else None
        is_local = self.family == socket.AF_UNIX or (may_use_loopback and isinstance(address, tuple) and _is_loopback(address))
        if not is_local:
            barred.append(
                f"a unit test tried to connect to {address}: test it in tests/contract or tests/e2e, or replace the connection. "
                "If a socket is what you test, mark it `@pytest.mark.loopback` and connect to this machine."
            )
            self.close()
            raise ConnectionBarredError(barred[-1])
        return original(self, *arguments)

    return guarded


@pytest.fixture(autouse=True)
def bar_connections(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Makes `connect`, `connect_ex` and `sendto` of sockets fail, except for Unix sockets and, with the mark `loopback`, this machine.

    The test also fails at its end, for code that caught the exception or ran in another thread.
    """
    barred: list[str] = []
    may_use_loopback = request.node.get_closest_marker("loopback") is not None
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, _guard(getattr(socket.socket, name), barred, may_use_loopback=may_use_loopback))
    yield barred
    if barred:
        pytest.fail(barred[0])
