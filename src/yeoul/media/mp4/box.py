"""Parses ISO BMFF boxes and their fields from bytes (ISO/IEC 14496-12, 4.2)."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from yeoul.base.errors import MediaToolError


@dataclass(frozen=True, slots=True)
class Box:
    """A box. kind: its four characters. start, payload and end: offsets in the data."""

    kind: str
    start: int
    payload: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Yields the boxes in data[start:end] (14496-12, 4.2). Raises MediaToolError if they do not fill it exactly."""
    while start < end:
        if end - start < 8:
            raise MediaToolError("a box header is cut off", offset=start)
        size, name = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and end - start >= 16:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < header or start + size > end:
            raise MediaToolError("a box is longer than its container", offset=start, size=size)
        yield Box(name.decode("latin-1"), start, start + header, start + size)
        start += size


def find_box(data: bytes, outer: Box, path: str, skip: int = 0) -> Box:
    """Returns the box at a path like "moov/trak" inside `outer`, whose first `skip` payload bytes are fields. Raises MediaToolError."""
    for name in path.split("/"):
        inner = next((box for box in boxes(data, outer.payload + skip, outer.end) if box.kind == name), None)
        if inner is None:
            raise MediaToolError(f"box {name} is missing in {outer.kind}", box=name)
        outer, skip = inner, 0
    return outer


def unpack(data: bytes, layout: str, offset: int, end: int) -> tuple[int, ...]:
    """Unpacks fields with `struct` from a box that ends at `end`. Raises MediaToolError if the box is shorter."""
    if offset + struct.calcsize(layout) > end:
        raise MediaToolError("a box is shorter than its fields", offset=offset)
    return struct.unpack_from(layout, data, offset)


def make_root_box(data: bytes) -> Box:
    """Returns a pseudo box that contains all boxes of the data."""
    return Box("file", 0, 0, len(data))
