"""Limits the size of headers, URLs and bodies, and how slowly a body may arrive. Media go to presigned URLs, which sign their size."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import anyio.to_thread
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yeoul.api.body_pace import find_due_s
from yeoul.api.problem import make_problem
from yeoul.base.errors import BodyTooLargeError, YeoulError

_MAX_HEADER_BYTES = 32 * 2**10
_MAX_URL_BYTES = 16 * 2**10
_MAX_BODY_BYTES = 2**20
_MAX_LARGE_BYTES = 16 * 2**20
# Bodies with captions, pictures or the ends of a file. Only authenticated clients may send large ones.
_LARGE = re.compile(r"/api/v1/(?:videos/[^/]+/(?:upload|captions/[^/]+|poster)|uploads/probe|accounts/me/avatar)")
_MAX_DISCARDED_BYTES = 32 * 2**20


class RequestLimits:
    """ASGI middleware that refuses requests that are too large or too slow.

    is_authenticated: true if the request has a valid session or token.

    It answers 413 to headers of more than 32 KiB, a URL of more than 16 KiB, and a body of more than 1 MiB (16 MiB for captions and
    pictures of authenticated clients). It answers 408 to a body that arrives too slowly.
    """

    def __init__(self, app: ASGIApp, is_authenticated: Callable[[Request], bool]) -> None:
        self._app = app
        self._is_known = is_authenticated

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (error := check_head(scope)) is not None:
            await make_problem(error)(scope, receive, send)
            return
        await self._app(scope, _Body(receive, await self._max_body_bytes(scope)).receive, send)

    async def _max_body_bytes(self, scope: Scope) -> float:
        """Returns the maximum size of the body in bytes."""
        if scope["method"] in ("GET", "HEAD") or not _LARGE.fullmatch(scope["path"]):
            return _MAX_BODY_BYTES
        is_authenticated = await anyio.to_thread.run_sync(self._is_known, Request(scope))
        return _MAX_LARGE_BYTES if is_authenticated else _MAX_BODY_BYTES


class _Body:
    """The body of one request. Raises HTTPException, because FastAPI hides other exceptions while it reads a body."""

    def __init__(self, receive: Receive, max_bytes: float) -> None:
        self._receive = receive
        self._max_bytes = max_bytes
        self._received_bytes = 0
        self._started_s = time.monotonic()
        self._has_ended = False

    async def receive(self) -> Message:
        if self._has_ended:  # the next message is the disconnect, which has no time limit
            return await self._receive()
        message = await self._next()
        if self._received_bytes > self._max_bytes:
            # Most clients read the response only after they have sent the whole body.
            while not self._has_ended and self._received_bytes < self._max_bytes + _MAX_DISCARDED_BYTES:
                await self._next()
            raise HTTPException(413, f"the body can have at most {self._max_bytes:.0f} bytes")
        return message

    async def _next(self) -> Message:
        message = await self._wait()
        self._received_bytes += len(message.get("body", b""))
        self._has_ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _wait(self) -> Message:
        now_s = time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, find_due_s(self._started_s, self._received_bytes, now_s) - now_s)):
                return await self._receive()
        except TimeoutError as error:
            # The server does not wait for the rest of the body.
            raise HTTPException(408, "the body arrived too slowly", {"Connection": "close"}) from error


def check_head(scope: Scope) -> YeoulError | None:
    """Returns the error for a request whose headers or URL are too large; None for all others."""
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > _MAX_HEADER_BYTES:
        return BodyTooLargeError(f"the headers can have at most {_MAX_HEADER_BYTES} bytes", max_bytes=_MAX_HEADER_BYTES)
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > _MAX_URL_BYTES:
        return BodyTooLargeError(f"the URL can have at most {_MAX_URL_BYTES} bytes", max_bytes=_MAX_URL_BYTES)
    return None
