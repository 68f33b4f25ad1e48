"""Additional audio tracks: extracts each one from a file into a file of its own, and cuts it at the borders of the source's pieces.

So each track can be encoded piece by piece like the main audio track, and its segments are aligned with those of the video.
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
from yeoul.media.source.cutter import StreamCut, write_pieces
from yeoul.media.source.flac_audio import flac_options
from yeoul.media.source.piece_file import PieceWriter, can_keep, container_for, rebase_packet
from yeoul.media.source.probe import describe_audio, find_additional_audio, find_audio, reject_invalid_values
from yeoul.media.source.scan import AudioScan, PacketTable, is_coarse, keep_only, media_packets, scan_audio
from yeoul.media.source.span import AudioSpans, base_of
from yeoul.media.source.truncation import open_whole
from yeoul.model.piece import Piece, PieceAudio
from yeoul.model.sound import SoundFile
from yeoul.model.source import AudioTrack, Source

_NS: Final = 1_000_000_000
_LATER_S: Final = 10


@dataclass(frozen=True)
class ExtractedAudio:
    """An audio track that was extracted into a file of its own."""

    track: AudioTrack
    sound: SoundFile
    path: Path


def check_audio_tracks(path: Path, limits: Limits) -> None:
    """Raises NotInPiecesError if a file has additional audio tracks that can only be extracted by converting them."""
    with reject_invalid_values(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        for stream in find_additional_audio(container):
            container_for([stream])


def extract_audio_tracks(path: Path, zero_s: Fraction | None, folder: Path, limits: Limits) -> list[ExtractedAudio]:
    """Writes each additional audio track, at most 15, into its own file in `folder`: copied, or as FLAC if pieces cannot hold its codec.

    zero_s: the source's zero in the file's own time; None: the start of its default audio track.
    Raises UnreadableError and StorageFullError, and what `run_tool` raises.
    """
    with reject_invalid_values(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        if not (streams := find_additional_audio(container)):
            return []
        main = find_audio(container)
        assert main is not None, "there are additional audio tracks, so there is a main one"
        zero_s = _start_s(main) if zero_s is None else zero_s
        tracks = [describe_audio(stream, main) for stream in streams]
        kinds = [container_for([stream]) if can_keep([stream]) else None for stream in streams]
        converted = [(stream.index, flac_options(stream)) for stream in streams]
    scans = scan_audio(path, limits, find_additional_audio, demuxers=SOUND_DEMUXERS)
    extracted: list[ExtractedAudio | None] = []
    for position, (track, scan, kind) in enumerate(zip(tracks, scans, kinds, strict=True)):
        if scan is None:
            extracted.append(None)
            continue
        if kind is None:
            output = folder / f"sound-{position:02d}.nut"
            _convert(path, *converted[position], output, limits)
            extracted.append(ExtractedAudio(track, SoundFile(tick=track.time_base, start_ns=round(-(zero_s + _LATER_S) * _NS)), output))
            continue
        start_s = base_of(scan.table, range(len(scan.table))) * scan.table.time_base - zero_s
        sound_file = SoundFile(tick=track.time_base, start_ns=round(start_s * _NS), end_sample=scan.end_sample(zero_s, track.sample_rate))
        extracted.append(ExtractedAudio(track, sound_file, folder / f"sound-{position:02d}.{'nut' if kind == 'nut' else 'mov'}"))
    _copy_streams(path, limits, list(zip(extracted, scans, kinds, strict=True)))
    return [item for item in extracted if item is not None]


def _copy_streams(path: Path, limits: Limits, jobs: Sequence[tuple[ExtractedAudio | None, AudioScan | None, str | None]]) -> None:
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        streams = find_additional_audio(container)
        keep_only(container, streams)
        open_files = {
            stream.index: (PieceWriter(extracted.path, [stream], kind), scan.table, base_of(scan.table, range(len(scan.table))))
            for stream, (extracted, scan, kind) in zip(streams, jobs, strict=True)
            if extracted is not None and scan is not None and kind is not None
        }
        positions = dict.fromkeys(open_files, 0)
        try:
            for packet in media_packets(container, list(streams)):
                if packet.stream_index in open_files:
                    writer, table, base = open_files[packet.stream_index]
                    position = positions[packet.stream_index]
                    if position < len(table):
                        writer.write(rebase_packet(packet, table, position, base), packet.stream_index)
                    positions[packet.stream_index] += 1
        finally:
            for writer, _, _ in open_files.values():
                writer.close()


def _convert(path: Path, index: int, options: Sequence[str], output: Path, limits: Limits) -> None:
    """Converts a stream to FLAC in NUT, with times moved later by `_LATER_S`, because NUT cannot store times below zero."""
    command = [ffmpeg_path(), "-v", "error", "-nostdin", "-y", "-copyts"]
    command += [*ffmpeg_input_options(limits, SOUND_DEMUXERS), "-i", f"file:{path}"]
    command += ["-map", f"0:{index}", *options, "-avoid_negative_ts", "disabled", "-output_ts_offset", str(_LATER_S)]
    command += ["-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(output)]
    run_tool(command, limits=limits, cwd=output.parent)


@dataclass(frozen=True)
class AudioTrackPlan:
    """The plan for cutting an audio track's file: the track, its pieces in order, and the range of packets of each piece."""

    track: AudioTrack
    pieces: tuple[Piece, ...]
    spans: tuple[range, ...]
    table: PacketTable


def convert_if_needed(path: Path, sound: SoundFile, folder: Path, limits: Limits) -> tuple[Path, SoundFile]:
    """Returns an audio track's file in a codec that pieces can hold, and its `SoundFile`: itself, or a FLAC file in `folder`.

    Raises UnreadableError, and what `run_tool` raises.
    """
    with reject_invalid_values(), open_whole(path, limits, SOUND_DEMUXERS) as container:
        stream = _choose_stream(container)
        if can_keep([stream]):
            return path, sound
        zero_s = _own_zero_s(container, stream) if sound.tick is None else -Fraction(sound.start_ns, _NS)
        track, index, options = describe_audio(stream, None), stream.index, flac_options(stream)
    output = folder / "kept.nut"
    _convert(path, index, options, output, limits)
    return output, SoundFile(tick=track.time_base, start_ns=round(-(zero_s + _LATER_S) * _NS), end_sample=sound.end_sample)


def plan_audio_track(path: Path, sound: SoundFile, pieces: Sequence[Piece], source: Source, limits: Limits) -> AudioTrackPlan:
    """Scans an audio track's file and plans how to cut it at the borders of a source's pieces.

    Raises UnreadableError, TruncatedError, TooLargeError, and NotInPiecesError if pieces cannot hold its codec.
    """
    with reject_invalid_values():
        with open_whole(path, limits, SOUND_DEMUXERS) as container:
            stream = _choose_stream(container)
            track = describe_audio(stream, None)
            piece_container = container_for([stream])
            own_zero_s = _own_zero_s(container, stream)
        is_counted = sound.tick is not None and is_coarse(sound.tick.fraction)
        scan = scan_audio(path, limits, lambda container: [_choose_stream(container)], counted=is_counted, demuxers=SOUND_DEMUXERS)[0]
        if scan is None:
            raise UnreadableError("the file has no audio")
        _check_length(scan.table, limits)
        zero_s = source.start_pts * source.video.time_base.fraction
        file_zero_s = own_zero_s if sound.tick is None else -Fraction(sound.start_ns, _NS)
        base = round((zero_s - file_zero_s) / scan.table.time_base)
        table = replace(scan.table, pts=scan.table.pts + base, dts=scan.table.dts + base)
        finder = AudioSpans(table, track.codec, source.video.time_base.fraction)
        spans = [finder.find(piece) for piece in pieces]
        anchors = find_anchors(path, limits, scan, file_zero_s, spans, _choose_stream)
        end = scan.end_sample(file_zero_s, track.sample_rate) if sound.end_sample is None else sound.end_sample
        complete = [
            piece.with_values(
                container=piece_container,
                audio_base=base_of(table, span) if len(span) else 0,
                audio=PieceAudio(anchor_sample=anchor, end_sample=end if span.stop == len(table) else None) if len(span) else None,
            )
            for piece, span, anchor in zip(pieces, spans, anchors, strict=True)
        ]
    return AudioTrackPlan(track, tuple(complete), tuple(spans), table)


def _check_length(table: PacketTable, limits: Limits) -> None:
    length_s = float((table.stop_pts - int(table.pts.min())) * table.time_base)
    if length_s > limits.max_duration_s:
        raise TooLargeError("the audio is longer than allowed", duration_s=length_s, max_duration_s=limits.max_duration_s)


def _choose_stream(container: InputContainer) -> AudioStream:
    """Returns the default audio stream, and has the demuxer skip all others. Raises UnreadableError if none can be decoded."""
    stream = find_audio(container)
    if stream is None:
        raise UnreadableError("the file has no audio that can be decoded")
    keep_only(container, [stream])
    return stream


def _own_zero_s(container: InputContainer, stream: AudioStream) -> Fraction:
    """Returns the start of a file's video, or of the audio stream if it has no video, in the file's own time."""
    videos = (other for other in container.streams if other.type == "video" and other.start_time is not None and other.average_rate)
    return _start_s(next(videos, stream))


def _start_s(stream: Stream) -> Fraction:
    return Fraction(0) if stream.start_time is None or stream.time_base is None else stream.start_time * stream.time_base


def cut_audio_track(path: Path, plan: AudioTrackPlan, folder: Path, limits: Limits) -> Generator[tuple[Piece, Path | None]]:
    """Writes the track's pieces into `folder`, in order; yields each one when it is complete, with None if it has no packets.

    Raises UnreadableError and StorageFullError.
    """
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        stream = _choose_stream(container)
        cut = StreamCut(stream, plan.table, plan.spans, [piece.audio_base for piece in plan.pieces])
        yield from write_pieces(media_packets(container, [stream]), [cut], plan.pieces, folder)
