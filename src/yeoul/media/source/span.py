"""Finds the packets that a piece needs to decode alone, as ranges of positions in decode order."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np

from yeoul.media.source.scan import PacketTable, Ticks
from yeoul.model.piece import Piece

_AUDIO_AFTER_S: Final = Fraction(120, 1000)
_AUDIO_BEFORE_S: Final = {"mp3": Fraction(450, 1000), "opus": Fraction(600, 1000)}  # bit reservoir; convergence
_AUDIO_BEFORE_OTHERS_S: Final = Fraction(250, 1000)


@dataclass(frozen=True)
class Span:
    """The packets of a piece: half-open ranges of positions in decode order, of video and of audio."""

    video: range
    audio: range


class VideoSpans:
    """Finds the video packets of pieces. The constructor computes everything that depends on the whole table."""

    def __init__(self, table: PacketTable) -> None:
        self._table = table
        self._keys = np.flatnonzero(table.key)
        key_pts = table.pts[self._keys]
        # Sorted even if keyframes are displayed out of order: the last position with a value <= pts is the last keyframe <= pts.
        self._key_pts = _suffix_minimum(key_pts)
        self._has_leading = np.minimum.reduceat(table.pts, self._keys) < key_pts
        shown = np.flatnonzero(table.shown)
        order = np.argsort(table.pts[shown], kind="stable")
        self._shown, self._shown_pts = shown[order], table.pts[shown][order]

    def find(self, piece: Piece) -> range:
        """Returns the range from the last keyframe at or before the piece's start to the piece's last frame with all its packets.

        Starts one keyframe earlier if frames after that keyframe are displayed before it (open GOP).
        """
        key_index = max(0, int(np.searchsorted(self._key_pts, piece.start_pts, side="right")) - 1)
        if key_index > 0 and self._has_leading[key_index]:
            key_index -= 1
        first, stop = np.searchsorted(self._shown_pts, [piece.start_pts, piece.end_pts])
        end, goes_on = int(self._shown[first:stop].max()) + 1, self._table.is_continuation
        while end < len(goes_on) and goes_on[end]:
            end += 1
        return range(int(self._keys[key_index]), end)


class AudioSpans:
    """Finds the audio packets of pieces: with a margin before the piece for the decoder to settle, to 120 ms after it.

    The last piece gets all packets to the end.
    """

    def __init__(self, table: PacketTable, codec: str, video_time_base: Fraction) -> None:
        self._time_base = table.time_base
        self._video_time_base = video_time_base
        self._before_s = _AUDIO_BEFORE_S.get(codec, _AUDIO_BEFORE_OTHERS_S)
        self._ends = np.maximum.accumulate(table.pts + table.duration)
        self._starts = _suffix_minimum(table.pts)

    def find(self, piece: Piece) -> range:
        start = (piece.start_pts * self._video_time_base - self._before_s) / self._time_base
        stop = (piece.end_pts * self._video_time_base + _AUDIO_AFTER_S) / self._time_base
        first = int(np.searchsorted(self._ends, math.floor(start), side="right"))
        end = len(self._starts) if piece.last else int(np.searchsorted(self._starts, math.ceil(stop)))
        return range(first, max(first, end))


def _suffix_minimum(values: Ticks) -> Ticks:
    return np.minimum.accumulate(values[::-1])[::-1]


def base_of(table: PacketTable, span: range) -> int:
    """Returns the smallest time in a span. Piece files subtract it, because NUT drops packets with negative times."""
    part = slice(span.start, span.stop)
    return int(min(table.pts[part].min(), table.dts[part].min()))
