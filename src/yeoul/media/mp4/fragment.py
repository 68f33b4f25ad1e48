"""Reads CMAF fragments, and rewrites the times of their samples (ISO/IEC 14496-12).

Supports only what our own encoders write: one track, with offsets relative to the moof.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from pydantic import ValidationError

from yeoul.base.errors import MediaToolError
from yeoul.media.mp4.box import Box, boxes, find_box, make_root_box, unpack
from yeoul.model.rendition import IFrame

# ISO/IEC 14496-12, 8.8.7.1 (tf_flags) and 8.8.8.1 (tr_flags).
_TF_BASE_OFFSET, _TF_DESCRIPTION, _TF_DURATION, _TF_SIZE, _TF_FLAGS, _TF_BASE_IS_MOOF = 0x1, 0x2, 0x8, 0x10, 0x20, 0x20000
_TR_OFFSET, _TR_FIRST_FLAGS, _TR_DURATION, _TR_SIZE, _TR_FLAGS, _TR_CTS = 0x1, 0x4, 0x100, 0x200, 0x400, 0x800
_NON_SYNC = 0x10000  # sample_is_non_sync_sample, 8.8.3.1


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded frame. duration_ticks and cts_ticks (presentation minus decode time): in the track's timescale. flags: see 8.8.3.1."""

    duration_ticks: int
    size_bytes: int
    flags: int
    cts_ticks: int

    @property
    def is_sync(self) -> bool:
        return not self.flags & _NON_SYNC


@dataclass(frozen=True, slots=True)
class Fragment:
    """One moof with its mdat. offset: of the moof. data_offset: of the first sample. Both count from the start of the media data."""

    offset: int
    size_bytes: int
    data_offset: int
    sequence: int
    start_ticks: int
    samples: tuple[Sample, ...]

    @property
    def duration_ticks(self) -> int:
        return sum(sample.duration_ticks for sample in self.samples)


def split_init(data: bytes) -> tuple[bytes, bytes]:
    """Returns (init segment, media data), split at the end of the moov (14496-12, 8.16). Raises MediaToolError."""
    for box in boxes(data, 0, len(data)):
        if box.kind == "moov":
            return data[: box.end], data[box.end :]
    raise MediaToolError("there is no moov box")


def list_fragments(media: bytes) -> tuple[Fragment, ...]:
    """Returns every pair of moof and mdat in media data without init; skips other top-level boxes (styp, sidx, prft)."""
    fragments: list[Fragment] = []
    moof: Box | None = None
    for box in boxes(media, 0, len(media)):
        if box.kind == "moof":
            moof = box
        elif box.kind == "mdat":
            if moof is None:
                raise MediaToolError("an mdat comes without its moof", offset=box.start)
            fragments.append(_read_fragment(media, moof, box))
            moof = None
    if moof is not None:
        raise MediaToolError("the last moof has no mdat", offset=moof.start)
    return tuple(fragments)


def _read_fragment(media: bytes, moof: Box, mdat: Box) -> Fragment:
    (sequence,) = unpack(media, ">I", find_box(media, moof, "mfhd").payload + 4, moof.end)
    traf = find_box(media, moof, "traf")
    tfdt = find_box(media, traf, "tfdt")
    version, *_ = unpack(media, ">B", tfdt.payload, tfdt.end)
    (start_ticks,) = unpack(media, ">Q" if version else ">I", tfdt.payload + 4, tfdt.end)
    defaults = _read_tfhd(media, find_box(media, traf, "tfhd"))
    data_offset, samples = _read_trun(media, find_box(media, traf, "trun"), defaults)
    data_offset += moof.start
    if data_offset < mdat.payload or data_offset + sum(sample.size_bytes for sample in samples) > mdat.end:
        raise MediaToolError("samples lie outside of their mdat", offset=moof.start)
    return Fragment(moof.start, mdat.end - moof.start, data_offset, sequence, start_ticks, samples)


def _read_tfhd(media: bytes, tfhd: Box) -> Sample:
    """Returns the fragment's default values as a sample (14496-12, 8.8.7)."""
    flags = unpack(media, ">I", tfhd.payload, tfhd.end)[0] & 0xFFFFFF
    if flags & _TF_BASE_OFFSET or not flags & _TF_BASE_IS_MOOF:
        raise MediaToolError("sample offsets are not relative to the moof", offset=tfhd.start)
    offset = tfhd.payload + 8 + (4 if flags & _TF_DESCRIPTION else 0)
    values: list[int] = []
    for flag in (_TF_DURATION, _TF_SIZE, _TF_FLAGS):
        values.append(unpack(media, ">I", offset, tfhd.end)[0] if flags & flag else 0)
        offset += 4 if flags & flag else 0
    return Sample(values[0], values[1], values[2], 0)


def _read_trun(media: bytes, trun: Box, default: Sample) -> tuple[int, tuple[Sample, ...]]:
    """Returns (data offset from the moof, samples) of a track run (14496-12, 8.8.8)."""
    flags, count = unpack(media, ">II", trun.payload, trun.end)
    if not flags & _TR_OFFSET:
        raise MediaToolError("a track run has no data offset", offset=trun.start)
    (data_offset,) = unpack(media, ">i", trun.payload + 8, trun.end)
    offset = trun.payload + 12
    first_flags = unpack(media, ">I", offset, trun.end)[0] if flags & _TR_FIRST_FLAGS else None
    offset += 4 if first_flags is not None else 0
    fields = [flag for flag in (_TR_DURATION, _TR_SIZE, _TR_FLAGS, _TR_CTS) if flags & flag]
    layout = ">" + "".join("i" if flag == _TR_CTS else "I" for flag in fields)
    if offset + count * struct.calcsize(layout) > trun.end:
        raise MediaToolError("a track run is shorter than its samples", offset=trun.start)
    samples: list[Sample] = []
    for index in range(count):
        row = dict(zip(fields, struct.unpack_from(layout, media, offset + index * struct.calcsize(layout)), strict=True))
        sample_flags = first_flags if index == 0 and first_flags is not None else row.get(_TR_FLAGS, default.flags)
        duration, size = row.get(_TR_DURATION, default.duration_ticks), row.get(_TR_SIZE, default.size_bytes)
        samples.append(Sample(duration, size, sample_flags, row.get(_TR_CTS, 0)))
    return data_offset, tuple(samples)


def list_pts(fragments: Sequence[Fragment]) -> list[int]:
    """Returns the presentation times of all samples in decode order, in ticks."""
    times: list[int] = []
    for fragment in fragments:
        dts = fragment.start_ticks
        for sample in fragment.samples:
            times.append(dts + sample.cts_ticks)
            dts += sample.duration_ticks
    return times


def retime(media: bytes, end_ticks: int, delay_ticks: int = 0, *, start_ticks: int | None = None) -> bytes:
    """Returns the same samples with exact times: each frame lasts until the next one is shown, the last until end_ticks.

    Encoders compute decode times from a delay and guess the last duration, which is correct only for constant frame rates. Here every
    fragment starts at the time of its IDR frame, and its durations add up exactly. Presentation times are delay_ticks later, which the edit
    list of the init segment subtracts again. This avoids negative composition offsets: demuxers of ffmpeg and GStreamer delay all frames by
    the most negative one. start_ticks: the new time of the first frame; default: unchanged.

    Raises MediaToolError if a fragment does not start with its earliest frame or overlaps the next one, two frames have the same time, a
    frame is not before `end_ticks`, a frame would be shown before it is decoded, or times do not fit into the boxes.
    """
    fragments = list_fragments(media)
    pts = list_pts(fragments)
    if pts and start_ticks is not None:
        first_shown = min(pts)
        pts = [start_ticks if time == first_shown else time for time in pts]
    sorted_pts = sorted(pts)
    times = [*sorted_pts, end_ticks]
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise MediaToolError("presentation times are not strictly increasing up to the piece's end", end_ticks=end_ticks)
    durations = {time: next_time - time for time, next_time in pairwise(times)}
    parts: list[bytes] = []
    first = 0
    for fragment in fragments:
        own_pts = pts[first : first + len(fragment.samples)]
        if own_pts and (own_pts[0] != sorted_pts[first] or max(own_pts) != sorted_pts[first + len(own_pts) - 1]):
            raise MediaToolError("the frames of a fragment are not shown together, starting with its first frame", offset=fragment.offset)
        decode_times = list(accumulate((durations[time] for time in own_pts), initial=times[first]))
        samples = [
            Sample(durations[time], sample.size_bytes, sample.flags, time + delay_ticks - dts)
            for time, dts, sample in zip(own_pts, decode_times, fragment.samples, strict=False)
        ]
        if any(sample.cts_ticks < 0 for sample in samples):
            raise MediaToolError("a frame would be shown before it is decoded", offset=fragment.offset, delay_ticks=delay_ticks)
        size_bytes = sum(sample.size_bytes for sample in samples)
        try:
            parts.append(_write_moof(fragment.sequence, times[first], samples))
        except struct.error as error:  # negative, or too large for the field of the box
            raise MediaToolError("a fragment has invalid times", offset=fragment.offset) from error
        parts.append(_box("mdat", media[fragment.data_offset : fragment.data_offset + size_bytes]))
        first += len(own_pts)
    return b"".join(parts)


def _box(kind: str, *parts: bytes) -> bytes:
    size = 8 + sum(map(len, parts))
    return b"".join((struct.pack(">I4s", size, kind.encode("ascii")), *parts))


def _write_moof(sequence: int, start_ticks: int, samples: Sequence[Sample]) -> bytes:
    """Returns a moof with one run; values that all samples share are written once, in the tfhd."""
    rest = samples[1] if len(samples) > 1 else samples[0]
    same_duration = all(sample.duration_ticks == samples[0].duration_ticks for sample in samples)
    same_flags = all(sample.flags == rest.flags for sample in samples[1:])
    has_cts = any(sample.cts_ticks for sample in samples)
    fields = (0 if same_duration else _TR_DURATION) | _TR_SIZE | (0 if same_flags else _TR_FLAGS) | (_TR_CTS if has_cts else 0)
    rows: list[bytes] = []
    for sample in samples:
        row = b"" if same_duration else struct.pack(">I", sample.duration_ticks)
        row += struct.pack(">I", sample.size_bytes)
        row += b"" if same_flags else struct.pack(">I", sample.flags)
        rows.append(row + (struct.pack(">i", sample.cts_ticks) if has_cts else b""))
    first = struct.pack(">I", samples[0].flags) if same_flags else b""
    flags = 1 << 24 | _TR_OFFSET | fields | (_TR_FIRST_FLAGS if same_flags else 0)
    tfhd_flags = _TF_BASE_IS_MOOF | _TF_FLAGS | (_TF_DURATION if same_duration else 0)
    duration = struct.pack(">I", samples[0].duration_ticks) if same_duration else b""
    tfhd = _box("tfhd", struct.pack(">II", tfhd_flags, 1), duration, struct.pack(">I", rest.flags))
    tfdt = _box("tfdt", struct.pack(">IQ", 1 << 24, start_ticks))
    mfhd = _box("mfhd", struct.pack(">II", 0, sequence))
    run_size = 8 + 12 + len(first) + sum(map(len, rows))
    data_offset = 8 + len(mfhd) + 8 + len(tfhd) + len(tfdt) + run_size + 8
    trun = _box("trun", struct.pack(">IIi", flags, len(samples), data_offset), first, *rows)
    return _box("moof", mfhd, _box("traf", tfhd, tfdt, trun))


def find_i_frames(fragments: Sequence[Fragment], delay_ticks: int) -> tuple[IFrame, ...]:
    """Returns the sync sample at the start of each fragment, with the fragment's duration (RFC 8216, 4.3.3.6: EXT-X-I-FRAMES-ONLY).

    delay_ticks: the value that the edit list subtracts from presentation times. Raises MediaToolError for invalid times and sizes.
    """
    sync_fragments = [fragment for fragment in fragments if fragment.samples and fragment.samples[0].is_sync]
    try:
        return tuple(
            IFrame(
                offset=fragment.offset,
                size_bytes=fragment.data_offset - fragment.offset + fragment.samples[0].size_bytes,
                duration_ticks=fragment.duration_ticks,
                start_ticks=fragment.start_ticks + fragment.samples[0].cts_ticks - delay_ticks,
            )
            for fragment in sync_fragments
        )
    except ValidationError as error:
        raise MediaToolError("the encoder wrote a fragment with invalid times or sizes") from error


def get_timescale(init: bytes) -> int:
    """Returns the ticks per second of the init segment's only track (14496-12, 8.4.2)."""
    mdhd = find_box(init, make_root_box(init), "moov/trak/mdia/mdhd")
    version, *_ = unpack(init, ">B", mdhd.payload, mdhd.end)
    return unpack(init, ">I", mdhd.payload + (20 if version else 12), mdhd.end)[0]
