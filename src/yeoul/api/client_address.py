"""The address that a request came from."""

from __future__ import annotations

from fastapi import Request

from yeoul.base.settings import ServerSettings


def client_address(request: Request, server: ServerSettings) -> str:
    """Returns the client's IP address. Behind proxies, this is the address that our outermost proxy saw."""
    hops = server.proxies
    if hops > 0:
        addresses = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
        if hops <= len(addresses):
            return addresses[-hops][:64]
    return request.client.host if request.client is not None else ""
