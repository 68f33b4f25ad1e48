"""The boxes of fragments with other sizes and places, or with none: what they say of the samples of one file only."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.clips.mp4_boxes import Box

_OFFSET, _FIRST_FLAGS, _DURATION, _SIZE, _FLAGS, _CTS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800


def clear_sizes(moof: Box) -> None:
    """Leaves out how large the samples are and where."""
    for traf in moof.find_all("traf"):
        tfhd, trun = traf.get("tfhd"), traf.get("trun")
        samples = struct.unpack_from(">I", trun.payload, 4)[0]
        tfhd.payload, trun.payload = set_base(tfhd.payload, 0), set_sizes(trun.payload, [0] * samples, 0)


def number_fragments(mfra: bytes) -> bytes:
    """The index of fragments with their numbers for their places."""
    return point_at(mfra, list(range(len(mfra))))


def set_base(tfhd: bytes, start: int) -> bytes:
    """A base offset, where the header has one, is that of its moof."""
    flags = int.from_bytes(tfhd[1:4], "big")
    return tfhd[:8] + struct.pack(">Q", start) + tfhd[16:] if flags & 1 else tfhd


def set_sizes(trun: bytes, sizes: Sequence[int], offset: int) -> bytes:
    data = bytearray(trun)
    flags = int.from_bytes(trun[1:4], "big")
    assert flags & _OFFSET and flags & _SIZE
    struct.pack_into(">i", data, 8, offset)
    step = 4 * sum(bool(flags & bit) for bit in (_DURATION, _SIZE, _FLAGS, _CTS))
    first = 12 + (4 if flags & _FIRST_FLAGS else 0) + (4 if flags & _DURATION else 0)
    for index, size in enumerate(sizes):
        struct.pack_into(">I", data, first + index * step, size)
    return bytes(data)


def point_at(mfra: bytes, starts: Sequence[int]) -> bytes:
    """The index of fragments (ISO/IEC 14496-12 8.8.10) with the new places; its entries name fragments in their order."""
    data = bytearray(mfra)
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if kind == b"tfra":
            _point_track(data, at + 8, starts)
        at += size
    return bytes(data)


def _point_track(data: bytearray, at: int, starts: Sequence[int]) -> None:
    widths, count = struct.unpack_from(">II", data, at + 8)
    wide = data[at] == 1
    step = (16 if wide else 8) + sum((widths >> shift & 3) + 1 for shift in (4, 2, 0))
    places = [struct.unpack_from(">QQ" if wide else ">II", data, at + 16 + index * step)[1] for index in range(count)]
    order = sorted(set(places))
    for index, place in enumerate(places):
        struct.pack_into(">Q" if wide else ">I", data, at + 16 + index * step + (8 if wide else 4), starts[order.index(place)])
