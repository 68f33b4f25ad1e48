"""Bounds of what one request may send, and of how slowly: headers, address, body. Media go to presigned URLs, which say their size."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable

import anyio.to_thread
from fastapi import Request
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from yeoul.api.problem import make_problem
from yeoul.base.errors import BodyTooLargeError, YeoulError

_MAX_HEADER_BYTES = 32 * 2**10
_MAX_ADDRESS_BYTES = 16 * 2**10
_MAX_BODY_BYTES = 2**20
_MAX_LARGE_BYTES = 16 * 2**20
# Bodies with captions, pictures or the ends of a file, for which there must be somebody who may send them.
_LARGE = re.compile(r"/api/v1/(?:videos/[^/]+/(?:upload|captions/[^/]+|poster)|uploads/probe|accounts/me/avatar)")
_MEDIA = "/blob/"
_DROPPED_BYTES = 32 * 2**20
# A body may pause for so long; over all of it, it must come faster than a line of 1990 would bring it.
_IDLE_S = 60.0
_GRACE_S = 30.0
_LEAST_BYTES_PER_S = 256.0


class RequestLimits:
    """ASGI middleware; `is_known` tells whether a request comes with a session or token that holds.

    Answers 413 to headers of more than 32 KiB, an address of more than 16 KiB, and a body of more than 1 MiB (16 MiB for captions and
    pictures, if the sender is known), while they come; 408 to a body that comes too slowly.
    """

    def __init__(self, app: ASGIApp, is_known: Callable[[Request], bool]) -> None:
        self._app = app
        self._is_known = is_known

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if (refused := _check_head(scope)) is not None:
            await make_problem(refused)(scope, receive, send)
            return
        await self._app(scope, _Body(receive, await self._most(scope)).receive, send)

    async def _most(self, scope: Scope) -> float:
        """How many bytes the body may have."""
        if scope["path"].startswith(_MEDIA):
            return float("inf")
        if scope["method"] in ("GET", "HEAD") or not _LARGE.fullmatch(scope["path"]):
            return _MAX_BODY_BYTES
        known = await anyio.to_thread.run_sync(self._is_known, Request(scope))
        return _MAX_LARGE_BYTES if known else _MAX_BODY_BYTES


class _Body:
    """The body of one request as the application receives it. Raises HTTPException, which alone passes through FastAPI's reading."""

    def __init__(self, receive: Receive, most_bytes: float) -> None:
        self._receive = receive
        self._most_bytes = most_bytes
        self._bytes = 0
        self._began_s = time.monotonic()
        self._has_ended = False

    async def receive(self) -> Message:
        if self._has_ended:  # what comes now is the end of the connection, whenever that is
            return await self._receive()
        message = await self._next()
        if self._bytes > self._most_bytes:
            # Who still sends does not read: most clients see the answer only once their body has gone.
            while not self._has_ended and self._bytes < self._most_bytes + _DROPPED_BYTES:
                await self._next()
            raise HTTPException(413, f"this body may have at most {self._most_bytes:.0f} bytes")
        return message

    async def _next(self) -> Message:
        message = await self._wait()
        self._bytes += len(message.get("body", b""))
        self._has_ended = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    async def _wait(self) -> Message:
        now_s = time.monotonic()
        due_s = self._began_s + _GRACE_S + self._bytes / _LEAST_BYTES_PER_S
        try:
            async with asyncio.timeout(max(0.0, min(due_s - now_s, _IDLE_S))):
                return await self._receive()
        except TimeoutError as error:
            # The rest of the body is not waited for.
            raise HTTPException(408, "the body came too slowly", {"Connection": "close"}) from error


def _check_head(scope: Scope) -> YeoulError | None:
    if sum(len(name) + len(value) + 4 for name, value in scope["headers"]) > _MAX_HEADER_BYTES:
        return BodyTooLargeError(f"the headers may have at most {_MAX_HEADER_BYTES} bytes", max_bytes=_MAX_HEADER_BYTES)
    if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > _MAX_ADDRESS_BYTES:
        return BodyTooLargeError(f"the address may have at most {_MAX_ADDRESS_BYTES} bytes", max_bytes=_MAX_ADDRESS_BYTES)
    return None
