"""An ISO BMFF reader of the checker's own, independent of the product's, so that the two can disagree."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from tests.checker.entry import VIDEO, parse_entry
from tests.checker.h264 import Sps

_CONTAINERS = {b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"edts", b"mvex"}
_NON_SYNC = 0x00010000


@dataclass(frozen=True)
class Box:
    kind: str
    start: int
    header: int
    end: int

    def payload(self, data: bytes) -> bytes:
        return data[self.start + self.header : self.end]


def walk(data: bytes, start: int = 0, end: int | None = None) -> Iterator[Box]:
    """All boxes, depth first; raises ValueError where sizes do not fit."""
    stop = len(data) if end is None else end
    while start < stop:
        if stop - start < 8:
            raise ValueError(f"{stop - start} stray bytes at {start}")
        size, kind = struct.unpack_from(">I4s", data, start)
        header = 8
        if size == 1:
            size, header = struct.unpack_from(">Q", data, start + 8)[0], 16
        if size == 0:
            size = stop - start
        if size < header or start + size > stop:
            raise ValueError(f"box {kind!r} at {start} of {size} bytes passes the end at {stop}")
        yield Box(kind.decode("latin-1"), start, header, start + size)
        if kind in _CONTAINERS:
            yield from walk(data, start + header, start + size)
        start += size


@dataclass(frozen=True)
class Init:
    """What an init segment says. sps: video only; channels, sample_rate: audio only. edit_media_time: ticks that the edit list skips."""

    brands: tuple[str, ...]
    handler: str
    timescale: int
    codec: str
    nal_length: int
    width: int
    height: int
    sps: Sps | None
    channels: int
    sample_rate: int
    edit_media_time: int
    default_flags: int
    default_duration: int
    default_size: int
    stored_samples: int

    @property
    def entry(self) -> str:
        """The sample entry's name."""
        return self.codec.partition(".")[0]


def parse_init(data: bytes) -> Init:
    found = {box.kind: box.payload(data) for box in walk(data)}
    if "moov" not in found:
        raise ValueError("no moov")
    brands = tuple(found["ftyp"][at : at + 4].decode("latin-1") for at in (0, *range(8, len(found["ftyp"]), 4)))
    mdhd = found["mdhd"]
    timescale = struct.unpack_from(">I", mdhd, 20 if mdhd[0] == 1 else 12)[0]
    entry_kind, entry = _sample_entry(found["stsd"])
    if entry_kind in VIDEO:
        codec, nal_length, sps = parse_entry(entry_kind, entry, _children(entry[78:]))
    else:
        codec, nal_length, sps = _audio_codec(entry_kind, entry), 0, None
    _, duration, size, flags = struct.unpack_from(">IIII", found["trex"], 8)
    tkhd = found["tkhd"]
    width, height = (value >> 16 for value in struct.unpack_from(">II", tkhd, len(tkhd) - 8))
    is_audio = found["hdlr"][8:12] == b"soun"
    return Init(
        brands=brands,
        handler=found["hdlr"][8:12].decode("latin-1"),
        timescale=timescale,
        codec=codec,
        nal_length=nal_length,
        width=width,
        height=height,
        sps=sps,
        channels=struct.unpack_from(">H", entry, 16)[0] if is_audio else 0,
        sample_rate=struct.unpack_from(">H", entry, 24)[0] if is_audio else 0,
        edit_media_time=_edit(found.get("elst")),
        default_flags=flags,
        default_duration=duration,
        default_size=size,
        stored_samples=struct.unpack_from(">I", found["stsz"], 8)[0] if "stsz" in found else 0,
    )


def _sample_entry(stsd: bytes) -> tuple[str, bytes]:
    size, kind = struct.unpack_from(">I4s", stsd, 8)
    return kind.decode("latin-1"), stsd[16 : 8 + size]


def _edit(elst: bytes | None) -> int:
    """media_time of the first edit that is not empty."""
    if elst is None:
        return 0
    count = struct.unpack_from(">I", elst, 4)[0]
    shape = ">Qqi" if elst[0] == 1 else ">Iii"
    times = [struct.unpack_from(shape, elst, 8 + index * struct.calcsize(shape))[1] for index in range(count)]
    return next((time for time in times if time >= 0), 0)


def _children(data: bytes) -> dict[str, bytes]:
    return {box.kind: box.payload(data) for box in walk(data)}


def _audio_codec(kind: str, entry: bytes) -> str:
    if kind != "mp4a":
        return kind
    esds = _children(entry[28:])["esds"]
    object_type, audio_object = 0, 0
    for tag, body in _descriptors(esds[4:]):
        if tag == 4:
            object_type = body[0]
        if tag == 5:
            audio_object = body[0] >> 3
    return f"mp4a.{object_type:x}.{audio_object}"


def _descriptors(data: bytes) -> Iterator[tuple[int, bytes]]:
    """MPEG-4 descriptors (ISO/IEC 14496-1 8.3), ES and DecoderConfig opened."""
    at = 0
    while at < len(data):
        tag, at, size = data[at], at + 1, 0
        while True:
            byte, at = data[at], at + 1
            size = size << 7 | byte & 0x7F
            if not byte & 0x80:
                break
        body = data[at : at + size]
        yield tag, body
        if tag == 3:
            yield from _descriptors(body[3:])
        if tag == 4:
            yield from _descriptors(body[13:])
        at += size


@dataclass(frozen=True)
class Sample:
    """One coded frame: byte range in its segment, dts and pts in ticks, whether the container calls it a sync sample."""

    offset: int
    size: int
    dts: int
    pts: int
    duration: int
    is_sync: bool


@dataclass(frozen=True)
class Fragment:
    """One moof+mdat: its byte range, tfdt and samples."""

    start: int
    end: int
    tfdt: int
    samples: tuple[Sample, ...]


def parse_fragments(data: bytes, init: Init) -> list[Fragment]:
    """The fragments of a segment; raises ValueError where samples lie outside of the mdat."""
    top = [box for box in walk(data) if box.kind in ("moof", "mdat")]
    found: list[Fragment] = []
    for moof, mdat in zip(top[::2], top[1::2], strict=True):
        if (moof.kind, mdat.kind) != ("moof", "mdat"):
            raise ValueError("moof and mdat do not alternate")
        tfdt, samples = _traf(data, moof, init)
        if any(s.offset < mdat.start + mdat.header or s.offset + s.size > mdat.end for s in samples):
            raise ValueError(f"samples of the fragment at {moof.start} lie outside of its mdat")
        found.append(Fragment(moof.start, mdat.end, tfdt, tuple(samples)))
    return found


def _traf(data: bytes, moof: Box, init: Init) -> tuple[int, list[Sample]]:
    duration, size, flags, base = init.default_duration, init.default_size, init.default_flags, moof.start
    tfdt, dts, samples = 0, 0, []
    for box in walk(data, moof.start + moof.header, moof.end):
        body = box.payload(data)
        word = struct.unpack_from(">I", body)[0] if len(body) >= 4 else 0
        if box.kind == "tfhd":
            duration, size, flags, base = _tfhd(body, word, (duration, size, flags, base))
        elif box.kind == "tfdt":
            tfdt = dts = struct.unpack_from(">Q" if word >> 24 == 1 else ">I", body, 4)[0]
        elif box.kind == "trun":
            run = _trun(body, word, base, dts, (duration, size, flags))
            samples += run
            dts = run[-1].dts + run[-1].duration if run else dts
    return tfdt, samples


def _tfhd(body: bytes, word: int, values: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    duration, size, flags, base = values
    at = 8
    for bit, shape in ((0x1, ">Q"), (0x2, ">I"), (0x8, ">I"), (0x10, ">I"), (0x20, ">I")):
        if not word & bit:
            continue
        value = struct.unpack_from(shape, body, at)[0]
        at += struct.calcsize(shape)
        base = value if bit == 0x1 else base
        duration = value if bit == 0x8 else duration
        size = value if bit == 0x10 else size
        flags = value if bit == 0x20 else flags
    return duration, size, flags, base


def _trun(body: bytes, word: int, base: int, dts: int, defaults: tuple[int, int, int]) -> list[Sample]:
    count, at, offset = struct.unpack_from(">I", body, 4)[0], 8, base
    if word & 0x1:
        offset, at = base + struct.unpack_from(">i", body, at)[0], at + 4
    first_flags = None
    if word & 0x4:
        first_flags, at = struct.unpack_from(">I", body, at)[0], at + 4
    samples: list[Sample] = []
    for index in range(count):
        duration, size, flags = defaults
        cts = 0
        for bit in (0x100, 0x200, 0x400, 0x800):
            if not word & bit:
                continue
            signed = bit == 0x800 and word >> 24 == 1
            value = struct.unpack_from(">i" if signed else ">I", body, at)[0]
            at += 4
            duration = value if bit == 0x100 else duration
            size = value if bit == 0x200 else size
            flags = value if bit == 0x400 else flags
            cts = value if bit == 0x800 else cts
        flags = first_flags if index == 0 and first_flags is not None else flags
        samples.append(Sample(offset, size, dts, dts + cts, duration, not flags & _NON_SYNC))
        offset, dts = offset + size, dts + duration
    return samples
