"""Audio tracks besides the one that pieces hold: each taken out of a file as a file of its own, and cut at the borders of the pieces.

So each is encoded piece by piece as the sound of the pieces is, and its segments lie beside those of the pictures.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Final

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Stream

from yeoul.base.errors import TooLargeError, UnreadableError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import SOUND_DEMUXERS, Limits, ffmpeg_input_options, run_tool
from yeoul.media.source.anchor import find_anchors
from yeoul.media.source.cutter import Dealt, deal
from yeoul.media.source.flac_sound import flac_options
from yeoul.media.source.piece_file import PieceWriter, can_keep, container_for, rebased
from yeoul.media.source.probe import describe_audio, find_audio, find_more_audio, impossible_is_unreadable
from yeoul.media.source.scan import PacketTable, SoundScan, is_coarse, keep_only, media_packets, scan_sounds
from yeoul.media.source.span import AudioSpans, base_of
from yeoul.media.source.truncation import open_whole
from yeoul.model.piece import Piece, PieceAudio
from yeoul.model.sound import SoundFile
from yeoul.model.source import AudioTrack, Source

_NS: Final = 1_000_000_000
_LATER_S: Final = 10


@dataclass(frozen=True)
class TakenSound:
    """An audio track that was taken out of a file, into a file of its own."""

    track: AudioTrack
    sound: SoundFile
    path: Path


def check_sounds(path: Path, limits: Limits) -> None:
    """Raises NotInPiecesError where a file has further audio tracks that can only be taken out by converting them."""
    with impossible_is_unreadable(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        for stream in find_more_audio(container):
            container_for([stream])


def take_sounds(path: Path, zero_s: Fraction | None, folder: Path, limits: Limits) -> list[TakenSound]:
    """Write each audio track besides the default one into a file of its own in `folder`, at most 15: as it is coded, or else as FLAC.

    zero_s: when the source's zero is, in the file's own time; None: when its default sound begins.
    Raises UnreadableError and StorageFullError, and what `run_tool` raises.
    """
    with impossible_is_unreadable(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        if not (streams := find_more_audio(container)):
            return []
        main = find_audio(container)
        assert main is not None, "it is the first of several"
        zero_s = _start_s(main) if zero_s is None else zero_s
        tracks = [describe_audio(stream, main) for stream in streams]
        kinds = [container_for([stream]) if can_keep([stream]) else None for stream in streams]
        converted = [(stream.index, flac_options(stream)) for stream in streams]
    found = scan_sounds(path, limits, find_more_audio, demuxers=SOUND_DEMUXERS)
    taken: list[TakenSound | None] = []
    for position, (track, scanned, kind) in enumerate(zip(tracks, found, kinds, strict=True)):
        if scanned is None:
            taken.append(None)
            continue
        if kind is None:
            made = folder / f"sound-{position:02d}.nut"
            _convert(path, *converted[position], made, limits)
            taken.append(TakenSound(track, SoundFile(tick=track.time_base, start_ns=round(-(zero_s + _LATER_S) * _NS)), made))
            continue
        start_s = base_of(scanned.table, range(len(scanned.table))) * scanned.table.time_base - zero_s
        sound = SoundFile(tick=track.time_base, start_ns=round(start_s * _NS), end_sample=scanned.end_sample(zero_s, track.sample_rate))
        taken.append(TakenSound(track, sound, folder / f"sound-{position:02d}.{'nut' if kind == 'nut' else 'mov'}"))
    _copy(path, limits, [(one, scanned, kind) for one, scanned, kind in zip(taken, found, kinds, strict=True)])
    return [one for one in taken if one is not None]


def _copy(path: Path, limits: Limits, wanted: Sequence[tuple[TakenSound | None, SoundScan | None, str | None]]) -> None:
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        streams = find_more_audio(container)
        keep_only(container, streams)
        open_files = {
            stream.index: (PieceWriter(one.path, [stream], kind), scanned.table, base_of(scanned.table, range(len(scanned.table))))
            for stream, (one, scanned, kind) in zip(streams, wanted, strict=True)
            if one is not None and scanned is not None and kind is not None
        }
        read = dict.fromkeys(open_files, 0)
        try:
            for packet in media_packets(container, list(streams)):
                if packet.stream_index in open_files:
                    writer, table, base = open_files[packet.stream_index]
                    position = read[packet.stream_index]
                    if position < len(table):
                        writer.write(rebased(packet, table, position, base), packet.stream_index)
                    read[packet.stream_index] += 1
        finally:
            for writer, _, _ in open_files.values():
                writer.close()


def _convert(path: Path, index: int, options: Sequence[str], made: Path, limits: Limits) -> None:
    """Write a stream as FLAC, later by `_LATER_S`, since NUT knows no times before zero."""
    words = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-copyts", *ffmpeg_input_options(limits, SOUND_DEMUXERS), "-i", f"file:{path}"]
    words += ["-map", f"0:{index}", *options, "-avoid_negative_ts", "disabled", "-output_ts_offset", str(_LATER_S)]
    words += ["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(made)]
    run_tool(words, limits=limits, cwd=made.parent)


@dataclass(frozen=True)
class SoundPlan:
    """How the file of an audio track is cut: what it is, its pieces in order, which of its packets go into each."""

    track: AudioTrack
    pieces: tuple[Piece, ...]
    spans: tuple[range, ...]
    table: PacketTable


def make_keepable(path: Path, sound: SoundFile, folder: Path, limits: Limits) -> tuple[Path, SoundFile]:
    """Returns the file of an audio track as pieces can hold it: itself, or converted to FLAC into `folder`; and where that stands.

    Raises UnreadableError, and what `run_tool` raises.
    """
    with impossible_is_unreadable(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        stream = _choose_alone(container)
        if can_keep([stream]):
            return path, sound
        zero_s = _own_zero_s(container, stream) if sound.tick is None else -Fraction(sound.start_ns, _NS)
        track, index, options = describe_audio(stream, None), stream.index, flac_options(stream)
    made = folder / "kept.nut"
    _convert(path, index, options, made, limits)
    return made, SoundFile(tick=track.time_base, start_ns=round(-(zero_s + _LATER_S) * _NS), end_sample=sound.end_sample)


def plan_sound(path: Path, sound: SoundFile, pieces: Sequence[Piece], source: Source, limits: Limits) -> SoundPlan:
    """Scan the file of an audio track, and plan how it is cut at the borders of a source's pieces.

    Raises UnreadableError, TruncatedError, TooLargeError, and NotInPiecesError where no piece can hold it.
    """
    with impossible_is_unreadable():
        with open_whole(path, limits, SOUND_DEMUXERS) as container:
            stream = _choose_alone(container)
            track = describe_audio(stream, None)
            kind = container_for([stream])
            own_zero_s = _own_zero_s(container, stream)
        is_counted = sound.tick is not None and is_coarse(sound.tick.fraction)
        scanned = scan_sounds(path, limits, lambda container: [_choose_alone(container)], counted=is_counted, demuxers=SOUND_DEMUXERS)[0]
        if scanned is None:
            raise UnreadableError("the file holds no sound")
        _check_length(scanned.table, limits)
        zero_s = source.start_pts * source.video.time_base.fraction
        file_zero_s = own_zero_s if sound.tick is None else -Fraction(sound.start_ns, _NS)
        base = round((zero_s - file_zero_s) / scanned.table.time_base)
        table = replace(scanned.table, pts=scanned.table.pts + base, dts=scanned.table.dts + base)
        finder = AudioSpans(table, track.codec, source.video.time_base.fraction)
        spans = [finder.find(piece) for piece in pieces]
        anchors = find_anchors(path, limits, scanned, file_zero_s, spans, _choose_alone)
        end = scanned.end_sample(file_zero_s, track.sample_rate) if sound.end_sample is None else sound.end_sample
        placed = [
            piece.with_values(
                container=kind,
                audio_base=base_of(table, span) if len(span) else 0,
                audio=PieceAudio(anchor_sample=anchor, end_sample=end if span.stop == len(table) else None) if len(span) else None,
            )
            for piece, span, anchor in zip(pieces, spans, anchors, strict=True)
        ]
    return SoundPlan(track, tuple(placed), tuple(spans), table)


def _check_length(table: PacketTable, limits: Limits) -> None:
    length_s = float((table.stop_pts - int(table.pts.min())) * table.time_base)
    if length_s > limits.max_duration_s:
        raise TooLargeError("the sound is longer than allowed", duration_s=length_s, max_duration_s=limits.max_duration_s)


def _choose_alone(container: InputContainer) -> AudioStream:
    """Returns the default audio stream, the demuxer skipping all others. Raises UnreadableError where there is none that decodes."""
    stream = find_audio(container)
    if stream is None:
        raise UnreadableError("the file holds no sound that can be decoded")
    keep_only(container, [stream])
    return stream


def _own_zero_s(container: InputContainer, stream: AudioStream) -> Fraction:
    """When a file's picture begins, or its sound where it has no picture, in the file's own time."""
    first = next((one for one in container.streams if one.type == "video" and one.start_time is not None and one.average_rate), stream)
    return _start_s(first)


def _start_s(stream: Stream) -> Fraction:
    return Fraction(0) if stream.start_time is None or stream.time_base is None else stream.start_time * stream.time_base


def cut_sound(path: Path, plan: SoundPlan, folder: Path, limits: Limits) -> Generator[tuple[Piece, Path | None]]:
    """Write the track's part of each piece into `folder`, in order and lazily; None for a piece in which it is silent.

    Raises UnreadableError, StorageFullError.
    """
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        stream = _choose_alone(container)
        dealt = Dealt(stream, plan.table, plan.spans, [piece.audio_base for piece in plan.pieces])
        yield from deal(media_packets(container, [stream]), [dealt], plan.pieces, folder)
