"""Repairs times that jump in transport streams: in joined recordings, or where a broadcaster set its clock.

What follows a jump continues where the packets before it ended.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from av.packet import Packet

_JUMP_S: Final = 10  # ffmpeg's own limit; a picture may stand still for as long
_BACK_S: Final = 1
_REMEMBERED: Final = 16  # parts; packets of before a jump come soon after it


@dataclass
class _Part:
    """What lies between two jumps: by how many seconds it is shown later than it says, and the latest time that it says."""

    shift_s: Fraction
    latest_s: Fraction


@dataclass
class Timeline:
    """Computes for each packet of a file, in the file's order, by how much later it is shown than its time says."""

    repaired: bool = False
    _parts: deque[_Part] = field(default_factory=lambda: deque[_Part](maxlen=_REMEMBERED))
    _current: dict[int, _Part] = field(default_factory=dict[int, _Part])
    _last: dict[int, tuple[Fraction, Fraction]] = field(
        default_factory=dict[int, tuple[Fraction, Fraction]]
    )  # time and duration, in seconds

    def shift_ticks(self, packet: Packet[Any]) -> int:
        """Returns the shift of a packet in ticks of its own time base."""
        written = packet.pts if packet.dts is None else packet.dts
        if written is None or not packet.time_base:
            return 0
        base = Fraction(packet.time_base)
        time_s = written * base
        part = self._find_part(packet.stream_index, time_s)
        part.latest_s = time_s
        self._current[packet.stream_index] = part
        self._last[packet.stream_index] = (time_s, (packet.duration or 0) * base)
        return round(part.shift_s / base)

    def _find_part(self, stream: int, time_s: Fraction) -> _Part:
        part = self._current.get(stream)
        if part is None:
            return self._nearest(time_s, None) or (self._parts[0] if self._parts else self._begin(Fraction(0), time_s))
        last_s, lasts_s = self._last[stream]
        if -_BACK_S < time_s - last_s < _JUMP_S or -_BACK_S < time_s - part.latest_s < _JUMP_S:
            return part
        self.repaired = True
        return self._nearest(time_s, part) or self._begin(last_s + lasts_s + part.shift_s - time_s, time_s)

    def _nearest(self, time_s: Fraction, other_than: _Part | None) -> _Part | None:
        """The newest part that has come near a time."""
        near = (one for one in reversed(self._parts) if one is not other_than and abs(time_s - one.latest_s) < _JUMP_S)
        return next(near, None)

    def _begin(self, shift_s: Fraction, time_s: Fraction) -> _Part:
        self._parts.append(_Part(shift_s, time_s))
        return self._parts[-1]
