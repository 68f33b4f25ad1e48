"""Frames between owner, zygote and attempt: a small JSON head that all three read, and a body that only owner and attempt read.

Wire format: 4 bytes head length, 4 bytes body length (big endian), head, body. The zygote forwards bodies without parsing them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

_LENGTHS = struct.Struct(">II")


class Frame(NamedTuple):
    """One message."""

    head: dict[str, Any]
    body: bytes


def pack(head: Mapping[str, Any], body: bytes = b"") -> bytes:
    """Returns the bytes of one frame."""
    head_bytes = json.dumps(head, separators=(",", ":")).encode()
    return _LENGTHS.pack(len(head_bytes), len(body)) + head_bytes + body


class FrameReader:
    """Splits a byte stream into frames.

    max_bytes: the maximum size of a frame, head and body together. Raises ValueError for a larger frame, or a head that is not a JSON
    object.
    """

    def __init__(self, max_bytes: int = 2**33) -> None:
        self._most_bytes = max_bytes
        self._pending = bytearray()

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Appends `data` to the stream and yields every frame that is complete now."""
        self._pending += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if len(self._pending) < _LENGTHS.size:
            return None
        head_size, body_size = _LENGTHS.unpack_from(self._pending)
        if head_size + body_size > self._most_bytes:
            raise ValueError(f"a frame of {head_size + body_size} bytes is too large")
        body_at = _LENGTHS.size + head_size
        end = body_at + body_size
        if len(self._pending) < end:
            return None
        try:
            head: object = json.loads(self._pending[_LENGTHS.size : body_at])
        except RecursionError as error:
            raise ValueError("the head of a frame is nested too deeply") from error
        if not isinstance(head, dict):
            raise ValueError("the head of a frame is not a JSON object")  # noqa: TRY004 - the sender's mistake, not the caller's
        body = bytes(self._pending[body_at:end])
        del self._pending[:end]
        return Frame(cast("dict[str, Any]", head), body)
