"""A limit on the size of JSON bodies; media never pass through the API, they go to presigned URLs."""

from __future__ import annotations

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 16 * 2**20


class BodyLimit:
    """ASGI middleware: a longer body below `prefix` is answered with 413 while it comes."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefix):
            await self._app(scope, receive, send)
            return
        left_bytes = MAX_BODY_BYTES

        async def counted() -> Message:
            nonlocal left_bytes
            message = await receive()
            left_bytes -= len(message.get("body", b""))
            if left_bytes < 0:
                raise HTTPException(413, f"a body may have at most {MAX_BODY_BYTES} bytes")
            return message

        await self._app(scope, counted, send)
