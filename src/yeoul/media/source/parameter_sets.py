"""Inserts parameter sets that change within a file before the frames that need them (MP4 files with several sample descriptions).

ISO/IEC 14496-15, 5.3.3.1 (avcC) and 8.3.3.1 (hvcC).
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from av.packet import Packet
from av.stream import Stream

from yeoul.base.errors import UnreadableError

_AVCC_HEADER: Final = 5
_HVCC_HEADER: Final = 22
_COUNT: Final = 0x1F


def make_parameter_set_inserter(stream: Stream) -> Callable[[Packet[Any]], Packet[Any]]:
    """Returns a function that inserts the newest parameter sets of a stream before each keyframe, once they have changed."""
    read = _READERS.get(stream.codec_context.codec.canonical_name)
    sets = b""

    def carry(packet: Packet[Any]) -> Packet[Any]:
        nonlocal sets
        if read is not None and packet.has_sidedata("new_extradata"):
            sets = b"".join(read(bytes(packet.get_sidedata("new_extradata"))))
        return _prefix_packet(packet, sets) if sets and packet.is_keyframe else packet

    return carry


def _prefix_packet(packet: Packet[Any], sets: bytes) -> Packet[Any]:
    copy: Packet[Any] = Packet(sets + bytes(packet))
    copy.stream, copy.time_base = packet.stream, packet.time_base
    copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
    copy.is_keyframe = True
    return copy


def _read_avcc(data: bytes) -> Iterator[bytes]:
    """Yields the sequence and picture parameter sets, each after its length in four bytes."""
    offset = _AVCC_HEADER
    for _ in range(2):
        if offset >= len(data):
            return
        count, offset = data[offset] & _COUNT if offset == _AVCC_HEADER else data[offset], offset + 1
        for _ in range(count):
            unit, offset = _read_unit(data, offset)
            yield unit


def _read_hvcc(data: bytes) -> Iterator[bytes]:
    """Yields the sets of all arrays of parameter sets, each after its length in four bytes."""
    offset = _HVCC_HEADER
    arrays, offset = (data[offset] if offset < len(data) else 0), offset + 1
    for _ in range(arrays):
        if offset + 3 > len(data):
            return
        (count,) = struct.unpack_from(">H", data, offset + 1)
        offset += 3
        for _ in range(count):
            unit, offset = _read_unit(data, offset)
            yield unit


def _read_unit(data: bytes, offset: int) -> tuple[bytes, int]:
    """Returns (a unit after its length in four bytes, the offset after it). Raises UnreadableError if the unit is cut off."""
    if offset + 2 > len(data):
        raise UnreadableError("a parameter set is cut off")
    (size,) = struct.unpack_from(">H", data, offset)
    if offset + 2 + size > len(data):
        raise UnreadableError("a parameter set is cut off")
    return struct.pack(">I", size) + data[offset + 2 : offset + 2 + size], offset + 2 + size


_READERS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {"h264": _read_avcc, "hevc": _read_hvcc}
