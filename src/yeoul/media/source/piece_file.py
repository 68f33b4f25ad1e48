"""Writes piece files: NUT, which stores exact times and no random or dated fields, or MOV for codecs that NUT does not support."""

from __future__ import annotations

import contextlib
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

from yeoul.base.errors import NotInPiecesError
from yeoul.media.limits import make_media_error
from yeoul.media.source.scan import PacketTable

PieceContainer = Literal["nut", "mp4"]

# bitexact omits the muxer's version and the date. max_interleave_delta: packets stay in dts order, however far apart streams are.
_COMMON_OPTIONS: Final = {"fflags": "+bitexact", "max_interleave_delta": "0", "avoid_negative_ts": "disabled"}
# MOV: unchanged times, without an edit list (its ticks would round them) and without a timecode track.
_FORMATS: Final[dict[str, tuple[str, dict[str, str]]]] = {
    # No index: pieces are read from start to end, and ffmpeg's index writer aborts the process on some damaged times.
    "nut": ("nut", {**_COMMON_OPTIONS, "write_index": "0"}),
    "mp4": ("mov", {**_COMMON_OPTIONS, "use_editlist": "0", "write_tmcd": "0"}),
}
# NUT accepts these codecs, but loses parameters that their decoders need (the block size).
_LOSSY_IN_NUT: Final = frozenset(("adpcm_ima_wav", "adpcm_ms", "wmav1", "wmav2", "wmapro", "wmalossless", "wmavoice", "atrac3", "cook"))
# Codecs whose pixel format is in the stream's tag, which NUT stores and MOV does not.
_TAGGED_CODECS: Final = frozenset(("rawvideo", "utvideo"))
# Codecs with the palette in each packet.
_OWN_PALETTE: Final = frozenset(("png", "apng"))
# Tags of raw video by pixel format, since the tag in some source containers does not show the format.
_RAW_TAGS: Final = {
                     "yuv420p": "I420", "yuv422p": "422P", "yuv444p": "444P", "yuyv422": "YUY2", "uyvy422": "UYVY", "nv12": "NV12",
                     "gray": "Y800", "rgb24": "RGB\x18", "bgr24": "BGR\x18"}  # fmt: skip


def container_for(streams: Sequence[Stream]) -> PieceContainer:
    """Returns the container of pieces that can hold these streams. Raises NotInPiecesError if none can."""
    codecs = {stream.codec_context.codec.canonical_name for stream in streams}
    if all(_has_known_pixel_format(stream) for stream in streams):
        if codecs <= _supported_codecs("nut") - _LOSSY_IN_NUT:
            return "nut"
        if codecs <= _supported_codecs("mp4") - _TAGGED_CODECS:
            return "mp4"
    raise NotInPiecesError("these codecs cannot be stored in pieces", codecs=sorted(codecs))


def can_keep(streams: Sequence[Stream]) -> bool:
    """True if pieces can hold these streams."""
    try:
        container_for(streams)
    except NotInPiecesError:
        return False
    return True


def _has_known_pixel_format(stream: Stream) -> bool:
    """True if a decoder knows the pixel format from what pieces store: packets, extradata and tag."""
    codec = stream.codec_context.codec.canonical_name
    if isinstance(stream, VideoStream) and stream.codec_context.pix_fmt == "pal8" and codec not in _OWN_PALETTE:
        return False  # the palette is in the container's header or in earlier packets
    match codec:
        case "rawvideo":
            return _find_tag(stream) is not None
        case "huffyuv":
            return bool(stream.codec_context.extradata)  # version 1 has none: its bits per pixel are only in some containers' headers
        case _:
            return True


def _find_tag(stream: Stream) -> str | None:
    """Returns the tag that names the pixel format; None if the codec needs none, or raw video has a format without a tag."""
    codec = stream.codec_context.codec.canonical_name
    if codec == "rawvideo":
        return _RAW_TAGS.get(cast("VideoStream", stream).codec_context.pix_fmt or "")
    return stream.codec_context.codec_tag if codec in _TAGGED_CODECS else None


@cache
def _supported_codecs(container: PieceContainer) -> frozenset[str]:
    """Returns canonical names of the codecs that a container supports. PyAV lists names of implementations, "dca" for "dts"."""
    with av.open(io.BytesIO(), "w", format=_FORMATS[container][0]) as output:
        return frozenset(name for implementation in output.supported_codecs for name in _canonical_names(implementation))


def _canonical_names(implementation: str) -> Iterator[str]:
    for mode in ("r", "w"):
        with contextlib.suppress(UnknownCodecError):
            yield Codec(implementation, mode).canonical_name
            return


class PieceWriter:
    """Writes a piece file with the given streams of a source. container: a `PieceContainer`."""

    def __init__(self, target: Path | io.BytesIO, streams: Sequence[Stream], container: str) -> None:
        file = f"file:{target.absolute()}" if isinstance(target, Path) else target
        name, options = _FORMATS[container]
        with _storage_errors():
            self._container: Any = av.open(file, "w", format=name, container_options=options)
        # opaque: PyAV copies the stream's parameters only, which also works for codecs without an encoder here (AV1).
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
        """Writes a packet of the source stream with that index; times must rise. Raises the errors of `make_media_error`."""
        packet.stream = self._streams[stream_index]
        with _storage_errors():
            self._container.mux(packet)

    def close(self) -> None:
        with _storage_errors():
            self._container.close()

    def abandon(self) -> None:
        """Closes a file that will be deleted, and ignores errors of its disk."""
        with contextlib.suppress(av.error.FFmpegError):
            self._container.close()


@contextlib.contextmanager
def _storage_errors() -> Generator[None]:
    try:
        yield
    except av.error.FFmpegError as error:
        raise make_media_error(error, "a damaged packet cannot be stored in a piece") from error


def rebase_packet(packet: Packet[Any], table: PacketTable, position: int, base: int) -> Packet[Any]:
    """Returns a copy of the packet at a position of the table, with the table's times minus the base."""
    copy: Packet[Any] = Packet(bytes(packet))
    copy.time_base = table.time_base
    copy.pts = int(table.pts[position]) - base
    copy.dts = int(table.dts[position]) - base
    copy.duration = int(table.duration[position])
    copy.is_keyframe = packet.is_keyframe
    return copy
