"""Makes codec strings for CODECS and @codecs from init segments (RFC 6381, and the ISO BMFF binding of each codec)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from yeoul.base.errors import MediaToolError
from yeoul.media.mp4.box import Box, boxes, find_box, make_root_box, unpack

_VISUAL_FIELDS = 78  # of a VisualSampleEntry, ISO/IEC 14496-12, 12.1.3.2
_AUDIO_FIELDS = 28  # of an AudioSampleEntry, 12.2.3.2
_BT709 = (1, 1, 1, 0)


def get_codecs(init: bytes) -> str:
    """Returns the codec string of the init segment's only track: avc1, hvc1, vp09, av01, mp4a or opus. Raises MediaToolError."""
    entry = find_entry(init)
    make_name = _NAMINGS.get(entry.kind)
    if make_name is None:
        raise MediaToolError(f"the sample entry {entry.kind} has no codecs string", box=entry.kind)
    return make_name(init, entry)


def find_entry(init: bytes) -> Box:
    """Returns the first sample entry of the only track. Raises MediaToolError."""
    stsd = find_box(init, make_root_box(init), "moov/trak/mdia/minf/stbl/stsd")
    entry = next(boxes(init, stsd.payload + 8, stsd.end), None)
    if entry is None:
        raise MediaToolError("the sample description is empty")
    return entry


def find_vpcc(init: bytes) -> Box:
    """Returns the configuration box of a VP9 track: version and flags, then profile and level of one byte each."""
    return find_box(init, find_entry(init), "vpcC", skip=_VISUAL_FIELDS)


def _name_avc(init: bytes, entry: Box) -> str:
    """Returns profile, constraints and level from avcC (ISO/IEC 14496-15, 5.3.3.1.2)."""
    avcc = find_box(init, entry, "avcC", skip=_VISUAL_FIELDS)
    return "avc1." + bytes(unpack(init, ">BBB", avcc.payload + 1, avcc.end)).hex()


def _name_hevc(init: bytes, entry: Box) -> str:
    """Returns profile, compatibility flags in reverse bit order, tier and level, and constraint bytes (ISO/IEC 14496-15, annex E.3)."""
    hvcc = find_box(init, entry, "hvcC", skip=_VISUAL_FIELDS)
    profile, flags, *constraints, level = unpack(init, ">BI6BB", hvcc.payload + 1, hvcc.end)
    space = ("", "A", "B", "C")[profile >> 6]
    tier = "H" if profile & 0x20 else "L"
    compatible = int(f"{flags:032b}"[::-1], 2)
    while constraints and not constraints[-1]:
        constraints.pop()
    return ".".join((f"hvc1.{space}{profile & 0x1F}", f"{compatible:X}", f"{tier}{level}", *(f"{byte:X}" for byte in constraints)))


def _name_vp9(init: bytes, entry: Box) -> str:
    """Returns all fields of the VP Codec ISO Media File Format Binding; without the optional ones BT.709 and 4:2:0 would be assumed."""
    vpcc = find_box(init, entry, "vpcC", skip=_VISUAL_FIELDS)
    profile, level, depth_and_subsampling, *colour = unpack(init, ">BBBBBB", vpcc.payload + 4, vpcc.end)
    fields = (profile, level, depth_and_subsampling >> 4, depth_and_subsampling >> 1 & 7, *colour, depth_and_subsampling & 1)
    return "vp09." + ".".join(f"{field:02d}" for field in fields)


def _name_av1(init: bytes, entry: Box) -> str:
    """Returns profile, level, tier and depth, and the other fields if not all are default (AV1 Codec ISO Media File Format Binding, 5)."""
    av1c = find_box(init, entry, "av1C", skip=_VISUAL_FIELDS)
    profile_level, flags = unpack(init, ">BB", av1c.payload + 1, av1c.end)
    tier = "H" if flags & 0x80 else "M"
    depth = (12 if flags & 0x20 else 10) if flags & 0x40 else 8
    name = f"av01.{profile_level >> 5}.{profile_level & 0x1F:02d}{tier}.{depth:02d}"
    monochrome, subsampling_x, subsampling_y, chroma_position = flags >> 4 & 1, flags >> 3 & 1, flags >> 2 & 1, flags & 3
    format_fields = f"{monochrome}.{subsampling_x}{subsampling_y}{chroma_position if subsampling_x and subsampling_y else 0}"
    primaries, transfer, matrix, full = _read_colour(init, entry)
    if (primaries, transfer, matrix, full, format_fields) == (*_BT709, "0.110"):
        return name
    return f"{name}.{format_fields}.{primaries:02d}.{transfer:02d}.{matrix:02d}.{full}"


def _read_colour(init: bytes, entry: Box) -> tuple[int, int, int, int]:
    """Returns primaries, transfer, matrix and full range flag of colr (ISO/IEC 14496-12, 12.1.5); BT.709 if it is absent."""
    for box in boxes(init, entry.payload + _VISUAL_FIELDS, entry.end):
        if box.kind == "colr" and init[box.payload : box.payload + 4] == b"nclx":
            primaries, transfer, matrix, full = unpack(init, ">HHHB", box.payload + 4, box.end)
            return primaries, transfer, matrix, full >> 7
    return _BT709


def _name_mp4a(init: bytes, entry: Box) -> str:
    esds = find_box(init, entry, "esds", skip=_AUDIO_FIELDS)
    return _read_esds(init[esds.payload + 4 : esds.end])


def _name_opus(_init: bytes, _entry: Box) -> str:
    return "opus"


def _read_esds(descriptors: bytes) -> str:
    """Returns object type, and audio object type for AAC, of an ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5). Raises MediaToolError."""
    offset, end = 0, len(descriptors)
    object_type: int | None = None
    while offset + 2 <= end:
        tag, offset = descriptors[offset], offset + 1
        while offset < end and descriptors[offset] & 0x80:  # expandable sizes, 14496-1, 8.3.3: seven bits a byte
            offset += 1
        offset += 1
        if tag == 0x03:  # ES_Descriptor: skip ES_ID and flags, continue inside
            offset += 3
        elif tag == 0x04 and offset + 13 <= end:  # DecoderConfigDescriptor: object type first
            object_type, offset = descriptors[offset], offset + 13
        elif tag == 0x05 and offset < end and object_type == 0x40:  # DecoderSpecificInfo: 14496-3, 1.6.2.1
            audio_type = descriptors[offset] >> 3
            if audio_type == 31 and offset + 1 < end:
                audio_type = 32 + ((descriptors[offset] & 7) << 3 | descriptors[offset + 1] >> 5)
            return f"mp4a.40.{audio_type}"
        else:
            break
    if object_type is None:
        raise MediaToolError("the esds box has no object type")
    return f"mp4a.{object_type:02x}"


_NAMINGS: Mapping[str, Callable[[bytes, Box], str]] = {
    "avc1": _name_avc,
    "hvc1": _name_hevc,
    "vp09": _name_vp9,
    "av01": _name_av1,
    "mp4a": _name_mp4a,
    "Opus": _name_opus,
}
