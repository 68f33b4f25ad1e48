"""Reads and adds the edit list of an init segment, which defines where playback starts in the media (ISO/IEC 14496-12, 8.6.6)."""

from __future__ import annotations

import struct

from yeoul.base.errors import MediaToolError
from yeoul.media.mp4.box import boxes, find_box, make_root_box, unpack

_ELST = struct.Struct(">4sIIIiHH")  # kind, version and flags, count, duration (0: to the end), media time, rate


def get_media_time(init: bytes) -> int:
    """Returns the media time at which the edit list of the only track starts, in ticks; 0 without an edit list. Raises MediaToolError."""
    trak = find_box(init, make_root_box(init), "moov/trak")
    edts = next((box for box in boxes(init, trak.payload, trak.end) if box.kind == "edts"), None)
    if edts is None:
        return 0
    elst = find_box(init, edts, "elst")
    version, *_, count = unpack(init, ">B3sI", elst.payload, elst.end)
    if count != 1:
        raise MediaToolError("the edit list does not have exactly one entry", count=count)
    return unpack(init, ">q" if version else ">i", elst.payload + (16 if version else 12), elst.end)[0]


def add_edit_list(init: bytes, media_time: int) -> bytes:
    """Returns the init segment with an edit list that starts its only track at media_time, in ticks; unchanged for 0.

    Raises MediaToolError if the init segment already has an edit list.
    """
    if media_time == 0:
        return init
    moov = find_box(init, make_root_box(init), "moov")
    trak = find_box(init, moov, "trak")
    if any(box.kind == "edts" for box in boxes(init, trak.payload, trak.end)):
        raise MediaToolError("the track already has an edit list")
    insert_offset = find_box(init, trak, "tkhd").end
    edts = _sized(b"edts" + _sized(_ELST.pack(b"elst", 0, 1, 0, media_time, 1, 0)))
    data = bytearray(init[:insert_offset] + edts + init[insert_offset:])
    for box in (moov, trak):
        struct.pack_into(">I", data, box.start, box.end - box.start + len(edts))
    return bytes(data)


def _sized(kind_and_payload: bytes) -> bytes:
    return struct.pack(">I", len(kind_and_payload) + 4) + kind_and_payload
