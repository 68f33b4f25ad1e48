"""Writing piece files: NUT, which keeps times exactly and has no random or dated fields, or MOV for codecs that NUT has no name for."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Generator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self

import av
import av.error
from av.packet import Packet
from av.stream import Stream

from yeoul.base.errors import StorageFullError, UnreadableError, UnsupportedCodecError
from yeoul.media.scan import PacketTable

PieceContainer = Literal["nut", "mp4"]

# bitexact leaves out the muxer's version and the date; packets stay in the order of their dts however far apart streams are.
_OPTIONS: Final = {"fflags": "+bitexact", "max_interleave_delta": "0", "avoid_negative_ts": "disabled"}
# MOV: times as they are, no edit list that would move them in ticks of another clock; no timecode track.
_FORMATS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    # Without the index at the end: nobody seeks in a piece, and its writer aborts the process on some damaged times.
    "nut": ("nut", {**_OPTIONS, "write_index": "0"}),
    "mp4": ("mov", {**_OPTIONS, "use_editlist": "0", "write_tmcd": "0"}),
}
# Muxed without complaint, but what their decoders need besides (the pixel format, the block's size) is lost on the way.
_LOSSY_IN_NUT: Final = frozenset(("rawvideo", "adpcm_ima_wav"))
_LOSSY_IN_MOV: Final = frozenset(("rawvideo",))


def container_for(streams: Sequence[Stream]) -> PieceContainer:
    """The container that can hold these streams. Raises UnsupportedCodecError where none can."""
    codecs = {stream.codec_context.codec.canonical_name for stream in streams}
    if codecs <= _supported("nut") - _LOSSY_IN_NUT:
        return "nut"
    if codecs <= _supported("mp4") - _LOSSY_IN_MOV:
        return "mp4"
    raise UnsupportedCodecError("these codecs cannot be kept in pieces", codecs=sorted(codecs))


@cache
def _supported(container: PieceContainer) -> frozenset[str]:
    with av.open(io.BytesIO(), "w", format=_FORMATS[container][0]) as output:
        return frozenset(output.supported_codecs)


class PieceWriter:
    """A piece file with the given streams of a source; container is a `PieceContainer`."""

    def __init__(self, target: Path | io.BytesIO, streams: Sequence[Stream], container: str) -> None:
        file = f"file:{target.absolute()}" if isinstance(target, Path) else target
        name, options = _FORMATS[container]
        with _storage_errors():
            self._container: Any = av.open(file, "w", format=name, container_options=options)
        # opaque: the stream is described by its parameters alone, which also works for codecs without an encoder here (AV1).
        self._streams = {stream.index: self._container.add_stream_from_template(stream, opaque=True) for stream in streams}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, packet: Packet[Any], stream_index: int) -> None:
        """Write a packet of the source's stream with that index; times must rise. Raises StorageFullError, UnreadableError."""
        packet.stream = self._streams[stream_index]
        with _storage_errors():
            self._container.mux(packet)

    def close(self) -> None:
        with _storage_errors():
            self._container.close()

    def abandon(self) -> None:
        """Close a file that will be deleted, whatever its disk says."""
        with contextlib.suppress(av.error.FFmpegError):
            self._container.close()


@contextlib.contextmanager
def _storage_errors() -> Generator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError("no room left on the disk") from error
        raise UnreadableError("a damaged packet cannot be kept in a piece", reason=error.strerror) from error


def rebased(packet: Packet[Any], table: PacketTable, position: int, base: int) -> Packet[Any]:
    """A copy of the packet at a position of the table, with the table's times less the base."""
    copy: Packet[Any] = Packet(bytes(packet))
    copy.time_base = table.time_base
    copy.pts = int(table.pts[position]) - base
    copy.dts = int(table.dts[position]) - base
    copy.duration = int(table.duration[position])
    copy.is_keyframe = packet.is_keyframe
    return copy
