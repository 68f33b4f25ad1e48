"""Finds the exact start of each piece's audio, for containers whose audio times are too coarse."""

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
from yeoul.media.source.piece_file import PieceWriter, container_for, rebase_packet
from yeoul.media.source.scan import AudioCount, AudioScan, PacketTable, decode_audio_packet, media_packets
from yeoul.media.source.span import base_of
from yeoul.media.source.truncation import open_whole

_OPENING_PACKETS: Final = 4


def find_anchors(
    path: Path, limits: Limits, sound: AudioScan, zero_s: Fraction, spans: Sequence[range], choose: Callable[[InputContainer], AudioStream]
) -> list[int | None]:
    """Returns, for each span of audio packets, the position of the first sample that a fresh decoder yields.

    Positions are in samples from the source's zero; None if the container's times are exact or the span is empty. zero_s: the source's
    zero in the file's own time. choose: returns the audio stream of a container, and has the demuxer discard all others.

    A decoder that starts in mid-stream drops or adds samples, depending on the codec (Vorbis primes itself, Opus skips again). To find
    out how many, the first packets of each span are decoded by a fresh decoder, and the result is compared with the count of the whole
    stream.
    """
    count, table = sound.count, sound.table
    if count is None:
        return [None] * len(spans)
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        audio = choose(container)
        zero = round(zero_s * audio.codec_context.sample_rate)
        openings = _copy_openings(container, audio, table, spans)
        missing = {start: _count_missing_samples(audio, count, start, packets) for start, packets in openings.items()}
    return [int(count.start[span.start]) + missing[span.start] - zero if len(span) else None for span in spans]


def _copy_openings(
    container: InputContainer, audio: AudioStream, table: PacketTable, spans: Sequence[range]
) -> dict[int, list[Packet[Any]]]:
    """Returns copies of the first packets of each span, by the position of the span's first packet."""
    stops = {span.start: min(span.stop, span.start + _OPENING_PACKETS) for span in spans if len(span)}
    openings: dict[int, list[Packet[Any]]] = {start: [] for start in stops}
    for position, packet in enumerate(media_packets(container, [audio])):
        for start in range(max(0, position - _OPENING_PACKETS + 1), position + 1):
            if start in openings and position < stops[start]:
                openings[start].append(rebase_packet(packet, table, position, base_of(table, range(start, stops[start]))))
    return openings


def _count_missing_samples(audio: AudioStream, count: AudioCount, start: int, packets: list[Packet[Any]]) -> int:
    """Returns how many samples fewer the packets yield in a piece file of their own than in the whole stream (negative: more)."""
    buffer = io.BytesIO()
    with PieceWriter(buffer, [audio], container_for([audio])) as writer:
        for packet in packets:
            writer.write(packet, audio.index)
    buffer.seek(0)
    with av.open(buffer, "r") as piece:
        decoder: Any = piece.streams.audio[0].codec_context
        yielded = sum(
            frame.samples for packet in media_packets(piece, list(piece.streams)) for frame in decode_audio_packet(decoder.decode, packet)
        )
    return int(count.count[start : start + len(packets)].sum()) - yielded
