"""Decodes the frames of a piece for image analysis."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from yeoul.media.limits import Limits, open_input
from yeoul.model.piece import Piece
from yeoul.model.source import Source


def read_frames(file: Path, piece: Piece, source: Source, limits: Limits, pix_fmt: str) -> Iterator[tuple[float, np.ndarray[Any, Any]]]:
    """Yields (seconds from the source's zero, pixels) of the frames that a piece owns, as coded: not rotated or scaled."""
    tick = source.video.time_base.fraction
    slack = 0 if piece.container == "nut" else int(Fraction(1, 1000) / tick)  # clients' containers may round times to coarser ticks
    with open_input(file, limits) as container:
        for frame in container.decode(video=0):
            if frame.pts is None or frame.time_base is None:
                continue
            pts = round(frame.pts * frame.time_base / tick) + piece.base
            if piece.start_pts - slack <= pts < piece.end_pts - slack:
                yield float((max(pts, piece.start_pts) - source.start_pts) * tick), frame.to_ndarray(format=pix_fmt)
