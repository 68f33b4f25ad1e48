"""Windows: cuts a source and a piece to the part that is shown; pure."""

from __future__ import annotations

import math

from yeoul.model.piece import Piece
from yeoul.model.source import Source


def trim(source: Source, piece: Piece, start_s: float, skip: int) -> tuple[Source, Piece]:
    """Returns (source, piece) as if the source started `start_s` seconds and `skip` pieces later.

    Keeps a frame that starts up to a microsecond earlier, because seconds as floats are not exact ticks.
    """
    ticks = math.ceil((start_s - 1e-6) / source.video.time_base.fraction)
    start_pts = source.start_pts + ticks
    trimmed = source.model_copy(update={"start_pts": start_pts, "duration_s": max(0.0, source.duration_s - start_s)})
    changes: dict[str, object] = {"index": piece.index - skip}
    if piece.start_pts < start_pts:
        changes |= {"start_pts": min(start_pts, piece.end_pts), "frames": None}
    if piece.audio is not None and piece.audio.anchor_sample is not None and source.audio is not None:
        samples = round(ticks * source.video.time_base.fraction * source.audio.sample_rate)
        changes["audio"] = piece.audio.model_copy(update={"anchor_sample": piece.audio.anchor_sample - samples})
    return trimmed, piece.model_copy(update=changes)


def find_middle(source: Source, piece: Piece, seconds: float) -> Piece:
    """Returns the middle `seconds` of a piece as a piece without a frame count; the piece itself if it is not longer."""
    ticks = round(seconds / source.video.time_base.fraction)
    spare = piece.end_pts - piece.start_pts - ticks
    if spare <= 0:
        return piece
    start_pts = piece.start_pts + spare // 2
    return piece.model_copy(update={"start_pts": start_pts, "end_pts": start_pts + ticks, "frames": None})
