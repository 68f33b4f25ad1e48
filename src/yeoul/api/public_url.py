"""The public URL of this server, for links that other programs follow."""

from __future__ import annotations

import functools
import ipaddress
import time

import psutil
from fastapi import Request

from yeoul.api.deps import Parts
from yeoul.blob.store import SignedRequest

_REFRESH_EVERY_S = 60.0


def make_public_url(request: Request, parts: Parts) -> str:
    """Returns `server.public_url`, without a trailing slash.

    If it is not set, returns the URL that the request used, if its host is `localhost` or an address of this machine. Clients can send
    any other name as `Host`, so for all others, returns the address on which the server listens.
    """
    server = parts.settings.server
    if server.public_url:
        return server.public_url.rstrip("/")
    name, port = _requested_host(request)
    if name is None or not _is_own_host(name):
        name, port = ("127.0.0.1" if server.host in ("0.0.0.0", "::", "") else server.host), server.port  # noqa: S104
    host = f"[{name}]" if ":" in name else name
    return f"{request.url.scheme}://{host}" + ("" if port is None else f":{port}")


def make_signed_url(request: Request, parts: Parts, signed: SignedRequest) -> tuple[str, str | None]:
    """Returns the URL of a signed request, and its path if this server answers it (`blob.hosted`), else None."""
    if signed.url.startswith("/"):
        return f"{make_public_url(request, parts)}{signed.url}", signed.url
    return signed.url, None


def _requested_host(request: Request) -> tuple[str | None, int | None]:
    try:
        return request.url.hostname, request.url.port
    except ValueError:
        return None, None


def _is_own_host(name: str) -> bool:
    if name.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    return address.is_loopback or str(address) in _own_addresses(int(time.monotonic() / _REFRESH_EVERY_S))


@functools.lru_cache(maxsize=1)
def _own_addresses(_minute: int) -> frozenset[str]:
    return frozenset(entry.address.partition("%")[0] for entries in psutil.net_if_addrs().values() for entry in entries)
