"""Posts a delivery: looks up the host once, checks its addresses, and connects to exactly these addresses."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

import httpx

from yeoul.base.errors import WebhookError
from yeoul.webhook.address import is_public

TIMEOUT_S = 10.0
_MAX_ADDRESSES = 3  # to try for one host
_LOOKUP_THREADS = 32  # so that a slow name server delays only its own webhooks


class Poster(Protocol):
    """Posts JSON and returns the HTTP status. Raises WebhookError if there is no response."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int: ...


class HttpPoster:
    """Posts over HTTP/1.1 with a new connection for each delivery, because a pool would reuse connections by IP address, not by host.

    It does not follow redirects and ignores proxies from the environment, because both would look up the host again.
    """

    def __init__(self, *, allow_private: bool, trust: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """trust: the TLS configuration; None: the usual certificate authorities. timeout_s: for the whole delivery, with the lookup."""
        self._allow_private = allow_private
        self._trust = trust or httpx.create_ssl_context()
        self._timeout_s = timeout_s
        self._lookups = ThreadPoolExecutor(_LOOKUP_THREADS, thread_name_prefix="webhook-name")

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(httpx.URL(url), headers, body)
        except TimeoutError as error:
            raise WebhookError(f"no response within {self._timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise WebhookError(f"no response: {error or type(error).__name__}"[:300]) from error

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> int:
        all_headers = {"Host": url.netloc.decode("ascii"), "Content-Type": "application/json", "User-Agent": "Yeoul", **headers}
        tls = {"sni_hostname": _host(url)}
        async with httpx.AsyncClient(verify=self._trust, trust_env=False, timeout=None) as client:  # noqa: S113 (`post` limits it)
            addresses = await self._look_up(url)
            for last, address in enumerate(addresses, 1 - len(addresses)):
                target = url.copy_with(host=address)
                try:
                    async with client.stream("POST", target, headers=all_headers, content=body, extensions=tls) as response:
                        return response.status_code
                except httpx.ConnectError:
                    if last == 0:
                        raise
        raise WebhookError(f"{_host(url)} has no address")

    async def _look_up(self, url: httpx.URL) -> list[str]:
        """Returns the IP addresses of a URL's host. Raises WebhookError if one of them is not public."""
        port = url.port or (443 if url.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        host = _host(url)
        entries = await loop.run_in_executor(self._lookups, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise WebhookError(f"{_host(url)} has an address that is not public")
        return addresses[:_MAX_ADDRESSES]


def _host(url: httpx.URL) -> str:
    """Returns the URL's host in ASCII (IDNA), because some hosts cannot be decoded to Unicode."""
    return url.raw_host.decode("ascii")
