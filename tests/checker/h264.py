"""What the checker reads of H.264: picture size and sample aspect ratio (ITU-T H.264 7.3, 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from tests.checker.bits import Bits, unescape


@dataclass(frozen=True)
class Sps:
    """Cropped size and sample aspect ratio as H.264 7.3.2.1.1 codes them."""

    width: int
    height: int
    sar: Fraction


_SARS = {1: (1, 1), 2: (12, 11), 3: (10, 11), 4: (16, 11), 5: (40, 33), 14: (4, 3), 15: (3, 2), 16: (2, 1)}


def parse_sps(nal: bytes) -> Sps:
    bits = Bits(unescape(nal[1:]))
    profile = bits.u(8)
    bits.u(16)
    bits.ue()
    chroma = 1
    if profile in (100, 110, 122, 244, 44, 83, 86, 118, 128):
        chroma = bits.ue()
        if chroma == 3:
            bits.u(1)
        bits.ue()
        bits.ue()
        bits.u(1)
        if bits.u(1):
            raise ValueError("scaling lists are not read")
    bits.ue()
    order = bits.ue()
    if order == 0:
        bits.ue()
    elif order == 1:
        bits.u(1)
        bits.se()
        bits.se()
        for _ in range(bits.ue()):
            bits.se()
    bits.ue()
    bits.u(1)
    width, height = (bits.ue() + 1) * 16, (bits.ue() + 1) * 16
    frame_only = bits.u(1)
    height *= 2 - frame_only
    if not frame_only:
        bits.u(1)
    bits.u(1)
    if bits.u(1):
        left, right, top, bottom = (bits.ue() for _ in range(4))
        width -= (left + right) * (1 if chroma in (0, 3) else 2)
        height -= (top + bottom) * (1 if chroma in (0, 2, 3) else 2) * (2 - frame_only)
    return Sps(width, height, _sar(bits))


def _sar(bits: Bits) -> Fraction:
    if not bits.u(1) or not bits.u(1):
        return Fraction(1)
    number = bits.u(8)
    numerator, denominator = (bits.u(16), bits.u(16)) if number == 255 else _SARS.get(number, (1, 1))
    return Fraction(numerator, denominator) if numerator and denominator else Fraction(1)
