"""Detects which packets start a displayed frame.

Some packets hold no displayed frame (parameter sets, the end of a sequence, hidden reference frames), others hold the second field of one.
This module parses packets by the syntax of their codec. In codecs that it does not list, every packet starts a frame.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

FrameStartTest = Callable[[bytes], bool]

SPLIT_FRAME_CODECS: Final = ("h264", "mpeg2video")  # codecs in which the two fields of a frame may be separate packets
_VP8_SHOW_FRAME: Final = 0x10
_DIRAC_PREFIX: Final = b"BBCD"
_DIRAC_PICTURE: Final = 0x08
_H264_SLICES: Final = (1, 2, 5)
_H264_SPS, _H264_PPS = 7, 8
_H264_HIGH: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135)
_HEVC_SLICES_BELOW: Final = 32
_MPEG2_EXTENSION: Final = b"\0\0\1\xb5"
_MPEG2_PICTURE: Final = b"\0\0\1\0"
_MPEG2_CODING: Final = 8  # id of the picture coding extension
_FRAME: Final = 3  # both fields
_HEAD_BYTES: Final = 64  # how much of a parameter set or slice is parsed
_MAX_NALS: Final = 200


def make_frame_start_test(codec: str, extradata: bytes | None) -> FrameStartTest | None:
    """Returns a function that takes the packets of a stream in decode order, and returns True if the packet starts a displayed frame.

    Returns None for codecs in which every packet does. codec: ffmpeg's name. extradata: the stream's. The function keeps state about
    fields, so each stream needs its own.
    """
    match codec:
        case "vp8":
            return lambda data: bool(data[:1]) and bool(data[0] & _VP8_SHOW_FRAME)
        case "dirac":
            return _begins_dirac
        case "h264":
            return _H264(extradata or b"").begins
        case "hevc":
            length = _nal_length(extradata or b"", 21)
            return lambda data: any((nal[0] >> 1) & 0x3F < _HEVC_SLICES_BELOW for nal in _nals(data, length))
        case "mpeg2video":
            return _Mpeg2().begins
        case _:
            return None


def _begins_dirac(data: bytes) -> bool:
    """True if one of the parse units is a picture (SMPTE ST 2042-1, 10.5)."""
    position = data.find(_DIRAC_PREFIX)
    while 0 <= position < len(data) - 4:
        if data[position + 4] & _DIRAC_PICTURE:
            return True
        position = data.find(_DIRAC_PREFIX, position + 4)
    return False


# --- NAL units (ITU-T H.264 and H.265, annex B; ISO/IEC 14496-15) ---


def _nal_length(record: bytes, position: int) -> int:
    """Returns the size of the length field before each NAL unit, from a configuration record; 0 for a byte stream with start codes."""
    return (record[position] & 3) + 1 if len(record) > position and record[0] == 1 else 0


def _nals(data: bytes, length_bytes: int) -> Iterator[bytes]:
    """Yields the first bytes of the first NAL units of a packet."""
    position = 0
    for _ in range(_MAX_NALS):
        if length_bytes:
            if position + length_bytes >= len(data):
                return
            size = int.from_bytes(data[position : position + length_bytes], "big")
            start = position + length_bytes
            position = start + size
        else:
            start_code = data.find(b"\0\0\1", position)
            if start_code < 0 or start_code + 3 >= len(data):
                return
            start = position = start_code + 3
        if data[start : start + 1]:
            yield data[start : start + _HEAD_BYTES]


class _Bits:
    """Reads bits of a NAL unit without its emulation prevention bytes. Raises IndexError at the end."""

    def __init__(self, nal: bytes) -> None:
        self._data = nal.replace(b"\0\0\3", b"\0\0")
        self._at = 8  # after the header

    def read(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self._data[self._at >> 3] >> (7 - (self._at & 7)) & 1
            self._at += 1
        return value

    def golomb(self) -> int:
        """Reads an unsigned Exp-Golomb code, ue(v)."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)


@dataclass(frozen=True)
class _Sps:
    """The fields of a sequence parameter set that are needed to find fields. frames_only: the sequence has no field pictures."""

    frame_num_bits: int
    separate_planes: bool
    frames_only: bool


class _H264:
    def __init__(self, extradata: bytes) -> None:
        self._length = _nal_length(extradata, 4)
        self._sps: dict[int, _Sps] = {}
        self._sps_of: dict[int, int] = {}
        self._first_field: tuple[int, int] | None = None  # frame number and parity, until its second field comes
        for nal in _record_nals(extradata) if self._length else _nals(extradata, 0):
            self._read_parameter_set(nal)

    def begins(self, data: bytes) -> bool:
        for nal in _nals(data, self._length):
            if nal[0] & 0x1F in _H264_SLICES:
                return self._begins_slice(nal)
            self._read_parameter_set(nal)
        return False

    def _read_parameter_set(self, nal: bytes) -> None:
        try:
            if nal[0] & 0x1F == _H264_SPS:
                number, sps = _read_sps(nal)
                self._sps[number] = sps
            elif nal[0] & 0x1F == _H264_PPS:
                bits = _Bits(nal)
                number = bits.golomb()
                self._sps_of[number] = bits.golomb()
        except IndexError:
            return  # longer than _HEAD_BYTES, or damaged, which the decoder will report

    def _begins_slice(self, nal: bytes) -> bool:
        """True unless the slice belongs to the second field of the previous packet's frame (7.3.3, 7.4.1.2.4)."""
        try:
            field = self._read_field(nal)
        except IndexError:
            field = None
        if field is None:
            self._first_field = None
            return True
        number, parity = field
        if self._first_field == (number, 1 - parity):
            self._first_field = None
            return False
        self._first_field = field
        return True

    def _read_field(self, nal: bytes) -> tuple[int, int] | None:
        """Returns (frame number, 1 if bottom field) of a slice in a field picture; None for a slice of a whole frame."""
        if self._sps and all(sps.frames_only for sps in self._sps.values()):
            return None
        bits = _Bits(nal)
        bits.golomb()
        bits.golomb()
        sps = self._sps.get(self._sps_of.get(bits.golomb(), -1))
        if sps is None or sps.frames_only:
            return None
        bits.read(2 if sps.separate_planes else 0)
        number = bits.read(sps.frame_num_bits)
        return (number, bits.read(1)) if bits.read(1) else None


def _record_nals(record: bytes) -> Iterator[bytes]:
    """Yields the parameter sets of an AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3.1)."""
    position, kinds = 5, (0x1F, 0xFF)
    for mask in kinds:
        count, position = (record[position] & mask, position + 1) if position < len(record) else (0, position)
        for _ in range(count):
            size = int.from_bytes(record[position : position + 2], "big")
            if record[position + 2 : position + 3]:
                yield record[position + 2 : position + 2 + min(size, _HEAD_BYTES)]
            position += 2 + size


def _read_sps(nal: bytes) -> tuple[int, _Sps]:
    """Returns (id, needed fields) of a sequence parameter set (7.3.2.1.1)."""
    bits = _Bits(nal)
    profile = bits.read(8)
    bits.read(16)
    number = bits.golomb()
    separate = False
    if profile in _H264_HIGH:
        chroma = bits.golomb()
        separate = chroma == 3 and bool(bits.read(1))
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for index in range(8 if chroma != 3 else 12):
                if bits.read(1):
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    frame_num_bits = bits.golomb() + 4
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.read(1)
    bits.golomb()
    bits.golomb()
    return number, _Sps(min(frame_num_bits, 16), separate, bool(bits.read(1)))


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            code = bits.golomb()
            delta = (code + 1) // 2 if code % 2 else -(code // 2)
            following = (last + delta) % 256
        last = following or last


# --- MPEG-2 (ITU-T H.262, 6.2.3.1) ---


class _Mpeg2:
    def __init__(self) -> None:
        self._first_field: int | None = None  # its structure, until its second field comes

    def begins(self, data: bytes) -> bool:
        position = data.find(_MPEG2_PICTURE)
        if position < 0:
            return False
        structure = self._read_structure(data, position)
        if structure == _FRAME:
            self._first_field = None
            return True
        if self._first_field == _FRAME - structure:
            self._first_field = None
            return False
        # Both fields in one packet are a complete frame.
        second = data.find(_MPEG2_PICTURE, position + 4)
        self._first_field = None if second >= 0 else structure
        return True

    def _read_structure(self, data: bytes, position: int) -> int:
        """Returns 1 for the top field, 2 for the bottom field, 3 for a frame; always 3 in MPEG-1."""
        extension = data.find(_MPEG2_EXTENSION, position, position + 2 * _HEAD_BYTES)
        if extension < 0 or len(data) < extension + 7 or data[extension + 4] >> 4 != _MPEG2_CODING:
            return _FRAME
        return data[extension + 6] & 3 or _FRAME
