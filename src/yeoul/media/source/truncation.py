"""Detects truncated files by comparing them with the size and number of frames that their containers promise."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple

import av
from av.container import InputContainer
from av.stream import Stream

from yeoul.base.errors import TruncatedError, UnreadableError
from yeoul.media.limits import DEMUXERS, Limits, open_input

_MP4_MEDIA_BOXES: Final = (b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"uuid", b"meta", b"udta")
_MP4_BOXES: Final = frozenset((*_MP4_MEDIA_BOXES, b"free", b"skip", b"wide", b"pnot", b"emsg", b"prft"))
_EBML_SEGMENT: Final = 0x18538067
# Of formats that consist of chunks: the kind of the top-level one, and the layout of its header.
_CHUNKED: Final = {"avi": (b"RIFF", "<4sI"), "wav": (b"RIFF", "<4sI"), "aiff": (b"FORM", ">4sI")}
_RIFF_SLACK_BYTES: Final = 64  # some writers also count headers or padding; truncated files lack more
_MAX_PARTS: Final = 1_000_000  # twelve hours in fragments of a tenth of a second


class _Part(NamedTuple):
    """A top-level box, chunk or element. end: by its own header."""

    kind: bytes | int
    start: int
    end: int


def open_whole(path: Path, limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> InputContainer:
    """Opens a file as `open_input` does; raises TruncatedError if it cannot be opened because its end is missing."""
    try:
        return open_input(path, limits, demuxers)
    except UnreadableError:
        if path.is_file():
            _check_unopened(path)
        raise


def _check_unopened(path: Path) -> None:
    """Raises TruncatedError for an MP4 or MOV that no demuxer opens because it was cut off before its index (moov).

    Such a file has known top-level boxes, no complete moov, and a last box that extends beyond the end of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = list(_mp4_boxes(file, size))
    if not boxes or boxes[0].kind not in (b"ftyp", b"wide", b"mdat", b"moov", b"free", b"skip", b"pnot"):
        return
    has_index = any(box.kind == b"moov" and box.end <= size for box in boxes)
    if not has_index and boxes[-1].end > size:
        raise _make_error(size, boxes[-1].end, "bytes")


def check_demuxed(path: Path, container: InputContainer, streams: list[Stream]) -> None:
    """Raises TruncatedError if the container promises more than the file holds. Durations in headers are not counted as promises.

    Truncated is: MP4 and MOV with a sample of the index, or a fragment, beyond the end of the file; Matroska with the segment or a cluster
    beyond it; AVI, WAV and AIFF with a chunk beyond it; FLAC with fewer samples than its header counts. MPEG-TS and NUT promise nothing.
    Call this after reading all packets, because ffmpeg indexes fragments while it reads them.
    """
    if container.format.name == "flac":
        _check_flac(path)
    size = path.stat().st_size
    for stream in streams:
        entries = [entry for entry in stream.index_entries if entry.size > 0] if "mov" in container.format.name else []
        found = sum(entry.pos + entry.size <= size for entry in entries)
        if found < len(entries):
            raise _make_error(found, len(entries), "frames" if stream.type == "video" else "audio packets")
    with path.open("rb") as file:
        end = promised_end(file, size, container.format.name)
    if end > size + (_RIFF_SLACK_BYTES if container.format.name in _CHUNKED else 0):
        raise _make_error(size, end, "bytes")


def _check_flac(path: Path) -> None:
    """Raises TruncatedError if a FLAC file has fewer samples than STREAMINFO says (RFC 9639, 8.2): its encoder counted them."""
    with av.open(f"file:{path.resolve()}", format="flac", metadata_errors="replace") as container:
        stream = container.streams.audio[0]
        promised = stream.duration or 0
        ends = [packet.pts + (packet.duration or 0) for packet in container.demux(stream) if packet.pts is not None]
        found = max(ends, default=0)
        if found < promised:
            raise _make_error(found, promised, "samples")  # the time base is a sample


def _make_error(found: int, promised: int, unit: Literal["frames", "audio packets", "samples", "bytes"]) -> TruncatedError:
    message = f"the file is truncated: it has {found} of the {promised} {unit} that it promises"
    return TruncatedError(message, found=found, promised=promised, unit=unit)


def promised_end(file: BinaryIO, size: int, format_name: str) -> int:
    """Returns the largest end offset in the container's structure; 0 if it has none.

    Reads at most a million parts.
    """
    if "mov" in format_name:
        boxes = list(islice(_mp4_boxes(file, size), _MAX_PARTS))
        # Without fragments the index was checked: if all its samples are in the file, an mdat may promise more.
        fragmented = any(box.kind == b"moof" for box in boxes)
        return boxes[-1].end if fragmented and boxes[-1].kind in (b"moof", b"mdat") else 0
    if "matroska" in format_name:
        return max((part.end for part in islice(_matroska_parts(file, size), _MAX_PARTS)), default=0)
    if format_name in _CHUNKED:
        return max((part.end for part in islice(_chunks(file, size, *_CHUNKED[format_name]), _MAX_PARTS)), default=0)
    return 0


def _mp4_boxes(file: BinaryIO, size: int) -> Iterator[_Part]:
    """Yields top-level boxes (ISO/IEC 14496-12 4.2) until an unknown one; the last may end beyond the file."""
    offset = 0
    while offset + 8 <= size:
        file.seek(offset)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8])
        if kind not in _MP4_BOXES:
            return
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        if length == 0:
            length = size - offset
        if length < 8:
            return
        yield _Part(kind, offset, offset + length)
        offset += length


def _chunks(file: BinaryIO, size: int, wanted: bytes, layout: str) -> Iterator[_Part]:
    """Yields the top-level chunks of a RIFF or AIFF file (OpenDML files have several); a size of 0 or all ones was never written."""
    offset = 0
    while offset + 12 <= size:
        file.seek(offset)
        kind, length = struct.unpack(layout, file.read(8))
        if kind != wanted or length in (0, 0xFFFFFFFF):
            return
        yield _Part(kind, offset, offset + 8 + length)
        offset += 8 + length + length % 2


def _matroska_parts(file: BinaryIO, size: int) -> Iterator[_Part]:
    """Yields the segment and its children of known size (RFC 8794); stops at a child of unknown size, as live muxers write."""
    offset = 0
    while offset < size:
        file.seek(offset)
        head = _ebml_head(file.read(12))
        if head is None:
            return
        kind, header_bytes, length = head
        end = offset + header_bytes + (length or 0)
        if length is not None:
            yield _Part(kind, offset, end)
        if kind == _EBML_SEGMENT:
            offset += header_bytes
        elif length is None:
            return
        else:
            offset = end


def _ebml_head(data: bytes) -> tuple[int, int, int | None] | None:
    """Returns (id, header size, content size or None if unknown); None if the data is not the start of an element."""
    id_bytes = 9 - data[0].bit_length() if data and data[0] else 9
    if id_bytes > 4 or len(data) <= id_bytes or not data[id_bytes]:
        return None
    kind = int.from_bytes(data[:id_bytes], "big")
    length_bytes = 9 - data[id_bytes].bit_length()
    raw = data[id_bytes : id_bytes + length_bytes]
    if len(raw) < length_bytes:
        return None
    mask = (1 << 7 * length_bytes) - 1
    length = int.from_bytes(raw, "big") & mask
    return kind, id_bytes + length_bytes, None if length == mask else length
