"""Reads request bodies that are not JSON."""

from __future__ import annotations

from fastapi import Request

from yeoul.base.errors import BodyTooLargeError


async def read_body(request: Request, max_bytes: int, what: str = "a picture") -> bytes:
    """Returns the whole request body. Raises BodyTooLargeError as soon as it exceeds max_bytes. what: names the body in the message."""
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > max_bytes:
            raise BodyTooLargeError(f"{what} can have at most {max_bytes} bytes", max_bytes=max_bytes)
    return bytes(data)
