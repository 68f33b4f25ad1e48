"""Files that say of themselves that they are Dolby Vision."""

from __future__ import annotations


def with_dolby_record(mp4: bytes, profile: int) -> bytes:
    """Returns an MP4 of HEVC with its moov at the end, with a configuration record of Dolby Vision in its sample entry."""
    data = bytearray(mp4)
    record = (32).to_bytes(4, "big") + b"dvcC" + bytes([1, 0, profile << 1, 0x1D]) + bytes(20)
    at = data.index(b"hvcC") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    data[end:end] = record
    for kind in (b"hvc1", b"stsd", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        place = data.rindex(kind, 0, end) - 4
        data[place : place + 4] = (int.from_bytes(data[place : place + 4], "big") + len(record)).to_bytes(4, "big")
    return bytes(data)
