"""ISO BMFF boxes: where they begin and end, and their fields (ISO/IEC 14496-12, 4.2). Bytes in, structures out."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from yeoul.base.errors import MediaToolError


@dataclass(frozen=True, slots=True)
class Box:
    """A box of data: kind is its four characters; start, payload and end are places in the data."""

    kind: str
    start: int
    payload: int
    end: int


def boxes(data: bytes, start: int, end: int) -> Iterator[Box]:
    """Boxes side by side in data[start:end] (14496-12, 4.2); raises MediaToolError where they do not fill it exactly."""
    while start < end:
        if end - start < 8:
            raise MediaToolError("a box header is cut off", offset=start)
        size, name = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1 and end - start >= 16:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size < header or start + size > end:
            raise MediaToolError("a box is longer than what holds it", offset=start, size=size)
        yield Box(name.decode("latin-1"), start, start + header, start + size)
        start += size


def find_box(data: bytes, outer: Box, path: str, skip: int = 0) -> Box:
    """The first box of each name of a path like "moov/trak", below `outer`, of which `skip` bytes are fields. Raises MediaToolError."""
    for name in path.split("/"):
        found = next((box for box in boxes(data, outer.payload + skip, outer.end) if box.kind == name), None)
        if found is None:
            raise MediaToolError(f"box {name} is missing in {outer.kind}", box=name)
        outer, skip = found, 0
    return outer


def unpack(data: bytes, layout: str, offset: int, end: int) -> tuple[int, ...]:
    """Fields of a box that ends at `end`, as `struct` reads them. Raises MediaToolError where it is shorter."""
    if offset + struct.calcsize(layout) > end:
        raise MediaToolError("a box is shorter than its fields", offset=offset)
    return struct.unpack_from(layout, data, offset)


def whole(data: bytes) -> Box:
    """The file itself, as what holds its boxes."""
    return Box("file", 0, 0, len(data))
