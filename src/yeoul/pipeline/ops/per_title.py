"""Per-title: sample encodes a few points of the opening pieces and measures them; choose_ladder decides which rungs are made, and how."""

from __future__ import annotations

from collections.abc import Sequence

from yeoul.media.source.window import trim
from yeoul.media.video.per_title import QUALITY_STEP, TARGET_QUALITY, choose_rungs, find_telling, leave_out, pick_more
from yeoul.media.video.sample import MORE_PIECES, SECONDS, sample_piece
from yeoul.media.video.vmaf import find_metric
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Ladder, RungChoice, Sampled, Window
from yeoul.pipeline.task.op import op


@op(version="2")
def sample(
    context: Context, piece: LandedPiece, source: Source, ladder: Ladder, window: Window | None = None, *, seconds: float = SECONDS
) -> Sampled:
    """Encodes the middle of what is shown of a piece at a few points and measures bits and quality of each: VMAF, or an estimate
    that says so. A piece before the window has no points.
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
    """Gives the rungs worth making; publishes what was measured and chosen as `per-title.json`. Nothing is chosen without
    samples that tell something.

    Of what has landed meanwhile `more` pieces are sampled too: of a file that was uploaded whole they lie in its middle and end.
    """
    window = window or Window()
    found = [one for one in sampled if one is not None]
    done = {one.piece for one in found}
    landed = {piece.piece.index: piece for piece in pieces if piece.piece.index not in done and piece.piece.index >= window.skip}
    found += [sample_shown(context, landed[index], source, ladder, window, seconds) for index in pick_more(sorted(landed), more)]
    points = find_telling([one.points for one in found], ladder.rungs[-1].name, target)
    chosen = choose_rungs(ladder.rungs, points, target=target, step=step) if points else {}
    story = {
        "metric": _metric_of(found),
        "rungs": {name: one.model_dump() for name, one in chosen.items()},
        "left_out": leave_out(ladder.rungs, chosen) if chosen else (),
        "sampled": {one.piece: [point.model_dump() for point in one.points] for one in found},
    }
    context.put_sidecar("per-title.json", story)
    return RungChoice(rungs=chosen)


def sample_shown(context: Context, piece: LandedPiece, source: Source, ladder: Ladder, window: Window, seconds: float) -> Sampled:
    """The samples of the middle of what is shown of a piece; no points where nothing is."""
    metric = find_metric()
    if piece.piece.index < window.skip:
        return Sampled(piece=piece.piece.index, metric=metric, points=())
    file = context.fetch_piece(piece)
    shown, part = trim(source, piece.piece, window.start_s, window.skip)
    where = (file, part, shown, ladder.rungs, context.scratch, context.limits)
    points = sample_piece(*where, seconds=seconds, metric=metric, progress=context.progress)
    return Sampled(piece=piece.piece.index, metric=metric, points=points)


def _metric_of(sampled: Sequence[Sampled]) -> str:
    """Figures of two metrics are not one scale: the weaker name stands for all."""
    return max((one.metric for one in sampled), key=lambda metric: metric != "vmaf", default=find_metric())
