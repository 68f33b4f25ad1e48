"""What a sample entry of video says: codecs string and picture size, from the codec's own headers where the init has them."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction

from tests.checker.bits import Bits, unescape
from tests.checker.h264 import Sps, parse_sps

VIDEO = ("avc1", "avc3", "hvc1", "hev1", "vp09", "av01")


def parse_entry(kind: str, entry: bytes, boxes: Mapping[str, bytes]) -> tuple[str, int, Sps]:
    """(codecs, bytes of a NAL unit's length, size). boxes: inside of the sample entry, by kind."""
    if kind in ("avc1", "avc3"):
        return _parse_avc(kind, boxes["avcC"])
    if kind in ("hvc1", "hev1"):
        return _parse_hevc(kind, boxes["hvcC"])
    if kind == "vp09":
        width, height = struct.unpack_from(">HH", entry, 24)
        return _name_vp9(boxes["vpcC"]), 0, Sps(width, height, Fraction(1))
    return _parse_av1(boxes["av1C"])


def _parse_avc(kind: str, config: bytes) -> tuple[str, int, Sps]:
    size = struct.unpack_from(">H", config, 6)[0]
    return f"{kind}.{config[1:4].hex()}", (config[4] & 3) + 1, parse_sps(config[8 : 8 + size])


def _parse_hevc(kind: str, config: bytes) -> tuple[str, int, Sps]:
    """Profile, tier and level come from the SPS (ITU-T H.265 7.3.2.2, 7.3.3), not from the copy in hvcC."""
    sps = next(nal for nal_type, nal in _nals(config) if nal_type == 33)
    bits = Bits(unescape(sps[2:]))
    bits.u(4)
    layers = bits.u(3)
    bits.u(1)
    space, tier, profile, compatible = bits.u(2), bits.u(1), bits.u(5), bits.u(32)
    constraints, level = bits.u(48).to_bytes(6, "big").rstrip(b"\x00"), bits.u(8)
    if layers:
        raise ValueError("sub-layers are not read")
    bits.ue()
    if bits.ue() != 1:
        raise ValueError("not 4:2:0")
    width, height = bits.ue(), bits.ue()
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width, height = width - 2 * (left + right), height - 2 * (top + bottom)
    reverse = sum(1 << index for index in range(32) if compatible >> (31 - index) & 1)
    fields = [f"{kind}.{' ABC'[space].strip()}{profile}", f"{reverse:X}", f"{'LH'[tier]}{level}", *(f"{byte:X}" for byte in constraints)]
    return ".".join(fields), (config[21] & 3) + 1, Sps(width, height, Fraction(1))


def _nals(config: bytes) -> Iterator[tuple[int, bytes]]:
    """(type, NAL unit) of hvcC's arrays (ISO/IEC 14496-15, 8.3.3.1.2)."""
    at = 23
    for _ in range(config[22]):
        nal_type, count = config[at] & 0x3F, struct.unpack_from(">H", config, at + 1)[0]
        at += 3
        for _ in range(count):
            size = struct.unpack_from(">H", config, at)[0]
            yield nal_type, config[at + 2 : at + 2 + size]
            at += 2 + size


def _name_vp9(config: bytes) -> str:
    bits = Bits(config[4:])
    profile, level, depth, chroma, full, primaries, transfer, matrix = (bits.u(count) for count in (8, 8, 4, 3, 1, 8, 8, 8))
    return "vp09." + ".".join(f"{value:02}" for value in (profile, level, depth, chroma, primaries, transfer, matrix, full))


def _parse_av1(config: bytes) -> tuple[str, int, Sps]:
    """From the sequence header OBU (AV1 specification 5.5), not from its copy in av1C."""
    if config[4] >> 3 & 15 != 1 or not config[4] & 2:
        raise ValueError("av1C does not begin with a sequence header that says its size")
    bits = Bits(config[6:])  # a header below 128 bytes: one byte of size
    profile = bits.u(3)
    if bits.u(2) or bits.u(1):
        raise ValueError("still pictures and timing information are not read")
    bits.u(1)
    if bits.u(5):
        raise ValueError("several operating points are not read")
    bits.u(12)
    level = bits.u(5)
    tier = bits.u(1) if level > 7 else 0
    sizes = bits.u(4) + 1, bits.u(4) + 1
    width, height = bits.u(sizes[0]) + 1, bits.u(sizes[1]) + 1
    _skip_av1_tools(bits)
    depth = 10 if bits.u(1) else 8
    mono = bits.u(1)
    primaries, transfer, matrix = (bits.u(8), bits.u(8), bits.u(8)) if bits.u(1) else (2, 2, 2)
    full, place = bits.u(1), bits.u(2)
    name = f"av01.{profile}.{level:02}{'MH'[tier]}.{depth:02}"
    if (mono, place, primaries, transfer, matrix, full) != (0, 0, 1, 1, 1, 0):
        name += f".{mono}.11{place}.{primaries:02}.{transfer:02}.{matrix:02}.{full}"
    return name, 0, Sps(width, height, Fraction(1))


def _skip_av1_tools(bits: Bits) -> None:
    """From frame_id_numbers_present_flag to enable_restoration, for what is no reduced still picture."""
    if bits.u(1):
        bits.u(7)
    bits.u(7)  # superblocks, filters and the four tools of prediction that stand before order hints
    order_hints = bits.u(1)
    if order_hints:
        bits.u(2)
    screen = 2 if bits.u(1) else bits.u(1)
    if screen and not bits.u(1):
        bits.u(1)
    if order_hints:
        bits.u(3)
    bits.u(3)


def is_key(kind: str, sample: bytes, nal_length: int) -> bool:
    """Whether decoding can begin with a sample and nothing after it refers to what is before."""
    if kind == "vp09":  # a frame header: marker 2, profile, no existing frame shown, key frame (VP9 6.2)
        return sample[0] >> 6 == 2 and not sample[0] & 0b1100
    if kind == "av01":
        return _holds_av1_key(sample)
    wanted, shift = ((19, 20), 1) if kind in ("hvc1", "hev1") else ((5,), 0)
    mask = 0x3F if shift else 0x1F
    at = 0
    while at + nal_length < len(sample):
        if sample[at + nal_length] >> shift & mask in wanted:
            return True
        at += nal_length + int.from_bytes(sample[at : at + nal_length], "big")
    return False


def _holds_av1_key(sample: bytes) -> bool:
    """A sequence header, and a first frame that is a key frame and is shown (AV1 specification 5.9.2)."""
    at, has_header = 0, False
    while at < len(sample):
        kind, at = sample[at] >> 3 & 15, at + (2 if sample[at] & 4 else 1)
        size, shift = 0, 0
        while True:
            size, shift, at = size | (sample[at] & 0x7F) << shift, shift + 7, at + 1
            if not sample[at - 1] & 0x80:
                break
        if kind == 1:
            has_header = True
        if kind in (3, 6):  # frame header, or a whole frame: no existing frame shown, type 0, shown
            return has_header and sample[at] >> 4 == 0b0001
        at += size
    return False
