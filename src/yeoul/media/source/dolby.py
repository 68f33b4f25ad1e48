"""Reads the Dolby Vision profile of a file's video from the configuration record in its header.

Profile 5 has no base layer in standard colours (ETSI TS 103 572; "Dolby Vision Streams Within the ISO Base Media File Format").
"""

from __future__ import annotations

import re
from typing import Final, Protocol

_HEAD_BYTES: Final = 1 << 20
_MAX_BOXES: Final = 100_000  # top-level boxes to read; in fragmented files the moov precedes the fragments
_MAX_MOOV_BYTES: Final = 64 << 20
# In MP4 a box dvcC or dvvC; in Matroska a BlockAddIDType (0x41E7) of that name, with the record in its BlockAddIDExtraData (0x41ED).
_RECORD: Final = re.compile(rb"(?:\0\0\0\x20dv[cv]C|\x41\xe7\x84dv[cv]C.{0,8}?\x41\xed[\x80-\x9f])\x01.(.)", re.DOTALL)
_PROFILE_WITHOUT_BASE: Final = 5


class Seekable(Protocol):
    """The methods of an open file that this module needs."""

    def seek(self, offset: int, /) -> int: ...

    def read(self, size: int, /) -> bytes: ...


def is_dolby_vision_only(file: Seekable) -> bool:
    """True if the file's frames have colours that only a Dolby Vision decoder can convert (profile 5)."""
    return any(record[1][0] >> 1 == _PROFILE_WITHOUT_BASE for record in _RECORD.finditer(_read_header(file)))


def _read_header(file: Seekable) -> bytes:
    """Returns the moov box of an MP4 file, or the first MiB of another file; empty if an MP4 file has no moov."""
    file.seek(0)
    head = file.read(_HEAD_BYTES)
    if head[4:8] != b"ftyp":
        return head
    offset = 0
    for _ in range(_MAX_BOXES):
        file.seek(offset)
        header = file.read(16)
        if len(header) < 8:
            return b""
        size = int.from_bytes(header[:4], "big")
        size = int.from_bytes(header[8:16], "big") if size == 1 else size
        if header[4:8] == b"moov":
            return header + file.read(min(size, _MAX_MOOV_BYTES))
        if size < 8:
            return b""
        offset += size
    return b""
