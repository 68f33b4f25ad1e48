"""Repairs times that jump in transport streams, as in joined recordings, or when a broadcaster sets its clock.

Packets after a jump continue where the packets before it ended.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from av.packet import Packet

_JUMP_S: Final = 10  # ffmpeg's own limit; one frame may be shown for that long
_BACK_S: Final = 1
_REMEMBERED: Final = 16  # parts: packets from before a jump can follow soon after it


@dataclass
class _Part:
    """The packets between two jumps. shift_s: how much later they are shown than their times say. latest_s: their latest time."""

    shift_s: Fraction
    latest_s: Fraction


@dataclass
class Timeline:
    """Computes the time shift of each packet of a file; takes the packets in the file's order."""

    repaired: bool = False
    _parts: deque[_Part] = field(default_factory=lambda: deque[_Part](maxlen=_REMEMBERED))
    _current: dict[int, _Part] = field(default_factory=dict[int, _Part])
    _last: dict[int, tuple[Fraction, Fraction]] = field(
        default_factory=dict[int, tuple[Fraction, Fraction]]
    )  # time and duration, in seconds

    def shift_ticks(self, packet: Packet[Any]) -> int:
        """Returns how much later a packet is shown than its time says, in ticks of its time base."""
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
            return self._find_near(time_s, None) or (self._parts[0] if self._parts else self._start_part(Fraction(0), time_s))
        last_s, duration_s = self._last[stream]
        if -_BACK_S < time_s - last_s < _JUMP_S or -_BACK_S < time_s - part.latest_s < _JUMP_S:
            return part
        self.repaired = True
        return self._find_near(time_s, part) or self._start_part(last_s + duration_s + part.shift_s - time_s, time_s)

    def _find_near(self, time_s: Fraction, excluded: _Part | None) -> _Part | None:
        """Returns the newest part whose latest time is near `time_s`, except `excluded`."""
        parts = (part for part in reversed(self._parts) if part is not excluded and abs(time_s - part.latest_s) < _JUMP_S)
        return next(parts, None)

    def _start_part(self, shift_s: Fraction, time_s: Fraction) -> _Part:
        self._parts.append(_Part(shift_s, time_s))
        return self._parts[-1]
