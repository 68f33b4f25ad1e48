"""The way out: one POST to an address that was looked up once, checked, and is the one that is connected to."""

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
_TRIED = 3  # addresses of one name
_LOOKUPS = 32  # a name server that is slow holds up its own webhooks alone


class Poster(Protocol):
    """Posts JSON; the status of the answer. Raises WebhookError when there was none."""

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int: ...


class HttpPoster:
    """Posts by HTTP/1.1 with a connection for each message, since one that is kept would be found by its address, and not by its name.

    Redirects are answers like others, and no proxy of the environment is asked: it would look the name up again.
    """

    def __init__(self, *, allow_private: bool, trust: ssl.SSLContext | None = None, timeout_s: float = TIMEOUT_S) -> None:
        """trust: whom TLS trusts; None: the usual authorities. timeout_s: for all of it, from the name to the answer."""
        self._allow_private = allow_private
        self._trust = trust or httpx.create_ssl_context()
        self._timeout_s = timeout_s
        self._lookups = ThreadPoolExecutor(_LOOKUPS, thread_name_prefix="webhook-name")

    async def post(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._post(httpx.URL(url), headers, body)
        except TimeoutError as error:
            raise WebhookError(f"no answer within {self._timeout_s:g} s") from error
        except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
            raise WebhookError(f"no answer: {error or type(error).__name__}"[:300]) from error

    async def _post(self, url: httpx.URL, headers: Mapping[str, str], body: bytes) -> int:
        sent = {"Host": url.netloc.decode("ascii"), "Content-Type": "application/json", "User-Agent": "Yeoul", **headers}
        tls = {"sni_hostname": _host(url)}
        async with httpx.AsyncClient(verify=self._trust, trust_env=False, timeout=None) as client:  # noqa: S113 (the caller limits all of it)
            addresses = await self._look_up(url)
            for last, address in enumerate(addresses, 1 - len(addresses)):
                target = url.copy_with(host=address)
                try:
                    async with client.stream("POST", target, headers=sent, content=body, extensions=tls) as answer:
                        return answer.status_code
                except httpx.ConnectError:
                    if last == 0:
                        raise
        raise WebhookError(f"{_host(url)} has no address")

    async def _look_up(self, url: httpx.URL) -> list[str]:
        """The addresses of a URL's host, all of them checked. Raises WebhookError where one of them is not public."""
        port = url.port or (443 if url.scheme == "https" else 80)
        loop = asyncio.get_running_loop()
        host = _host(url)
        found = await loop.run_in_executor(self._lookups, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(is_public(address) for address in addresses):
            raise WebhookError(f"{_host(url)} leads to an address that is not public")
        return addresses[:_TRIED]


def _host(url: httpx.URL) -> str:
    """As it goes over the wire; its readable form does not exist of all."""
    return url.raw_host.decode("ascii")
