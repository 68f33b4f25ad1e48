"""The edit list of an init segment: from which moment of the media a track is shown (ISO/IEC 14496-12, 8.6.6). Bytes in, bytes out."""

from __future__ import annotations

import struct

from yeoul.base.errors import MediaToolError
from yeoul.media.mp4.box import boxes, find_box, unpack, whole

_ELST = struct.Struct(">4sIIIiHH")  # kind, version and flags, count, duration (0: all that follows), media time, rate


def get_media_time(init: bytes) -> int:
    """Returns the ticks by which the only track's presentation times are later than it is shown; 0 without an edit list."""
    trak = find_box(init, whole(init), "moov/trak")
    edts = next((box for box in boxes(init, trak.payload, trak.end) if box.kind == "edts"), None)
    if edts is None:
        return 0
    elst = find_box(init, edts, "elst")
    version, *_, count = unpack(init, ">B3sI", elst.payload, elst.end)
    if count != 1:
        raise MediaToolError("an edit list of another length than one", count=count)
    return unpack(init, ">q" if version else ">i", elst.payload + (16 if version else 12), elst.end)[0]


def add_edit_list(init: bytes, media_time: int) -> bytes:
    """Returns an init segment whose only track is shown from media_time on, in its own ticks; the same bytes for 0.

    Raises MediaToolError where the init has an edit list already.
    """
    if media_time == 0:
        return init
    moov = find_box(init, whole(init), "moov")
    trak = find_box(init, moov, "trak")
    if any(box.kind == "edts" for box in boxes(init, trak.payload, trak.end)):
        raise MediaToolError("the track has an edit list already")
    at = find_box(init, trak, "tkhd").end
    edts = _sized(b"edts" + _sized(_ELST.pack(b"elst", 0, 1, 0, media_time, 1, 0)))
    out = bytearray(init[:at] + edts + init[at:])
    for box in (moov, trak):
        struct.pack_into(">I", out, box.start, box.end - box.start + len(edts))
    return bytes(out)


def _sized(kind_and_payload: bytes) -> bytes:
    return struct.pack(">I", len(kind_and_payload) + 4) + kind_and_payload
