"""Where this server is found, for addresses that leave it."""

from __future__ import annotations

import functools
import ipaddress
import time

import psutil
from fastapi import Request

from yeoul.api.deps import Parts
from yeoul.blob.store import SignedRequest

_LOOK_EVERY_S = 60.0


def make_public_url(request: Request, parts: Parts) -> str:
    """Returns `server.public_url`, without a slash at its end.

    If it is not set, returns the address that the request names, provided that it is `localhost` or an address of this machine. A
    client can send any other name as `Host`, so the address where the server listens is returned instead.
    """
    server = parts.settings.server
    if server.public_url:
        return server.public_url.rstrip("/")
    name, port = _asked(request)
    if name is None or not _is_own(name):
        name, port = ("127.0.0.1" if server.host in ("0.0.0.0", "::", "") else server.host), server.port  # noqa: S104
    host = f"[{name}]" if ":" in name else name
    return f"{request.url.scheme}://{host}" + ("" if port is None else f":{port}")


def make_signed_url(request: Request, parts: Parts, signed: SignedRequest) -> tuple[str, str | None]:
    """Returns the URL of a signed request, and its path if this server answers it (`blob.hosted`)."""
    if signed.url.startswith("/"):
        return f"{make_public_url(request, parts)}{signed.url}", signed.url
    return signed.url, None


def _asked(request: Request) -> tuple[str | None, int | None]:
    try:
        return request.url.hostname, request.url.port
    except ValueError:
        return None, None


def _is_own(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or str(address) in _own_addresses(int(time.monotonic() / _LOOK_EVERY_S))


@functools.lru_cache(maxsize=1)
def _own_addresses(_minute: int) -> frozenset[str]:
    found = (one.address.partition("%")[0] for of_card in psutil.net_if_addrs().values() for one in of_card)
    return frozenset(found)
