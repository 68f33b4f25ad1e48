"""Per-title encoding: `sample` measures test encodes of the opening pieces; `choose_ladder` chooses the rungs and their quality."""

from __future__ import annotations

from collections.abc import Sequence

from yeoul.media.source.window import trim
from yeoul.media.video.per_title import QUALITY_STEP, TARGET_QUALITY, choose_rungs, list_left_out, pick_extra_pieces, select_informative
from yeoul.media.video.sample import MORE_PIECES, SECONDS, sample_piece
from yeoul.media.video.vmaf import find_metric
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Ladder, RungChoice, Sampled, Window
from yeoul.pipeline.task.op import op


@op(version="3")
def sample(
    context: Context, piece: LandedPiece, source: Source, ladder: Ladder, window: Window | None = None, *, seconds: float = SECONDS
) -> Sampled:
    """Encodes the middle of a piece's shown part at a few points, and measures the bits and the quality (VMAF or an estimate) of each.

    A piece before the window has no points.
    """
    return sample_shown(context, piece, source, ladder, window or Window(), seconds)


@op(version="2", publishes=True)
def choose_ladder(
    context: Context,
    sampled: list[Sampled | None],
    pieces: list[LandedPiece],
    source: Source,
    ladder: Ladder,
    window: Window | None = None,
    *,
    target: float = TARGET_QUALITY,
    step: float = QUALITY_STEP,
    more: int = MORE_PIECES,
    seconds: float = SECONDS,
) -> RungChoice:
    """Returns the rungs worth encoding. Publishes the measurements and the choice as `per-title.json`.

    `more` other pieces are sampled too; for a file that was uploaded whole, they are in its middle and at its end. If no sample is usable,
    no rung is chosen, and the ladder is used unchanged.
    """
    window = window or Window()
    samples = [item for item in sampled if item is not None]
    done = {item.piece for item in samples}
    landed = {piece.piece.index: piece for piece in pieces if piece.piece.index not in done and piece.piece.index >= window.skip}
    samples += [sample_shown(context, landed[index], source, ladder, window, seconds) for index in pick_extra_pieces(sorted(landed), more)]
    points = select_informative([item.points for item in samples], ladder.rungs[-1].name, target)
    chosen = choose_rungs(ladder.rungs, points, target=target, step=step) if points else {}
    report = {
        "metric": _metric_of(samples),
        "rungs": {name: choice.model_dump() for name, choice in chosen.items()},
        "left_out": list_left_out(ladder.rungs, chosen) if chosen else (),
        "sampled": {item.piece: [point.model_dump() for point in item.points] for item in samples},
    }
    context.put_sidecar("per-title.json", report)
    return RungChoice(rungs=chosen)


def sample_shown(context: Context, piece: LandedPiece, source: Source, ladder: Ladder, window: Window, seconds: float) -> Sampled:
    """Returns the measured points of the middle of a piece's shown part; no points if the window leaves out the piece."""
    metric = find_metric()
    if piece.piece.index < window.skip:
        return Sampled(piece=piece.piece.index, metric=metric, points=())
    file = context.fetch_piece(piece)
    shown, part = trim(source, piece.piece, window.start_s, window.skip)
    arguments = (file, part, shown, ladder.rungs, context.scratch, context.limits)
    points = sample_piece(*arguments, seconds=seconds, metric=metric, progress=context.progress)
    return Sampled(piece=piece.piece.index, metric=metric, points=points)


def _metric_of(sampled: Sequence[Sampled]) -> str:
    """Returns the name of the metric. If samples used different metrics, returns the estimate, because the values are not comparable."""
    return max((item.metric for item in sampled), key=lambda metric: metric != "vmaf", default=find_metric())
