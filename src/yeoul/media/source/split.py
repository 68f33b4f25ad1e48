"""Cuts a source into pieces that decode alone and join again with exactly the same frames and samples.

Borders are presentation times. The packets of a piece run from a keyframe (one keyframe earlier in an open GOP) to the last packet
that is displayed before the piece's end. Pieces are NUT files: NUT stores exact times and no random or dated fields, so the same file and
target always give the same bytes. Codecs that NUT does not support (ProRes, DNxHD, ALAC) are stored in MOV, with exact times, too.

How to decode a piece's audio. A piece holds the source's audio packets from a margin before its start to 120 ms after its end (the last
piece: to the end of the audio). Open a new decoder and decode all packets in order.
- If `Piece.audio.anchor_sample` is None, the position of a decoded frame is (pts + audio_base) x audio time base, minus the source's zero.
- If it is a number, it is the position of the first decoded sample, in samples at `AudioTrack.sample_rate` from the source's zero (the
  first displayed video frame; negative before it). All following samples are contiguous, regardless of their pts. The exception is a real
  gap: a frame whose pts differs by more than 50 ms (`scan.AUDIO_GAP_S`) from the count. The count then continues from this pts. The anchor
  already accounts for a decoder that primes itself.
- If `Piece.audio.end_sample` is a number, the audio ends at that position, even if the last packet yields more samples. It is set in pieces
  with the source's last audio packet, if the container stores the exact end of its audio (MP4, MOV).
The first frames of a piece differ from those of a decode of the whole stream, because the decoder has no history; the margin keeps them
outside the piece's own range. `Piece.audio` is None if the piece has no audio packet.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from av.audio.stream import AudioStream
from av.container import InputContainer

from yeoul.base.errors import TooLargeError
from yeoul.media.limits import Limits, max_demuxed_bytes
from yeoul.media.source.anchor import find_anchors
from yeoul.media.source.chapter import shift_chapters
from yeoul.media.source.cutter import StreamCut, write_pieces
from yeoul.media.source.piece_file import PieceContainer, container_for
from yeoul.media.source.probe import probe, reject_invalid_values
from yeoul.media.source.scan import PacketTable, Scan, Ticks, media_packets, scan, select_streams
from yeoul.media.source.span import AudioSpans, Span, VideoSpans, base_of
from yeoul.media.source.truncation import open_whole
from yeoul.model.piece import Piece, PieceAudio
from yeoul.model.plain import MAX_FRAME_RATE
from yeoul.model.source import Source

_SHORTEST_TAIL_S: Final = 0.5
# Above the cost of short first pieces and open GOPs, which is worth paying: videos in pieces can be watched during the upload.
_MAX_WEIGHT: Final = 1.5
_LONGEST_GOP: Final = 1.5  # in targets; a longer GOP is cut between keyframes, so that part of it is decoded twice


@dataclass(frozen=True)
class SplitPlan:
    """The plan for cutting a file: its source, its pieces in order, its packets, and the packets of each piece."""

    source: Source
    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]
    scan: Scan
    limits: Limits

    @property
    def weight(self) -> float:
        """The size of all pieces' packets relative to the file's packets; well above 1 if keyframes are far apart."""
        packet_bytes = int(self.scan.video.size.sum()) + (0 if self.scan.audio is None else int(self.scan.audio.size.sum()))
        return _written_bytes(self.scan, self.spans) / max(1, packet_bytes)

    def with_end_of(self, other: SplitPlan) -> SplitPlan:
        """Returns this plan with the exact duration and end of audio from the plan of another file with the same content."""
        end = None if other.pieces[-1].audio is None else other.pieces[-1].audio.end_sample
        pieces = [
            piece if piece.audio is None or end is None or span.audio.stop < len(self.scan.audio or ()) else _with_audio_end(piece, end)
            for piece, span in zip(self.pieces, self.spans, strict=True)
        ]
        return replace(self, source=self.source.with_values(duration_s=other.source.duration_s), pieces=tuple(pieces))

    @property
    def is_heavy(self) -> bool:
        """True if the file should be uploaded whole and converted before it is cut, because its pieces would be too large."""
        return self.weight > _MAX_WEIGHT


def _with_audio_end(piece: Piece, end_sample: int) -> Piece:
    return piece if piece.audio is None else piece.with_values(audio=piece.audio.with_values(end_sample=end_sample))


def plan_split(path: Path, limits: Limits, target_s: float = 6.0) -> SplitPlan:
    """Scans a file and plans its pieces. Raises what `probe` and `scan` raise, and NotInPiecesError if pieces cannot hold it."""
    probed = probe(path, limits)
    file_scan = scan(path, limits)
    with reject_invalid_values():
        source = _make_source(probed, file_scan)
        pieces, spans = _plan_within_limit(file_scan, source, path.stat().st_size, target_s)
        anchors = _find_anchors(path, limits, file_scan, [span.audio for span in spans])
        container = _choose_container(path, limits)
        complete = tuple(
            _complete_piece(file_scan, source, piece, span, anchor, container)
            for piece, span, anchor in zip(pieces, spans, anchors, strict=True)
        )
    return SplitPlan(source, complete, spans, file_scan, limits)


def _plan_within_limit(file_scan: Scan, source: Source, file_bytes: int, target_s: float) -> tuple[tuple[Piece, ...], tuple[Span, ...]]:
    """Returns the pieces and the packets of each; longer pieces if distant keyframes would make the pieces repeat too much of the file.

    Raises TooLargeError if even pieces as long as the file repeat too much of it.
    """
    while True:
        pieces = plan_pieces(file_scan.video, target_s=target_s)
        spans = _find_spans(file_scan, source, pieces)
        if _written_bytes(file_scan, spans) <= max_demuxed_bytes(file_bytes):
            return pieces, spans
        if target_s > file_scan.duration_s:
            raise TooLargeError("the pieces of this file would be many times larger than the file", size_bytes=file_bytes)
        target_s *= 2


def _written_bytes(file_scan: Scan, spans: Sequence[Span]) -> int:
    """Returns the size of all pieces' packets in bytes."""
    video = np.concatenate(([0], np.cumsum(file_scan.video.size)))
    audio = video if file_scan.audio is None else np.concatenate(([0], np.cumsum(file_scan.audio.size)))
    return sum(int(video[span.video.stop] - video[span.video.start] + audio[span.audio.stop] - audio[span.audio.start]) for span in spans)


def _make_source(source: Source, file_scan: Scan) -> Source:
    """Returns the probed source with the values that only a scan finds: exact duration, start, number of frames and frame rate."""
    table = file_scan.video
    span_s = (table.end_pts - table.start_pts) * table.time_base
    frame_rate = min(float(table.frames / span_s), MAX_FRAME_RATE) if span_s else 0.0
    video = source.video.with_values(frames=table.frames, frame_rate=frame_rate)
    audio = source.audio if file_scan.audio is not None else None
    later_s = float((table.start_pts - source.start_pts) * table.time_base)
    return source.with_values(
        duration_s=file_scan.duration_s,
        start_pts=table.start_pts,
        video=video,
        audio=audio,
        chapters=shift_chapters(source.chapters, later_s, file_scan.duration_s),
        notices=(*source.notices, *file_scan.notices),
    )


def _find_spans(file_scan: Scan, source: Source, pieces: Sequence[Piece]) -> tuple[Span, ...]:
    video = VideoSpans(file_scan.video)
    if file_scan.audio is None or source.audio is None:
        return tuple(Span(video.find(piece), range(0)) for piece in pieces)
    audio = AudioSpans(file_scan.audio, source.audio.codec, file_scan.video.time_base)
    return tuple(Span(video.find(piece), audio.find(piece)) for piece in pieces)


def _choose_container(path: Path, limits: Limits) -> PieceContainer:
    with open_whole(path, limits) as opened:
        return container_for([stream for stream in select_streams(opened) if stream is not None])


def _find_anchors(path: Path, limits: Limits, file_scan: Scan, spans: Sequence[range]) -> list[int | None]:
    if file_scan.sound is None:
        return [None] * len(spans)
    return find_anchors(path, limits, file_scan.sound, file_scan.zero_s, spans, _audio_alone)


def _audio_alone(container: InputContainer) -> AudioStream:
    _, audio = select_streams(container)
    assert audio is not None, "the scan found its packets"
    return audio


def _complete_piece(file_scan: Scan, source: Source, piece: Piece, span: Span, anchor: int | None, container: PieceContainer) -> Piece:
    """Returns the piece with its container, its bases, and the anchor and end of its audio."""
    update: dict[str, Any] = {"container": container, "base": base_of(file_scan.video, span.video)}
    if file_scan.audio is not None and len(span.audio):
        end = _end_sample(file_scan, source) if span.audio.stop == len(file_scan.audio) else None
        update |= {"audio_base": base_of(file_scan.audio, span.audio), "audio": PieceAudio(anchor_sample=anchor, end_sample=end)}
    return piece.with_values(**update)


def _end_sample(file_scan: Scan, source: Source) -> int | None:
    if file_scan.sound is None or source.audio is None:
        return None
    return file_scan.sound.end_sample(file_scan.zero_s, source.audio.sample_rate)


def plan_pieces(table: PacketTable, target_s: float = 6.0, first_s: Sequence[float] = (2.0, 4.0)) -> tuple[Piece, ...]:
    """Chooses the borders of pieces; pure. The first pieces are short for a fast start; a rest below 0.5 s joins the piece before it.

    Each border is the keyframe nearest to the target length, among those between 0.5 and 1.5 target lengths. If there is none and more
    than 1.5 target lengths remain, the border is the frame nearest to the target length. Each jump of an edit list is also a border. The
    pieces have their number of frames, but no bases and audio yet.
    """
    shown = np.sort(table.pts[table.shown])
    keys = np.sort(table.pts[table.key & table.shown])
    tail = float(_SHORTEST_TAIL_S / table.time_base)
    shorter = [min(target_s, first) for first in first_s]
    borders = [int(shown[0])]
    for end in [*table.edit_borders().tolist(), table.end_pts]:
        while borders[-1] < end:
            wanted_s = shorter[len(borders) - 1] if len(borders) <= len(shorter) else target_s
            border = _next_border(shown, keys, borders[-1], float(wanted_s / table.time_base), end, end - tail)
            borders.append(end if border is None else border)
    counts = np.diff(np.searchsorted(shown, borders)).tolist()
    return tuple(
        Piece(index=index, start_pts=borders[index], end_pts=borders[index + 1], frames=count, last=index == len(counts) - 1)
        for index, count in enumerate(counts)
    )


def _next_border(shown: Ticks, keys: Ticks, start: int, target: float, end: int, latest: float) -> int | None:
    """Returns the border after `start`, or None if the rest is one piece. All values are in ticks; shown and keys are sorted."""
    wanted, farthest = start + target, start + target * _LONGEST_GOP
    candidates = _within(keys, start + max(1.0, target / 2), min(latest, farthest))
    if len(candidates):
        border = _nearest(candidates, wanted)
        return border if end > farthest or abs(border - wanted) < abs(end - wanted) else None
    frames = _within(shown, start + 1, latest)
    return _nearest(frames, wanted) if end > farthest and len(frames) else None


def _within(values: Ticks, first: float, last: float) -> Ticks:
    return values[np.searchsorted(values, first) : np.searchsorted(values, last, side="right")]


def _nearest(values: Ticks, wanted: float) -> int:
    """Returns the value nearest to `wanted` of sorted values."""
    after = int(np.searchsorted(values, wanted))
    candidates = [int(value) for value in values[max(0, after - 1) : after + 1]]
    return min(candidates, key=lambda value: abs(value - wanted))


def cut_pieces(path: Path, plan: SplitPlan, folder: Path, only: Collection[int] | None = None) -> Generator[tuple[Piece, Path]]:
    """Writes the pieces into `folder` as 000000.nut (or .mov) and so on, in order; yields each one when it is complete.

    only: indexes of the pieces to write; default: all. Closing the iterator removes unfinished files.
    Raises StorageFullError, and UnreadableError if the file has changed since it was planned.
    """
    file_scan = plan.scan
    with open_whole(path, plan.limits) as container:
        video, audio = select_streams(container)
        streams = [StreamCut(video, file_scan.video, [span.video for span in plan.spans], [piece.base for piece in plan.pieces])]
        if audio is not None and file_scan.audio is not None and plan.source.audio is not None:
            streams.append(
                StreamCut(audio, file_scan.audio, [span.audio for span in plan.spans], [piece.audio_base for piece in plan.pieces])
            )
        packets = media_packets(container, [cut.stream for cut in streams])
        with closing(write_pieces(packets, streams, plan.pieces, folder, only)) as writer:
            for piece, file in writer:
                assert file is not None, "every piece has video packets"
                yield piece, file
