"""MPEG-TS and AVI files of a twin by libavformat, each packet with the times of the clip's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.stream import Stream as AvStream


@dataclass(frozen=True)
class Stream:
    """Packets that were encoded into `encoded`, and when each is decoded and shown, in ticks of `time_base`."""

    encoded: Path
    packets: Sequence[bytes]
    dts: Sequence[int]
    pts: Sequence[int]
    durations: Sequence[int]
    keys: Sequence[bool]
    time_base: Fraction


def write_with_times(target: Path, streams: Sequence[Stream], options: dict[str, str]) -> None:
    """Muxes the packets by the times of their decoding."""
    with av.open(str(target), "w", options={"fflags": "+bitexact", **options}) as container:
        places = []
        for stream in streams:
            with av.open(str(stream.encoded)) as template:
                places.append(container.add_stream_from_template(template.streams[0], opaque=True))
                places[-1].time_base = stream.time_base
        container.start_encoding()
        for packet in sorted(_make_packets(streams, places), key=lambda packet: (packet.dts or 0) * (packet.time_base or 0)):
            container.mux_one(packet)


def _make_packets(streams: Sequence[Stream], places: Sequence[AvStream]) -> list[av.Packet]:
    found: list[av.Packet] = []
    for stream, place in zip(streams, places, strict=True):
        for data, dts, pts, duration, is_key in zip(stream.packets, stream.dts, stream.pts, stream.durations, stream.keys, strict=True):
            packet = av.Packet(data)
            packet.stream, packet.time_base = place, stream.time_base
            packet.dts, packet.pts, packet.duration, packet.is_keyframe = dts, pts, duration, is_key
            found.append(packet)
    return found
