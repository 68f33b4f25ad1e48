"""Writing NUT: the container that keeps times exactly and has no random or dated fields."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any, Self

import av
import av.error
from av.packet import Packet
from av.stream import Stream

from yeoul.base.errors import StorageFullError
from yeoul.media.scan import PacketTable


class NutWriter:
    """A NUT file with the given streams of a source; bit-exact mode leaves out the muxer's version."""

    def __init__(self, target: Path | io.BytesIO, streams: Sequence[Stream]) -> None:
        file = f"file:{target.absolute()}" if isinstance(target, Path) else target
        with _storage_errors():
            self._container: Any = av.open(file, "w", format="nut", container_options={"fflags": "+bitexact", "max_interleave_delta": "0"})
        # opaque: the stream is described by its parameters alone, which also works for codecs without an encoder here (AV1).
        self._streams = {stream.index: self._container.add_stream_from_template(stream, opaque=True) for stream in streams}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, packet: Packet[Any], stream_index: int) -> None:
        """Write a packet of the source's stream with that index; times must rise. Raises StorageFullError."""
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
        raise


def rebased(packet: Packet[Any], table: PacketTable, position: int, base: int) -> Packet[Any]:
    """A copy of the packet at a position of the table, with the table's times less the base."""
    copy: Packet[Any] = Packet(bytes(packet))
    copy.time_base = table.time_base
    copy.pts = int(table.pts[position]) - base
    copy.dts = int(table.dts[position]) - base
    copy.duration = int(table.duration[position])
    copy.is_keyframe = packet.is_keyframe
    return copy
