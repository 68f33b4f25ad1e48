"""Puts parameter sets that change within a file before the pictures that need them, as in MP4 files with several sample descriptions.

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


def make_carrier(stream: Stream) -> Callable[[Packet[Any]], Packet[Any]]:
    """Returns what puts the newest parameter sets of a stream before the data of its keyframes, once they have changed."""
    read = _READERS.get(stream.codec_context.codec.canonical_name)
    sets = b""

    def carry(packet: Packet[Any]) -> Packet[Any]:
        nonlocal sets
        if read is not None and packet.has_sidedata("new_extradata"):
            sets = b"".join(read(bytes(packet.get_sidedata("new_extradata"))))
        return _prefixed(packet, sets) if sets and packet.is_keyframe else packet

    return carry


def _prefixed(packet: Packet[Any], sets: bytes) -> Packet[Any]:
    made: Packet[Any] = Packet(sets + bytes(packet))
    made.stream, made.time_base = packet.stream, packet.time_base
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    made.is_keyframe = True
    return made


def _read_avcc(data: bytes) -> Iterator[bytes]:
    """Sequence and picture parameter sets, each behind its length in four bytes."""
    at = _AVCC_HEADER
    for _ in range(2):
        if at >= len(data):
            return
        count, at = data[at] & _COUNT if at == _AVCC_HEADER else data[at], at + 1
        for _ in range(count):
            unit, at = _read_unit(data, at)
            yield unit


def _read_hvcc(data: bytes) -> Iterator[bytes]:
    """All arrays of parameter sets, each set behind its length in four bytes."""
    at = _HVCC_HEADER
    arrays, at = (data[at] if at < len(data) else 0), at + 1
    for _ in range(arrays):
        if at + 3 > len(data):
            return
        (count,) = struct.unpack_from(">H", data, at + 1)
        at += 3
        for _ in range(count):
            unit, at = _read_unit(data, at)
            yield unit


def _read_unit(data: bytes, at: int) -> tuple[bytes, int]:
    """(a unit behind its length, the place after it). Raises UnreadableError where it is cut off."""
    if at + 2 > len(data):
        raise UnreadableError("a parameter set is cut off")
    (size,) = struct.unpack_from(">H", data, at)
    if at + 2 + size > len(data):
        raise UnreadableError("a parameter set is cut off")
    return struct.pack(">I", size) + data[at + 2 : at + 2 + size], at + 2 + size


_READERS: Final[Mapping[str, Callable[[bytes], Iterator[bytes]]]] = {"h264": _read_avcc, "hevc": _read_hvcc}
