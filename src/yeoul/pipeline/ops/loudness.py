"""Loudness: measures the pieces that have landed, and chooses one gain for the whole video."""

from __future__ import annotations

from collections.abc import Sequence

from yeoul.media.audio.loudness import SILENCE_DB, TARGET_LUFS, LoudnessMeasurement, choose_gain_db, integrate, measure_loudness
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Gain, Loudness
from yeoul.pipeline.task.op import op

_MAX_PIECES = 40  # measured pieces of a long video, evenly spread


@op(version="1")
def loudness(context: Context, piece: LandedPiece, source: Source) -> Loudness:
    """Returns the loudness of one piece's sound by EBU R 128."""
    result = _measure(context, piece, source)
    return Loudness(blocks=result.blocks, true_peak_db=result.true_peak_db, pieces=(piece.piece.index,))


@op(version="1", publishes=True)
def choose_gain(
    context: Context, measured: list[Loudness | None], pieces: list[LandedPiece], source: Source, *, target_lufs: float = TARGET_LUFS
) -> Gain:
    """Returns the gain that reaches the target, as far as the true peak allows. Publishes the measurements as `loudness.json`.

    Other pieces of `pieces` are measured too; for a file that was uploaded whole, these are all its pieces.
    """
    earlier = [item for item in measured if item is not None]
    done = {index for item in earlier for index in item.pieces}
    more = [_measure(context, piece, source) for piece in _spread([piece for piece in pieces if piece.piece.index not in done])]
    blocks = [block for item in (*earlier, *more) for block in item.blocks]
    peak_db = max((item.true_peak_db for item in (*earlier, *more)), default=SILENCE_DB)
    gain_db = choose_gain_db(blocks, peak_db, target_lufs)
    integrated = integrate(blocks)
    report = {"integrated_lufs": integrated, "true_peak_dbtp": peak_db, "target_lufs": target_lufs, "gain_db": gain_db}
    context.put_sidecar("loudness.json", {**report, "pieces_measured": len(done) + len(more)})
    return Gain(gain_db=gain_db)


def _measure(context: Context, piece: LandedPiece, source: Source) -> LoudnessMeasurement:
    return measure_loudness(context.fetch_piece(piece), piece.piece, source, context.scratch, context.limits)


def _spread(pieces: Sequence[LandedPiece]) -> list[LandedPiece]:
    """Returns at most 40 pieces, evenly spread."""
    step = max(1, -(-len(pieces) // _MAX_PIECES))
    return list(pieces[::step])
