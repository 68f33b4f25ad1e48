"""Writing piece files: NUT, which keeps times exactly and has no random or dated fields, or MOV for codecs that NUT has no name for."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Generator, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self, cast

import av
import av.error
from av.codec import Codec
from av.codec.codec import UnknownCodecError
from av.packet import Packet
from av.stream import Stream
from av.video.stream import VideoStream

from yeoul.base.errors import NotInPiecesError, StorageFullError, UnreadableError
from yeoul.media.source.scan import PacketTable

PieceContainer = Literal["nut", "mp4"]

# bitexact leaves out the muxer's version and the date; packets stay in the order of their dts however far apart streams are.
_OPTIONS: Final = {"fflags": "+bitexact", "max_interleave_delta": "0", "avoid_negative_ts": "disabled"}
# MOV: times as they are, no edit list that would move them in ticks of another clock; no timecode track.
_FORMATS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    # Without the index at the end: nobody seeks in a piece, and its writer aborts the process on some damaged times.
    "nut": ("nut", {**_OPTIONS, "write_index": "0"}),
    "mp4": ("mov", {**_OPTIONS, "use_editlist": "0", "write_tmcd": "0"}),
}
# Muxed without complaint, but what their decoders need besides (the block's size) is lost on the way.
_LOSSY_IN_NUT: Final = frozenset(("adpcm_ima_wav", "adpcm_ms", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "atrac3", "cook"))
# Codecs whose pixel format stands in the stream's tag, which NUT keeps and MOV does not.
_TAGGED: Final = frozenset(("rawvideo", "utvideo"))
# Codecs of which each packet has its palette in it.
_OWN_PALETTE: Final = frozenset(("png", "apng"))
# The tags of raw pictures, by pixel format: in some containers they have a tag that does not tell it.
_RAW_TAGS: Final = {
                     "yuv420p": "I420", "yuv422p": "422P", "yuv444p": "444P", "yuyv422": "YUY2", "uyvy422": "UYVY", "nv12": "NV12",
                     "gray": "Y800", "rgb24": "RGB\x18", "bgr24": "BGR\x18"}  # fmt: skip


def container_for(streams: Sequence[Stream]) -> PieceContainer:
    """The container that can hold these streams. Raises NotInPiecesError where none can."""
    codecs = {stream.codec_context.codec.canonical_name for stream in streams}
    if all(_tells_its_pixels(stream) for stream in streams):
        if codecs <= _supported("nut") - _LOSSY_IN_NUT:
            return "nut"
        if codecs <= _supported("mp4") - _TAGGED:
            return "mp4"
    raise NotInPiecesError("these codecs cannot be kept in pieces", codecs=sorted(codecs))


def can_keep(streams: Sequence[Stream]) -> bool:
    """Returns whether pieces can hold these streams."""
    try:
        container_for(streams)
    except NotInPiecesError:
        return False
    return True


def _tells_its_pixels(stream: Stream) -> bool:
    """Returns whether a decoder knows the pixel format from what pieces keep: packets, extradata and tag."""
    codec = stream.codec_context.codec.canonical_name
    if isinstance(stream, VideoStream) and stream.codec_context.pix_fmt == "pal8" and codec not in _OWN_PALETTE:
        return False  # the palette stands in the container's header, or in the packets of before
    match codec:
        case "rawvideo":
            return _find_tag(stream) is not None
        case "huffyuv":
            return bool(stream.codec_context.extradata)  # its first version has the bits of a pixel in some containers' headers alone
        case _:
            return True


def _find_tag(stream: Stream) -> str | None:
    """Returns the tag that tells the pixel format; None for codecs whose packets tell it, and for raw pictures without such a tag."""
    codec = stream.codec_context.codec.canonical_name
    if codec == "rawvideo":
        return _RAW_TAGS.get(cast("VideoStream", stream).codec_context.pix_fmt or "")
    return stream.codec_context.codec_tag if codec in _TAGGED else None


@cache
def _supported(container: PieceContainer) -> frozenset[str]:
    """Returns canonical names of codecs. PyAV lists names of implementations: "dca" for "dts"."""
    with av.open(io.BytesIO(), "w", format=_FORMATS[container][0]) as output:
        return frozenset(name for implementation in output.supported_codecs for name in _canonical(implementation))


def _canonical(implementation: str) -> Iterator[str]:
    for mode in ("r", "w"):
        with contextlib.suppress(UnknownCodecError):
            yield Codec(implementation, mode).canonical_name
            return


class PieceWriter:
    """A piece file with the given streams of a source; container is a `PieceContainer`."""

    def __init__(self, target: Path | io.BytesIO, streams: Sequence[Stream], container: str) -> None:
        file = f"file:{target.absolute()}" if isinstance(target, Path) else target
        name, options = _FORMATS[container]
        with _storage_errors():
            self._container: Any = av.open(file, "w", format=name, container_options=options)
        # opaque: the stream is described by its parameters alone, which also works for codecs without an encoder here (AV1).
        self._streams = {stream.index: self._add(stream) for stream in streams}

    def _add(self, stream: Stream) -> Any:
        added = self._container.add_stream_from_template(stream, opaque=True)
        if tag := _find_tag(stream):
            added.codec_context.codec_tag = tag
        return added

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
