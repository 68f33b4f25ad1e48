"""Builds the CMAF boxes of an AAC track: one init segment that depends only on channels and delay, and one fragment per segment; pure.

This module writes the boxes itself, because a muxer would restart the timestamps at every piece.
Sources: ISO/IEC 14496-12 (boxes), 14496-14 (esds), 14496-3 1.6.2.1 (AudioSpecificConfig), 23000-19 (CMAF).
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from yeoul.media.audio.grid import FRAME_SAMPLES, OUTPUT_RATE

CODECS = "mp4a.40.2"
_TRACK_ID = 1
_SYNC_SAMPLE_FLAGS = 0x02000000  # depends on no other sample
_UNITY_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED_LANGUAGE = 0x55C4  # "und", five bits a letter


def make_audio_init(channels: int, delay_samples: int) -> bytes:
    """Returns ftyp and moov of a 48 kHz AAC-LC track whose edit list skips the first delay_samples; the last of these are priming."""
    return _box(b"ftyp", b"iso6", struct.pack(">I", 0), b"iso6cmfcmp41") + _moov(channels, delay_samples)


def make_audio_fragment(sequence: int, decode_time: int, packets: Sequence[bytes]) -> bytes:
    """Returns one moof with its mdat. sequence: counts from 1. decode_time: in audio samples. Each packet is a sync sample of 1,024."""
    moof_size = len(_moof(sequence, decode_time, packets, data_offset=0))
    return _moof(sequence, decode_time, packets, data_offset=moof_size + 8) + _box(b"mdat", *packets)


def _moof(sequence: int, decode_time: int, packets: Sequence[bytes], *, data_offset: int) -> bytes:
    # default-base-is-moof, default-sample-duration and -flags; then data-offset-present and sample-size-present.
    tfhd = _full_box(b"tfhd", 0, 0x020028, struct.pack(">3I", _TRACK_ID, FRAME_SAMPLES, _SYNC_SAMPLE_FLAGS))
    tfdt = _full_box(b"tfdt", 1, 0, struct.pack(">Q", decode_time))
    sizes = struct.pack(f">{len(packets)}I", *map(len, packets))
    trun = _full_box(b"trun", 0, 0x000201, struct.pack(">Ii", len(packets), data_offset), sizes)
    return _box(b"moof", _full_box(b"mfhd", 0, 0, struct.pack(">I", sequence)), _box(b"traf", tfhd, tfdt, trun))


def _moov(channels: int, delay_samples: int) -> bytes:
    times = struct.pack(">4I", 0, 0, OUTPUT_RATE, 0)
    mvhd = _full_box(
        b"mvhd", 0, 0, times, struct.pack(">IH10x", 0x10000, 0x100), _UNITY_MATRIX, bytes(24), struct.pack(">I", _TRACK_ID + 1)
    )
    trex = _full_box(b"trex", 0, 0, struct.pack(">5I", _TRACK_ID, 1, FRAME_SAMPLES, 0, _SYNC_SAMPLE_FLAGS))
    return _box(b"moov", mvhd, _trak(channels, delay_samples), _box(b"mvex", trex))


def _trak(channels: int, delay_samples: int) -> bytes:
    # Track enabled and in the movie; volume 1.0; no width and height.
    tkhd = _full_box(b"tkhd", 0, 3, struct.pack(">5I8x4H", 0, 0, _TRACK_ID, 0, 0, 0, 1, 0x100, 0), _UNITY_MATRIX, bytes(8))
    # Segment duration 0: the edit extends over all fragments.
    elst = _full_box(b"elst", 0, 0, struct.pack(">IIiI", 1, 0, delay_samples, 0x10000))
    return _box(b"trak", tkhd, _box(b"edts", elst), _mdia(channels))


def _mdia(channels: int) -> bytes:
    mdhd = _full_box(b"mdhd", 0, 0, struct.pack(">4I2H", 0, 0, OUTPUT_RATE, 0, _UNDETERMINED_LANGUAGE, 0))
    hdlr = _full_box(b"hdlr", 0, 0, bytes(4), b"soun", bytes(12), b"SoundHandler\0")
    dref = _full_box(b"dref", 0, 0, struct.pack(">I", 1), _full_box(b"url ", 0, 1))
    minf = _box(b"minf", _full_box(b"smhd", 0, 0, bytes(4)), _box(b"dinf", dref), _stbl(channels))
    return _box(b"mdia", mdhd, hdlr, minf)


def _stbl(channels: int) -> bytes:
    entry = _box(b"mp4a", bytes(6), struct.pack(">H8x2H4xI", 1, channels, 16, OUTPUT_RATE << 16), _esds(channels))
    stsd = _full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry)
    empty = [_full_box(kind, 0, 0, bytes(size)) for kind, size in ((b"stts", 4), (b"stsc", 4), (b"stsz", 8), (b"stco", 4))]
    return _box(b"stbl", stsd, *empty)


def _esds(channels: int) -> bytes:
    # AAC-LC (2), 48 kHz (index 3), then a sync extension with "no SBR", so that no decoder assumes HE-AAC.
    config = struct.pack(">HHB", 2 << 11 | 3 << 7 | channels << 3, 0x2B7 << 5 | 5, 0)
    decoder = _descriptor(4, struct.pack(">BBHBII", 0x40, 0x15, 0, 0, 0, 0) + _descriptor(5, config))
    return _full_box(b"esds", 0, 0, _descriptor(3, struct.pack(">HB", 0, 0) + decoder + _descriptor(6, b"\2")))


def _descriptor(tag: int, payload: bytes) -> bytes:
    return bytes((tag, len(payload))) + payload


def _box(kind: bytes, *parts: bytes) -> bytes:
    return struct.pack(">I", 8 + sum(map(len, parts))) + kind + b"".join(parts)


def _full_box(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)
