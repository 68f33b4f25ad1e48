"""Sampling: encodes the middle of a piece at a few CRFs, with the settings of the real encode, and measures bit rate and quality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from yeoul.media.limits import Limits
from yeoul.media.segment import EncodedSegment
from yeoul.media.source.window import find_middle
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.per_title import Point
from yeoul.media.video.vmaf import Metric, measure_quality
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.model.source import Source

# Not above 28, because the samples may be less complex than the rest of the video.
CRFS = (20.0, 24.0, 28.0)
SECONDS = 2.0  # sampled of each piece
MORE_PIECES = 2  # in addition to the first ones, if they have landed
# Only every n-th frame is measured: the result differs by 0.3 points from measuring all, in a third of the time.
_FRAME_INTERVAL, _FRAME_INTERVAL_LARGE = 5, 10
_LARGE_PX = 720


def sample_piece(
    piece_file: Path,
    piece: Piece,
    source: Source,
    ladder: Sequence[Rung],
    out: Path,
    limits: Limits,
    *,
    seconds: float,
    metric: Metric,
    progress: Callable[[float], None],
) -> tuple[Point, ...]:
    """Returns the points of every rung at each of `CRFS`; of the lowest rung, whose CRF is fixed, only at its own CRF.

    All sizes are encoded together, as in the real encode, so that memory use is the same. Raises what `encode_piece` and `run_tool` raise.
    """
    part = find_middle(source, piece, seconds)
    rounds = [[rung.model_copy(update={"crf": crf}) for rung in ladder[:-1]] for crf in CRFS]
    rounds = [rungs for rungs in (*rounds, [ladder[-1]]) if rungs]
    points: list[Point] = []
    for position, rungs in enumerate(rounds):
        segments = encode_piece(piece_file, part, source, rungs, out, limits)
        files = [_write_whole(out, segment) for segment in segments]
        every = _FRAME_INTERVAL_LARGE if min(ladder[0].width, ladder[0].height) > _LARGE_PX else _FRAME_INTERVAL
        qualities = measure_quality(piece_file, part, source, ladder[0], files, out, limits, metric=metric, every=every)
        points += [_make_point(rung, segment, quality) for rung, segment, quality in zip(rungs, segments, qualities, strict=True)]
        progress((position + 1) / len(rounds))
    return tuple(points)


def _write_whole(folder: Path, segment: EncodedSegment) -> Path:
    """Writes init and media data into one file that any ffmpeg can read."""
    file = folder / f"{segment.name}-whole.mp4"
    file.write_bytes(segment.init + segment.path.read_bytes())
    return file


def _make_point(rung: Rung, segment: EncodedSegment, quality: float) -> Point:
    seconds = segment.duration_ticks / segment.timescale
    return Point(rung=rung.name, crf=rung.crf, bitrate_bps=8 * segment.path.stat().st_size / seconds, quality=quality, seconds=seconds)
