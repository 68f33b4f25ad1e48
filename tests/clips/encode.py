"""Pictures and sound of a twin through an encoder, as packets in the order of decoding."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tests.clips.facts import find_order
from tests.clips.picture import Film
from yeoul.media.binaries import ffmpeg_path

_TYPES = {"I": PictureType.I, "P": PictureType.P, "B": PictureType.B}
os.environ.setdefault("SVT_LOG", "1")  # the encoder of AV1 greets on stderr otherwise
_BITEXACT = ("-fflags", "+bitexact", "-flags", "+bitexact")


@dataclass(frozen=True)
class Encoded:
    """Packets as they are decoded, and their pts; order: by how many places each is shown later; configuration: avcC or its like."""

    packets: tuple[bytes, ...]
    order: tuple[int, ...]
    configuration: bytes
    times: tuple[int, ...] = ()

    def first(self, count: int) -> Encoded:
        return Encoded(self.packets[:count], self.order[:count], self.configuration, self.times[:count])


def encode_film(film: Film, codec: str, options: dict[str, str], types: Sequence[str], target: Path) -> Encoded:
    """The film, each frame of the type told (I, P, B; anything else: as the encoder likes).

    target's suffix names a container that holds the codec. By PyAV, since ffmpeg's command line can force keyframes only.
    """
    with av.open(str(target), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(codec, rate=Fraction(film.rate), options={"flags": "+bitexact", **options})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = film.width, film.height, film.pixel_format
        stream.codec_context.thread_count = 1
        for number, (planes, name) in enumerate(zip(film.draw(), types, strict=True)):
            container.mux(stream.encode(_make_frame(film, planes, number, name)))
        container.mux(stream.encode(None))
    return read_encoded(target)


def _make_frame(film: Film, planes: Sequence[NDArray[np.generic]], number: int, name: str) -> VideoFrame:
    frame = VideoFrame(film.width, film.height, film.pixel_format)
    for plane, values in zip(frame.planes, planes, strict=True):
        rows = np.frombuffer(memoryview(plane), values.dtype).reshape(plane.height, -1)
        rows[:, : plane.width] = values
    frame.pts, frame.time_base = number, 1 / Fraction(film.rate)
    frame.pict_type = _TYPES.get(name, PictureType.NONE)
    return frame


def encode_sound(samples: NDArray[np.int16], rate: int, options: Sequence[str], target: Path, program: str | None = None) -> Encoded:
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[samples.shape[1]]
    form = ["-f", "s16le", "-ar", str(rate), "-ch_layout", layout]
    _run([*form, "-i", "-", *options, *_BITEXACT], target, [samples.tobytes()], program)
    return read_encoded(target)


def _run(arguments: Sequence[str], target: Path, pieces: Iterable[bytes], program: str | None = None) -> None:
    command = [program or ffmpeg_path(), "-v", "error", "-nostdin", "-y", *arguments, "-threads", "1", str(target)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, cwd=target.parent) as process:
        assert process.stdin is not None
        for piece in pieces:
            process.stdin.write(piece)
        process.stdin.close()
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")


def read_encoded(path: Path) -> Encoded:
    """All packets of a file's only stream."""
    (encoded,) = read_samples(path)
    return encoded


def read_samples(path: Path) -> list[Encoded]:
    """All packets of each of a file's streams."""
    packets: dict[int, list[av.Packet]] = {}
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                packets.setdefault(packet.stream_index, []).append(packet)
        streams = container.streams
        return [_to_encoded(found, streams[index].codec_context.extradata) for index, found in sorted(packets.items())]


def _to_encoded(packets: Sequence[av.Packet], configuration: bytes | None) -> Encoded:
    times = tuple(packet.pts or 0 for packet in packets)
    return Encoded(tuple(bytes(packet) for packet in packets), tuple(find_order(list(times))), configuration or b"", times)
