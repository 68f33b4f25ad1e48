"""What a container promises about its own length in bytes and frames, to tell a cut-off file from a whole one."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final, Literal, NamedTuple

from av.container import InputContainer
from av.stream import Stream

from yeoul.base.errors import TruncatedError, UnreadableError
from yeoul.media.limits import DEMUXERS, Limits, open_input

_MP4_MEDIA_BOXES: Final = (b"ftyp", b"styp", b"moov", b"mdat", b"moof", b"mfra", b"sidx", b"uuid", b"meta", b"udta")
_MP4_BOXES: Final = frozenset((*_MP4_MEDIA_BOXES, b"free", b"skip", b"wide", b"pnot", b"emsg", b"prft"))
_EBML_SEGMENT: Final = 0x18538067
_RIFF_SLACK_BYTES: Final = 64  # writers that count a header, a padding or themselves; a cut takes more
_MOST_PARTS: Final = 1_000_000  # twelve hours in fragments of a tenth of a second


class _Part(NamedTuple):
    """One top-level box, chunk or element: where it begins and where, by its own header, it ends."""

    kind: bytes | int
    start: int
    end: int


def open_whole(path: Path, limits: Limits, demuxers: Sequence[str] = DEMUXERS) -> InputContainer:
    """As `open_input`, and raises TruncatedError where the file cannot be opened because its end is missing."""
    try:
        return open_input(path, limits, demuxers)
    except UnreadableError:
        if path.is_file():
            _check_unopened(path)
        raise


def _check_unopened(path: Path) -> None:
    """Raise TruncatedError for an MP4 or MOV that no demuxer opens because it was cut off before its index (moov).

    Detected as: known top-level boxes, none of them a moov that lies in the file, and a last box that passes the end of the file.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        boxes = list(_mp4_boxes(file, size))
    if not boxes or boxes[0].kind not in (b"ftyp", b"wide", b"mdat", b"moov", b"free", b"skip", b"pnot"):
        return
    has_index = any(box.kind == b"moov" and box.end <= size for box in boxes)
    if not has_index and boxes[-1].end > size:
        raise _truncated(size, boxes[-1].end, "bytes")


def check_demuxed(path: Path, container: InputContainer, streams: list[Stream]) -> None:
    """Raise TruncatedError where the container promises more than the file holds; durations in headers promise nothing.

    MP4 and MOV: a sample of the index, or a fragment, lies past the end. Matroska: the segment or a cluster does. AVI: a RIFF
    chunk does. MPEG-TS and NUT promise nothing. Call it when all packets have been read: fragments are indexed as they pass.
    """
    size = path.stat().st_size
    for stream in streams:
        entries = [entry for entry in stream.index_entries if entry.size > 0] if "mov" in container.format.name else []
        found = sum(entry.pos + entry.size <= size for entry in entries)
        if found < len(entries):
            raise _truncated(found, len(entries), "frames" if stream.type == "video" else "audio packets")
    with path.open("rb") as file:
        end = promised_end(file, size, container.format.name)
    if end > size + (_RIFF_SLACK_BYTES if container.format.name == "avi" else 0):
        raise _truncated(size, end, "bytes")


def _truncated(found: int, promised: int, unit: Literal["frames", "audio packets", "bytes"]) -> TruncatedError:
    return TruncatedError(f"the file holds {found} of the {promised} {unit} that it promises", found=found, promised=promised, unit=unit)


def promised_end(file: BinaryIO, size: int, format_name: str) -> int:
    """Returns the largest end that the container's own structure names; 0 where it names none.

    Of a file of countless tiny parts only the first million are read.
    """
    if "mov" in format_name:
        boxes = list(islice(_mp4_boxes(file, size), _MOST_PARTS))
        # Without fragments the index has been checked, and a long mdat with all samples inside is whole.
        fragmented = any(box.kind == b"moof" for box in boxes)
        return boxes[-1].end if fragmented and boxes[-1].kind in (b"moof", b"mdat") else 0
    if "matroska" in format_name:
        return max((part.end for part in islice(_matroska_parts(file, size), _MOST_PARTS)), default=0)
    if format_name == "avi":
        return max((part.end for part in islice(_riff_chunks(file, size), _MOST_PARTS)), default=0)
    return 0


def _mp4_boxes(file: BinaryIO, size: int) -> Iterator[_Part]:
    """Top-level boxes (ISO/IEC 14496-12 4.2) until an unknown one; the last may end past the file."""
    at = 0
    while at + 8 <= size:
        file.seek(at)
        header = file.read(16)
        length, kind = struct.unpack(">I4s", header[:8])
        if kind not in _MP4_BOXES:
            return
        if length == 1 and len(header) == 16:
            length = struct.unpack(">Q", header[8:])[0]
        if length == 0:
            length = size - at
        if length < 8:
            return
        yield _Part(kind, at, at + length)
        at += length


def _riff_chunks(file: BinaryIO, size: int) -> Iterator[_Part]:
    """The RIFF chunks of an AVI (OpenDML files have several); a size of 0 or all ones was never filled in."""
    at = 0
    while at + 12 <= size:
        file.seek(at)
        kind, length = struct.unpack("<4sI", file.read(8))
        if kind != b"RIFF" or length in (0, 0xFFFFFFFF):
            return
        yield _Part(kind, at, at + 8 + length)
        at += 8 + length + length % 2


def _matroska_parts(file: BinaryIO, size: int) -> Iterator[_Part]:
    """The segment and its children of known size (RFC 8794); stops at one of unknown size, as live muxers write them."""
    at = 0
    while at < size:
        file.seek(at)
        head = _ebml_head(file.read(12))
        if head is None:
            return
        kind, header_bytes, length = head
        end = at + header_bytes + (length or 0)
        if length is not None:
            yield _Part(kind, at, end)
        if kind == _EBML_SEGMENT:
            at += header_bytes
        elif length is None:
            return
        else:
            at = end


def _ebml_head(data: bytes) -> tuple[int, int, int | None] | None:
    """(id, bytes of the header, content length or None where unknown); None where there is no element."""
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
