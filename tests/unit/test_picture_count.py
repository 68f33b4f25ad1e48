"""Which packets begin a picture, on streams that are written bit by bit."""

from __future__ import annotations

import pytest

from yeoul.media.source.frame_start import make_frame_start_test

SEI, AUD = b"\0\0\0\1\x06\x05\x01\0\x80", b"\0\0\0\1\x09\x10"


class Bits:
    """Writes the fields of a NAL unit."""

    def __init__(self) -> None:
        self._text = ""

    def put(self, value: int, count: int) -> Bits:
        self._text += f"{value:0{count}b}"
        return self

    def golomb(self, *values: int) -> Bits:
        for value in values:
            code = f"{value + 1:b}"
            self._text += "0" * (len(code) - 1) + code
        return self

    def nal(self, header: int) -> bytes:
        text = self._text + "1"
        text += "0" * (-len(text) % 8)
        data = bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))
        # Two zero bytes may not be followed by 0 to 3.
        escaped = bytearray()
        for byte in data:
            if escaped[-2:] == b"\0\0" and byte <= 3:
                escaped.append(3)
            escaped.append(byte)
        return b"\0\0\0\1" + bytes([header]) + bytes(escaped)


def sps(*, frames_only: bool, profile: int = 100) -> bytes:
    bits = Bits().put(profile, 8).put(0, 8).put(31, 8).golomb(0)
    if profile == 100:
        bits.golomb(1, 0, 0).put(0, 1).put(1, 1)  # 4:2:0, 8 bits; with scaling lists, of which one is there
        bits.put(1, 1).golomb(*[0] * 16).put(0, 7)
    return bits.golomb(4, 0, 4, 2).put(0, 1).golomb(9, 4).put(int(frames_only), 1).nal(0x67)  # frame_num has 8 bits


PPS = Bits().golomb(0, 0).nal(0x68)


def slice_of(frame_num: int, field: str = "", *, is_idr: bool = False) -> bytes:
    bits = Bits().golomb(0, 7, 0).put(frame_num, 8)
    bits = bits.put(0, 1) if not field else bits.put(1, 1).put(int(field == "bottom"), 1)
    return bits.put(0xABCD, 16).nal(0x65 if is_idr else 0x41)


@pytest.mark.parametrize("profile", [77, 100])
def test_h264_fields(profile: int):
    begins = make_frame_start_test("h264", sps(frames_only=False, profile=profile) + PPS)
    assert begins is not None
    packets = {
        "first field": (AUD + slice_of(0, "top", is_idr=True), True),
        "its second": (slice_of(0, "bottom"), False),
        "bottom first": (slice_of(1, "bottom"), True),
        "top second": (SEI + slice_of(1, "top"), False),
        "a frame": (slice_of(2), True),
        "a field alone": (slice_of(3, "top"), True),
        "of another frame": (slice_of(4, "bottom"), True),
        "a second of that": (slice_of(4, "top"), False),
        "the same parity again": (slice_of(5, "top"), True),
        "and again": (slice_of(5, "top"), True),
    }
    assert {name: begins(data) for name, (data, _) in packets.items()} == {name: wanted for name, (_, wanted) in packets.items()}


def test_h264_packets_without_a_picture():
    begins = make_frame_start_test("h264", None)
    assert begins is not None
    assert begins(sps(frames_only=True) + PPS + SEI + slice_of(0, is_idr=True))
    assert not begins(SEI)
    assert not begins(AUD + SEI + PPS)
    assert begins(slice_of(1))
    assert not begins(b"")


def test_h264_with_lengths_instead_of_start_codes():
    def pack(nal: bytes) -> bytes:
        return (len(nal) - 4).to_bytes(4, "big") + nal[4:]

    one, other = sps(frames_only=False)[4:], PPS[4:]
    record = b"\x01d\0\x1f\xff\xe1" + len(one).to_bytes(2, "big") + one + b"\x01" + len(other).to_bytes(2, "big") + other
    begins = make_frame_start_test("h264", record)
    assert begins is not None
    assert begins(pack(SEI) + pack(slice_of(0, "top", is_idr=True)))
    assert not begins(pack(slice_of(0, "bottom")))
    assert not begins(pack(SEI))


def test_mpeg2_fields():
    def picture(structure: int) -> bytes:
        return b"\0\0\1\0\0\x0f\xff\xf8" + b"\0\0\1\xb5\x8f\xff" + bytes([0xF0 | structure]) + b"\x80" + b"\0\0\1\x01data"

    begins = make_frame_start_test("mpeg2video", None)
    assert begins is not None
    told = [begins(data) for data in (picture(3), picture(1), picture(2), picture(2), picture(1), picture(1) + picture(2), picture(3))]
    assert told == [True, True, False, True, False, True, True]
    assert not begins(b"\0\0\1\xb7")


def test_other_codecs():
    vp8, dirac, hevc = (make_frame_start_test(codec, None) for codec in ("vp8", "dirac", "hevc"))
    assert vp8 is not None and dirac is not None and hevc is not None
    assert [vp8(data) for data in (b"\x10\0", b"\0\0", b"")] == [True, False, False]
    assert [dirac(b"BBCD" + bytes([code]) + bytes(8)) for code in (0x00, 0x10, 0xE8, 0x0C)] == [False, False, True, True]
    assert dirac(b"BBCD\0" + bytes(8) + b"BBCD\xe8" + bytes(8))
    assert [hevc(b"\0\0\1" + bytes([kind << 1, 1])) for kind in (1, 19, 32, 35, 39)] == [True, True, False, False, False]
    assert make_frame_start_test("av1", None) is None
