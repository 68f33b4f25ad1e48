"""Probes a file by its first and last bytes, so that unsupported codecs are reported before the upload."""

from __future__ import annotations

import contextlib
import io
from typing import Final

import av

from yeoul.base.errors import MediaError, UnsupportedCodecError
from yeoul.media.limits import AV_ERRORS, Limits, av_options
from yeoul.media.source.probe import check_dolby_vision, find_audio, find_video

_MAX_READ_BYTES: Final = 16 * 2**20  # some demuxers search for a marker through all of the missing middle


class _Ends(io.RawIOBase):
    """A file without its middle, which reads as zeros."""

    def __init__(self, first: bytes, last: bytes, size_bytes: int) -> None:
        self._first, self._last, self._size = first, last, max(size_bytes, len(first))
        self._at = self._read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        count = min(left if size < 0 else size, left, _MAX_READ_BYTES - self._read)
        data = bytearray(count)
        for start, part in ((0, self._first), (self._size - len(self._last), self._last)):
            begin, end = max(self._at, start), min(self._at + count, start + len(part))
            if begin < end:
                data[begin - self._at : end - self._at] = part[begin - start : end - start]
        self._at += count
        self._read += count
        return bytes(data)


def probe_ends(first: bytes, last: bytes, size_bytes: int, limits: Limits) -> dict[str, str]:
    """Returns {"container", "video", "audio"} of a file from its first and last bytes, without the entries that they do not show.

    Raises UnsupportedCodecError (facts: codec, container) if there is no decoder for the video.
    """
    ends = _Ends(first, last, size_bytes)
    formats: dict[str, str] = {}
    with contextlib.suppress(*AV_ERRORS), av.open(ends, "r", options=av_options(limits), metadata_errors="replace") as container:
        formats["container"] = container.format.name.split(",")[0]
        try:
            video, audio = find_video(container), find_audio(container)
            check_dolby_vision(ends, video)
        except UnsupportedCodecError as error:
            codec = error.facts.get("codec", "unknown")
            message = f"{error.message} ({codec} in {formats['container']})"
            raise UnsupportedCodecError(message, **{**error.facts, "codec": codec, "container": formats["container"]}) from error
        except MediaError:
            return formats  # no video in the known part of the file
        formats["video"] = video.codec_context.codec.canonical_name
        if audio is not None:
            formats["audio"] = audio.codec_context.codec.canonical_name
    return formats
