"""Sampling: the middle of a piece encoded at a few points, as the real encode does it, each with its bits and its measured quality."""

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

# Not above 28: what was sampled may be calmer than what follows.
CRFS = (20.0, 24.0, 28.0)
SECONDS = 2.0  # of each piece
MORE_PIECES = 2  # besides the opening ones, where they have landed
# Every so many pictures are measured; beside all of them that was 0.3 points apart at a third of the time.
_EVERY, _EVERY_LARGE = 5, 10
_LARGE = 720


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
    """The points of every rung at each of `CRFS`; of the lowest rung, which is not to be chosen, at its own CRF alone.

    Sizes are encoded together, as `encode` does, so that this takes no more memory. Raises what `encode_piece` and `run_tool` raise.
    """
    part = find_middle(source, piece, seconds)
    rounds = [[rung.model_copy(update={"crf": crf}) for rung in ladder[:-1]] for crf in CRFS]
    rounds = [rungs for rungs in (*rounds, [ladder[-1]]) if rungs]
    points: list[Point] = []
    for position, rungs in enumerate(rounds):
        made = encode_piece(piece_file, part, source, rungs, out, limits)
        files = [_join(out, segment) for segment in made]
        every = _EVERY_LARGE if min(ladder[0].width, ladder[0].height) > _LARGE else _EVERY
        found = measure_quality(piece_file, part, source, ladder[0], files, out, limits, metric=metric, every=every)
        points += [_point(rung, segment, quality) for rung, segment, quality in zip(rungs, made, found, strict=True)]
        progress((position + 1) / len(rounds))
    return tuple(points)


def _join(folder: Path, made: EncodedSegment) -> Path:
    """Init and media as one file that any ffmpeg reads."""
    file = folder / f"{made.name}-whole.mp4"
    file.write_bytes(made.init + made.path.read_bytes())
    return file


def _point(rung: Rung, made: EncodedSegment, quality: float) -> Point:
    seconds = made.duration_ticks / made.timescale
    return Point(rung=rung.name, crf=rung.crf, bitrate_bps=8 * made.path.stat().st_size / seconds, quality=quality, seconds=seconds)
