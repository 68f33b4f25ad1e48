"""Where the sound of a piece begins, for containers whose audio times are too coarse to say."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet

from yeoul.media.limits import SOUND_DEMUXERS, Limits
from yeoul.media.source.piece_file import PieceWriter, container_for, rebased
from yeoul.media.source.scan import AudioCount, PacketTable, SoundScan, decoded_audio, media_packets
from yeoul.media.source.span import base_of
from yeoul.media.source.truncation import open_whole

_OPENING_PACKETS: Final = 4


def find_anchors(
    path: Path, limits: Limits, found: SoundScan, zero_s: Fraction, spans: Sequence[range], choose: Callable[[InputContainer], AudioStream]
) -> list[int | None]:
    """Per span of audio packets, the position of the first sample that a fresh decoder yields, from the source's zero.

    zero_s: where that stands in the file's own time. choose: gives the stream, the others having been discarded.

    None where the container's times are exact or the span is empty. A decoder that starts in mid-stream swallows or adds samples
    in its own way (Vorbis primes itself, Opus skips anew). So the first packets of each span are decoded afresh, and the
    difference to the count of the whole stream says how many.
    """
    counted, table = found.count, found.table
    if counted is None:
        return [None] * len(spans)
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        audio = choose(container)
        zero = round(zero_s * audio.codec_context.sample_rate)
        openings = _openings(container, audio, table, spans)
        lost = {start: _swallowed(audio, counted, start, packets) for start, packets in openings.items()}
    return [int(counted.start[span.start]) + lost[span.start] - zero if len(span) else None for span in spans]


def _openings(container: InputContainer, audio: AudioStream, table: PacketTable, spans: Sequence[range]) -> dict[int, list[Packet[Any]]]:
    """Copies of the first packets of each span, by the position of the first."""
    stops = {span.start: min(span.stop, span.start + _OPENING_PACKETS) for span in spans if len(span)}
    openings: dict[int, list[Packet[Any]]] = {start: [] for start in stops}
    for position, packet in enumerate(media_packets(container, [audio])):
        for start in range(max(0, position - _OPENING_PACKETS + 1), position + 1):
            if start in openings and position < stops[start]:
                openings[start].append(rebased(packet, table, position, base_of(table, range(start, stops[start]))))
    return openings


def _swallowed(audio: AudioStream, counted: AudioCount, start: int, packets: list[Packet[Any]]) -> int:
    """How many samples fewer the packets yield in a piece file of their own than in the running stream (negative: more)."""
    memory = io.BytesIO()
    with PieceWriter(memory, [audio], container_for([audio])) as writer:
        for packet in packets:
            writer.write(packet, audio.index)
    memory.seek(0)
    with av.open(memory, "r") as piece:
        fresh: Any = piece.streams.audio[0].codec_context
        yielded = sum(
            frame.samples for packet in media_packets(piece, list(piece.streams)) for frame in decoded_audio(fresh.decode, packet)
        )
    return int(counted.count[start : start + len(packets)].sum()) - yielded
