"""Loudness: measured on the opening pieces and whatever else has landed by then; one gain for the whole video."""

from __future__ import annotations

from collections.abc import Sequence

from yeoul.media.audio.loudness import SILENCE_DB, TARGET_LUFS, Measured, choose_gain_db, integrate, measure_loudness
from yeoul.model.piece import LandedPiece
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Gain, Loudness
from yeoul.pipeline.task.op import op

_MOST_PIECES = 40  # of a long video's, evenly spread


@op(version="1")
def loudness(context: Context, piece: LandedPiece, source: Source) -> Loudness:
    """Gives the loudness of one piece's sound by EBU R 128."""
    found = _measure(context, piece, source)
    return Loudness(blocks=found.blocks, true_peak_db=found.true_peak_db, pieces=(piece.piece.index,))


@op(version="1", publishes=True)
def choose_gain(
    context: Context, measured: list[Loudness | None], pieces: list[LandedPiece], source: Source, *, target_lufs: float = TARGET_LUFS
) -> Gain:
    """Gives the gain to the target, no more than the true peak allows; publishes what was measured as `loudness.json`.

    Pieces that have landed meanwhile are measured too: of a file that was uploaded whole that is all of it.
    """
    known = [one for one in measured if one is not None]
    done = {index for one in known for index in one.pieces}
    more = [_measure(context, piece, source) for piece in _spread([piece for piece in pieces if piece.piece.index not in done])]
    blocks = [block for one in (*known, *more) for block in one.blocks]
    peak_db = max((one.true_peak_db for one in (*known, *more)), default=SILENCE_DB)
    gain_db = choose_gain_db(blocks, peak_db, target_lufs)
    integrated = integrate(blocks)
    story = {"integrated_lufs": integrated, "true_peak_dbtp": peak_db, "target_lufs": target_lufs, "gain_db": gain_db}
    context.put_sidecar("loudness.json", {**story, "pieces_measured": len(done) + len(more)})
    return Gain(gain_db=gain_db)


def _measure(context: Context, piece: LandedPiece, source: Source) -> Measured:
    return measure_loudness(context.fetch_piece(piece), piece.piece, source, context.scratch, context.limits)


def _spread(pieces: Sequence[LandedPiece]) -> list[LandedPiece]:
    """At most 40 of them."""
    step = max(1, -(-len(pieces) // _MOST_PIECES))
    return list(pieces[::step])
