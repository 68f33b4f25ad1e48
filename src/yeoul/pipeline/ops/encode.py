"""Encode: one decode of a piece, several rungs, one CMAF segment each."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from yeoul.base.errors import MediaTimeoutError, MediaToolError, YeoulError
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.chapter import place_chapters
from yeoul.media.source.window import trim
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import in_codec
from yeoul.model.piece import LandedPiece, Piece
from yeoul.model.rendition import Codec, Rendition, Rung, Segment, select_rungs
from yeoul.model.source import Chapter, Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Ladder, RungChoice, Track, Window
from yeoul.pipeline.task.op import op

# Of other signals the tool itself is the cause: it crashed.
_KILLS = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT})


@op(version="6", publishes=True, renditions=True)
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
    """Gives one track with one segment for the task's rung, or for each rung asked for, less those that the choice leaves out.

    In another codec than H.264 they are further renditions beside those of the same size: "720p-hevc".

    When the encoder breaks on all of them together, each is tried alone: one bad rung does not take the others along. An encoder
    that was killed from outside says nothing about any rung: MediaToolError is raised, and the task runs again as it was.
    """
    window = window or Window()
    if piece.piece.index < window.skip:
        return Encoded()
    chosen = (choice or RungChoice()).apply((rung,) if rung is not None else select_rungs(ladder.rungs, rungs))
    wanted = in_codec(chosen, codec)
    if not wanted:
        return Encoded()
    file = context.fetch_piece(piece)
    shown, part = trim(source, piece.piece, window.start_s, window.skip)
    try:
        made, dropped = encode_piece(file, part, shown, wanted, context.scratch, context.limits), {}
    except (MediaToolError, MediaTimeoutError) as error:
        if len(wanted) == 1 or was_killed(error):
            raise
        made, dropped = _encode_each(context, file, part, shown, wanted)
    by_name = {one.name: one for one in wanted}
    tracks = tuple(_track(context, part.index, by_name[segment.name], segment) for segment in made)
    lost = max(segment.lost for segment in made)
    return Encoded(
        tracks=tracks,
        chapters=chapters_of(source, window, part.index),
        dropped=dropped,
        lost={str(part.index): lost} if lost else {},
    )


def was_killed(error: YeoulError) -> bool:
    """Returns whether a signal from outside ended a tool: the kernel's for want of memory, an operator's, that of a shutdown."""
    return error.facts.get("signal") in _KILLS


def chapters_of(source: Source, window: Window, index: int) -> tuple[Chapter, ...] | None:
    """The chapters of what is shown, told once, with the first piece; None where the source's own hold."""
    if index > 0 or window.start_s == 0 or not source.chapters:
        return None
    return place_chapters(source.chapters, window.start_s, source.duration_s - window.start_s)


def _encode_each(
    context: Context, file: Path, piece: Piece, source: Source, rungs: Sequence[Rung]
) -> tuple[tuple[EncodedSegment, ...], dict[str, dict[str, Any]]]:
    """(segments of the rungs that can be made, errors of the others); raises when none can, or the ladder's lowest cannot."""
    made: list[EncodedSegment] = []
    dropped: dict[str, dict[str, Any]] = {}
    for rung in reversed(rungs):  # the lowest first: without it the video is not worth the others
        try:
            made += encode_piece(file, piece, source, [rung], context.scratch, context.limits)
        except (MediaToolError, MediaTimeoutError) as error:
            if not made or was_killed(error):
                raise
            dropped[rung.name] = error.to_dict()
    return tuple(made), dropped


def _track(context: Context, index: int, rung: Rung, made: EncodedSegment) -> Track:
    rendition = Rendition(
        name=rung.name,
        kind="video",
        codecs=made.codecs,
        timescale=made.timescale,
        init_key=context.put_init(rung.name, made.init),
        init_size_bytes=len(made.init),
        width=rung.width,
        height=rung.height,
        frame_rate=made.frame_rate,
    )
    return Track(rendition=rendition, declared_bps=rung.maxrate_bps, segments=(store_segment(context, index, made),))


def store_segment(context: Context, index: int, made: EncodedSegment) -> Segment:
    """Store an encoded segment and describe it."""
    size_bytes = made.path.stat().st_size
    key = context.put_file(f"{made.name}.m4s", made.path)
    return Segment(
        index=index,
        key=key,
        size_bytes=size_bytes,
        start_ticks=made.start_ticks,
        duration_ticks=made.duration_ticks,
        samples=made.samples,
        i_frames=made.i_frames,
    )
