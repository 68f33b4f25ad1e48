"""Cutting a source into pieces that decode alone and join again frame for frame and sample for sample.

Borders lie in presentation time; the packets of a piece run from a keyframe (with one more GOP before it where pictures refer back)
to the last packet that is displayed before its end. Pieces are NUT: it keeps times exactly and has no random or dated fields, so
the same file and target give the same bytes again. Codecs that NUT cannot name (ProRes, DNxHD, ALAC) go into MOV, exact as well.

The contract of a piece's audio, for who decodes it. A piece holds the source's audio packets from a margin before its start to
120 ms after its end (the last one: to the end of the sound). Open a fresh decoder and feed it all of them in order.
- `Piece.audio.anchor_sample` is None: a decoded frame's place is (pts + audio_base) x audio time base, less the source's zero.
- it is a number: the first sample that comes out stands at that position, in samples at `AudioTrack.sample_rate` counted from the
  source's zero (the first displayed video frame; negative before it), and all that follow stand one after the other, whatever
  their pts say, except that a frame whose pts has moved by more than 50 ms (`scan.AUDIO_GAP_S`) against the count is a real gap:
  the count goes on from its pts. Frames before the first samples (a decoder that primes itself) are already allowed for.
- `Piece.audio.end_sample` is a number: from that position on nothing is heard, whatever the last packet yields. It stands in the pieces
  that hold the source's last audio packet, where the container is one that says to the sample where its sound ends (MP4, MOV).
Either way the first frames after the start of a piece differ from a whole decode (no history); the margin keeps them outside the
piece's own range. `Piece.audio` is None where the piece holds no audio packet.
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
from yeoul.media.limits import Limits, most_copied_bytes
from yeoul.media.source.anchor import find_anchors
from yeoul.media.source.chapter import place_chapters
from yeoul.media.source.cutter import Dealt, deal
from yeoul.media.source.piece_file import PieceContainer, container_for
from yeoul.media.source.probe import impossible_is_unreadable, probe
from yeoul.media.source.scan import PacketTable, Scan, Ticks, media_packets, scan, select_streams
from yeoul.media.source.span import AudioSpans, Span, VideoSpans, base_of
from yeoul.media.source.truncation import open_whole
from yeoul.model.piece import Piece, PieceAudio
from yeoul.model.plain import MAX_FRAME_RATE
from yeoul.model.source import Source

_SHORTEST_TAIL_S: Final = 0.5
_HEAVY: Final = 1.5  # short first pieces and open groups of pictures cost less, and what is sent in pieces can be watched meanwhile
_LONGEST_GOP: Final = 1.5  # in targets: a longer GOP is cut on a grid, at the price of decoding part of it twice


@dataclass(frozen=True)
class SplitPlan:
    """How a file is cut: what it is, its pieces in order, its packets, and which of them go into each piece."""

    source: Source
    pieces: tuple[Piece, ...]
    spans: tuple[Span, ...]
    found: Scan
    limits: Limits

    @property
    def weight(self) -> float:
        """How many times the pieces hold the packets of the file: more than once where keyframes are far apart."""
        own = int(self.found.video.size.sum()) + (0 if self.found.audio is None else int(self.found.audio.size.sum()))
        return _written_bytes(self.found, self.spans) / max(1, own)

    def ending_as(self, other: SplitPlan) -> SplitPlan:
        """Returns this plan of the same content, with its length and the end of its sound as another file says it, to the sample."""
        end = None if other.pieces[-1].audio is None else other.pieces[-1].audio.end_sample
        pieces = [
            piece if piece.audio is None or end is None or span.audio.stop < len(self.found.audio or ()) else _ended(piece, end)
            for piece, span in zip(self.pieces, self.spans, strict=True)
        ]
        return replace(self, source=self.source.with_values(duration_s=other.source.duration_s), pieces=tuple(pieces))

    @property
    def is_heavy(self) -> bool:
        """Returns whether the file should be sent whole, and be cut after one decode."""
        return self.weight > _HEAVY


def _ended(piece: Piece, end_sample: int) -> Piece:
    return piece if piece.audio is None else piece.with_values(audio=piece.audio.with_values(end_sample=end_sample))


def plan_split(path: Path, limits: Limits, target_s: float = 6.0) -> SplitPlan:
    """Scan a file and plan its pieces. Raises what `probe` and `scan` raise, UnsupportedCodecError also where no piece can hold it."""
    probed = probe(path, limits)
    found = scan(path, limits)
    with impossible_is_unreadable():
        source = _scanned_source(probed, found)
        pieces, spans = _plan(found, source, path.stat().st_size, target_s)
        anchors = _anchors(path, limits, found, [span.audio for span in spans])
        container = _container(path, limits)
        placed = tuple(
            _placed(found, source, piece, span, anchor, container) for piece, span, anchor in zip(pieces, spans, anchors, strict=True)
        )
    return SplitPlan(source, placed, spans, found, limits)


def _plan(found: Scan, source: Source, file_bytes: int, target_s: float) -> tuple[tuple[Piece, ...], tuple[Span, ...]]:
    """The pieces and what goes into each. Where keyframes are so far apart that pieces would repeat the file many times, longer ones.

    Raises TooLargeError where even pieces as long as the file repeat too much of it.
    """
    while True:
        pieces = plan_pieces(found.video, target_s=target_s)
        spans = _spans(found, source, pieces)
        if _written_bytes(found, spans) <= most_copied_bytes(file_bytes):
            return pieces, spans
        if target_s > found.duration_s:
            raise TooLargeError("the pieces of this file would be many times larger than the file", size_bytes=file_bytes)
        target_s *= 2


def _written_bytes(found: Scan, spans: Sequence[Span]) -> int:
    """How many bytes of packets the pieces hold."""
    video = np.concatenate(([0], np.cumsum(found.video.size)))
    audio = video if found.audio is None else np.concatenate(([0], np.cumsum(found.audio.size)))
    return sum(int(video[span.video.stop] - video[span.video.start] + audio[span.audio.stop] - audio[span.audio.start]) for span in spans)


def _scanned_source(source: Source, found: Scan) -> Source:
    """The probed source with what only a scan knows: true duration, start, frames and frame rate."""
    table = found.video
    span_s = (table.end_pts - table.start_pts) * table.time_base
    frame_rate = min(float(table.frames / span_s), MAX_FRAME_RATE) if span_s else 0.0
    video = source.video.with_values(frames=table.frames, frame_rate=frame_rate)
    audio = source.audio if found.audio is not None else None
    later_s = float((table.start_pts - source.start_pts) * table.time_base)
    return source.with_values(
        duration_s=found.duration_s,
        start_pts=table.start_pts,
        video=video,
        audio=audio,
        chapters=place_chapters(source.chapters, later_s, found.duration_s),
        notices=(*source.notices, *found.notices),
    )


def _spans(found: Scan, source: Source, pieces: Sequence[Piece]) -> tuple[Span, ...]:
    video = VideoSpans(found.video)
    if found.audio is None or source.audio is None:
        return tuple(Span(video.find(piece), range(0)) for piece in pieces)
    audio = AudioSpans(found.audio, source.audio.codec, found.video.time_base)
    return tuple(Span(video.find(piece), audio.find(piece)) for piece in pieces)


def _container(path: Path, limits: Limits) -> PieceContainer:
    with open_whole(path, limits) as opened:
        return container_for([stream for stream in select_streams(opened) if stream is not None])


def _anchors(path: Path, limits: Limits, found: Scan, spans: Sequence[range]) -> list[int | None]:
    if found.sound is None:
        return [None] * len(spans)
    return find_anchors(path, limits, found.sound, found.zero_s, spans, _audio_alone)


def _audio_alone(container: InputContainer) -> AudioStream:
    _, audio = select_streams(container)
    assert audio is not None, "the scan found its packets"
    return audio


def _placed(found: Scan, source: Source, piece: Piece, span: Span, anchor: int | None, container: PieceContainer) -> Piece:
    """The piece with its container, its bases, and its audio's anchor and end."""
    update: dict[str, Any] = {"container": container, "base": base_of(found.video, span.video)}
    if found.audio is not None and len(span.audio):
        end = _end_sample(found, source) if span.audio.stop == len(found.audio) else None
        update |= {"audio_base": base_of(found.audio, span.audio), "audio": PieceAudio(anchor_sample=anchor, end_sample=end)}
    return piece.with_values(**update)


def _end_sample(found: Scan, source: Source) -> int | None:
    return None if found.sound is None or source.audio is None else found.sound.end_sample(found.zero_s, source.audio.sample_rate)


def plan_pieces(table: PacketTable, target_s: float = 6.0, first_s: Sequence[float] = (2.0, 4.0)) -> tuple[Piece, ...]:
    """Choose the borders; pure. The first pieces are short for a fast start, tails below 0.5 s go to the piece before.

    Each border is the keyframe nearest to the target among those between half the target and 1.5 times it, else, where more than
    1.5 targets remain, the frame nearest to the target. Where an edit list jumps there is a border, too. frames counts what each
    piece owns; bases and audio are not yet known.
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
    """The border after `start`, or None where the rest is one piece; all in ticks, shown and keys sorted."""
    wanted, farthest = start + target, start + target * _LONGEST_GOP
    near = _within(keys, start + max(1.0, target / 2), min(latest, farthest))
    if len(near):
        border = _nearest(near, wanted)
        return border if end > farthest or abs(border - wanted) < abs(end - wanted) else None
    frames = _within(shown, start + 1, latest)
    return _nearest(frames, wanted) if end > farthest and len(frames) else None


def _within(values: Ticks, first: float, last: float) -> Ticks:
    return values[np.searchsorted(values, first) : np.searchsorted(values, last, side="right")]


def _nearest(values: Ticks, wanted: float) -> int:
    """The nearest of sorted values."""
    after = int(np.searchsorted(values, wanted))
    candidates = [int(value) for value in values[max(0, after - 1) : after + 1]]
    return min(candidates, key=lambda value: abs(value - wanted))


def cut_pieces(path: Path, plan: SplitPlan, folder: Path, only: Collection[int] | None = None) -> Generator[tuple[Piece, Path]]:
    """Write the pieces into `folder` as 000000.nut (or .mov) and so on, in order and lazily: each is yielded when it is complete.

    only: indexes of the pieces to write, the others are passed over. Closing the iterator removes what is half written.
    Raises UnreadableError where the file is no longer what was planned, StorageFullError.
    """
    found = plan.found
    with open_whole(path, plan.limits) as container:
        video, audio = select_streams(container)
        streams = [Dealt(video, found.video, [span.video for span in plan.spans], [piece.base for piece in plan.pieces])]
        if audio is not None and found.audio is not None and plan.source.audio is not None:
            streams.append(Dealt(audio, found.audio, [span.audio for span in plan.spans], [piece.audio_base for piece in plan.pieces]))
        packets = media_packets(container, [one.stream for one in streams])
        with closing(deal(packets, streams, plan.pieces, folder, only)) as dealt:
            for piece, file in dealt:
                assert file is not None, "every piece holds pictures"
                yield piece, file
