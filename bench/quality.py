"""P12: bits at equal VMAF, the rungs that Yeoul chooses for a title against the fixed ladder of Apple's H.264 table.

Both are encoded by the same x264 preset with the same GOPs: the fixed one at the table's average bit rates, ours by capped constant
quality from samples of the opening pieces, as the definition `per-title` does it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from yeoul.media.limits import Limits, run_tool
from yeoul.media.source.split import SplitPlan, cut_pieces, plan_split
from yeoul.media.video.encode import make_encode_command
from yeoul.media.video.ladder import make_ladder
from yeoul.media.video.per_title import choose_rungs, compare_rates, pick_extra_pieces, select_informative
from yeoul.media.video.sample import MORE_PIECES, SECONDS, sample_piece
from yeoul.media.video.vmaf import find_metric, measure_quality
from yeoul.model.piece import Piece
from yeoul.model.rendition import Rung
from yeoul.pipeline.dag.definition import OPENING_PIECES
from yeoul.pipeline.task.data import RungChoice

# HTTP Live Streaming Authoring Specification for Apple devices, 16:9 variants in H.264: shorter side in pixels, average kb/s.
_APPLE = ((234, 145), (360, 365), (432, 730), (432, 1100), (540, 2000), (720, 3000), (720, 4500), (1080, 6000), (1080, 7800))
_LONGEST_S = 30.0
_EVERY = 5


@dataclass(frozen=True)
class Line:
    """One encoded rung: bit rate in bit/s, VMAF at the source's size, bytes."""

    rung: str
    bitrate_bps: float
    quality: float
    size_bytes: int


@dataclass(frozen=True)
class Compared:
    """One clip. ratio: bits of the per-title rungs for each bit of the fixed ones at equal VMAF; None where they share no quality."""

    clip: str
    metric: str
    fixed: list[Line]
    per_title: list[Line]
    ratio: float | None

    def table(self) -> str:
        heads = [f"{self.clip}: " + ("no common quality" if self.ratio is None else f"{self.ratio:.3f} x (BD-rate {self.ratio - 1:+.1%})")]
        for name, lines in (("fixed", self.fixed), ("per-title", self.per_title)):
            heads += [
                f"  {name:<10}{line.rung:<12}{line.bitrate_bps / 1000:8.0f} kb/s  {line.quality:6.2f}  {line.size_bytes:>9} bytes"
                for line in lines
            ]
        return "\n".join(heads)


def compare(clip: Path) -> Compared:
    """Encode a clip's first 30 seconds by both ladders and measure every rung."""
    limits = Limits()
    plan = plan_split(clip, limits)
    ladder = make_ladder(plan.source)
    with tempfile.TemporaryDirectory() as folder:
        ours = _choose(clip, plan, ladder, Path(folder), limits)
        fixed = _measure(clip, plan, ladder[0], _fixed_rungs(ladder[0]), Path(folder), limits, average=True)
        per_title = _measure(clip, plan, ladder[0], ours, Path(folder), limits, average=False)
    ratio = compare_rates([(line.bitrate_bps, line.quality) for line in fixed], [(line.bitrate_bps, line.quality) for line in per_title])
    return Compared(clip.name, find_metric(), fixed, per_title, ratio)


def _fixed_rungs(top: Rung) -> list[Rung]:
    """The table's rungs that are no larger than the source, in its aspect."""
    short = min(top.width, top.height)
    found: list[Rung] = []
    for height, kbps in _APPLE:
        if height <= short:
            size = [max(2, round(side * height / short / 2) * 2) for side in (top.width, top.height)]
            found.append(Rung(name=f"{height}p-{kbps}k", width=size[0], height=size[1], crf=0, maxrate_bps=kbps * 1000))
    return found


def _choose(clip: Path, plan: SplitPlan, ladder: Sequence[Rung], folder: Path, limits: Limits) -> list[Rung]:
    """As the definition does it with a file that was uploaded whole: the opening pieces and two more."""
    shown = [piece.index for piece in plan.pieces if piece.start_pts < _end_pts(plan)]
    wanted = [*shown[:OPENING_PIECES], *pick_extra_pieces(shown[OPENING_PIECES:], MORE_PIECES)]
    samples = [
        sample_piece(*(file, piece, plan.source, ladder, folder, limits), seconds=SECONDS, metric=find_metric(), progress=lambda _: None)
        for piece, file in cut_pieces(clip, plan, folder, only=wanted)
    ]
    points = select_informative(samples, ladder[-1].name)
    chosen = choose_rungs(ladder, points) if points else {}
    return list(RungChoice(rungs=chosen).apply(ladder))


def _end_pts(plan: SplitPlan) -> int:
    longest = round(_LONGEST_S / plan.source.video.time_base.fraction)
    return min(plan.pieces[-1].end_pts, plan.pieces[0].start_pts + longest)


def _measure(clip: Path, plan: SplitPlan, top: Rung, rungs: Sequence[Rung], folder: Path, limits: Limits, *, average: bool) -> list[Line]:
    source = plan.source
    start_pts = plan.pieces[0].start_pts
    end_pts = _end_pts(plan)
    whole = Piece(index=0, start_pts=start_pts, end_pts=end_pts)
    words = make_encode_command(clip, whole, source, rungs, folder, limits)
    run_tool(_with_average_rates(words, rungs) if average else words, limits=limits, cwd=folder)
    files = [folder / f"{rung.name}.mp4" for rung in rungs]
    qualities = measure_quality(clip, whole, source, top, files, folder, limits, metric=find_metric(), every=_EVERY)
    seconds = float((end_pts - start_pts) * source.video.time_base.fraction)
    sizes = [file.stat().st_size for file in files]
    return [Line(rung.name, 8 * size / seconds, quality, size) for rung, size, quality in zip(rungs, sizes, qualities, strict=True)]


def _with_average_rates(words: Sequence[str], rungs: Sequence[Rung]) -> list[str]:
    """The same command with the table's average bit rates instead of constant quality; peaks up to twice that, as Apple allows."""
    found = list(words)
    at = 0
    for rung in rungs:
        at = found.index("-crf", at)
        found[at : at + 2] = ["-b:v", str(rung.maxrate_bps)]
        for name in ("-maxrate", "-bufsize"):
            found[found.index(name, at) + 1] = str(2 * rung.maxrate_bps)
    return found
