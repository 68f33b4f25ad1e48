"""Encode: decodes a piece once and encodes it to several rungs, with one CMAF segment for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from yeoul.base.errors import MediaTimeoutError, MediaToolError
from yeoul.media.limits import was_killed
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.chapter import shift_chapters
from yeoul.media.source.window import trim
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import convert_rungs
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Codec, Rendition, Rung, Segment, select_rungs
from yeoul.model.source import Chapter, Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Ladder, RungChoice, Track, Window
from yeoul.pipeline.task.op import op


@op(version="7", publishes=True, renditions=True)
def encode(
    context: Context,
    piece: LandedPiece,
    source: Source,
    ladder: Ladder,
    rung: Rung | None,
    window: Window | None = None,
    choice: RungChoice | None = None,
    *,
    rungs: Literal["lowest", "others", "all"] = "all",
    codec: Codec = "h264",
) -> Encoded:
    """Returns one track with one segment for the task's rung, or for each rung that `rungs` selects and `choice` does not leave out.

    Codecs other than H.264 make additional renditions of the same size, such as "720p-hevc".

    If encoding all rungs together fails, each rung is encoded alone, so that one bad rung does not fail the others. If the encoder was
    killed from outside, no rung is the cause: MediaToolError is raised, and the task can run again unchanged.
    """
    window = window or Window()
    if piece.piece.index < window.skip:
        return Encoded()
    chosen = (choice or RungChoice()).apply((rung,) if rung is not None else select_rungs(ladder.rungs, rungs))
    coded = convert_rungs(chosen, codec)
    if not coded:
        return Encoded()
    file = context.fetch_piece(piece)
    shown, part = trim(source, piece.piece, window.start_s, window.skip)
    try:
        segments, dropped = encode_piece(file, part, shown, coded, context.scratch, context.limits), {}
    except (MediaToolError, MediaTimeoutError) as error:
        if len(coded) == 1 or was_killed(error):
            raise
        segments, dropped = _encode_each(context, file, part, shown, coded)
    by_name = {item.name: item for item in coded}
    tracks = tuple(_make_track(context, part.index, by_name[segment.name], segment) for segment in segments)
    lost = max(segment.lost for segment in segments)
    return Encoded(
        tracks=tracks,
        chapters=make_shown_chapters(source, window, part.index),
        dropped=dropped,
        lost={str(part.index): lost} if lost else {},
    )


def make_shown_chapters(source: Source, window: Window, index: int) -> tuple[Chapter, ...] | None:
    """Returns the chapters of the shown part, with the first piece only. None if the chapters of the source stay valid."""
    if index > 0 or window.start_s == 0 or not source.chapters:
        return None
    return shift_chapters(source.chapters, window.start_s, source.duration_s - window.start_s)


def _encode_each(
    context: Context, file: Path, piece: Piece, source: Source, rungs: Sequence[Rung]
) -> tuple[tuple[EncodedSegment, ...], dict[str, dict[str, Any]]]:
    """Returns (segments of the rungs that can be encoded, errors of the others). Raises an error if the lowest rung cannot be encoded."""
    segments: list[EncodedSegment] = []
    dropped: dict[str, dict[str, Any]] = {}
    for rung in reversed(rungs):  # the lowest first, because the video is not playable without it
        try:
            segments += encode_piece(file, piece, source, [rung], context.scratch, context.limits)
        except (MediaToolError, MediaTimeoutError) as error:
            if not segments or was_killed(error):
                raise
            dropped[rung.name] = error.to_dict()
    return tuple(segments), dropped


def _make_track(context: Context, index: int, rung: Rung, segment: EncodedSegment) -> Track:
    rendition = Rendition(
        name=rung.name,
        kind="video",
        codecs=segment.codecs,
        timescale=segment.timescale,
        init_key=context.put_init(rung.name, segment.init),
        init_size_bytes=len(segment.init),
        width=rung.width,
        height=rung.height,
        frame_rate=segment.frame_rate,
    )
    return Track(rendition=rendition, declared_bps=rung.maxrate_bps, segments=(store_segment(context, index, segment),))


def store_segment(context: Context, index: int, encoded: EncodedSegment) -> Segment:
    """Stores an encoded segment. Returns its description."""
    size_bytes = encoded.path.stat().st_size
    key = context.put_file(f"{encoded.name}.m4s", encoded.path)
    return Segment(
        index=index,
        key=key,
        size_bytes=size_bytes,
        start_ticks=encoded.start_ticks,
        duration_ticks=encoded.duration_ticks,
        samples=encoded.samples,
        i_frames=encoded.i_frames,
    )
