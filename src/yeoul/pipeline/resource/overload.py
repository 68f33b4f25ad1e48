"""The overload ladder: when waiting grows too long, first what nobody waits for is deferred, then new runs are parked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_COMES_BACK_AT = 0.5  # of the limit that was passed, so that the level does not flutter
_WEIGHT = 0.05


class Level(IntEnum):
    """How overloaded the pipeline is; each level includes those before."""

    NORMAL = 0
    DEFER = 1
    PARK = 2


@dataclass(frozen=True)
class Limits:
    """Estimated waits in seconds from which on the levels hold."""

    defer_after_s: float = 300.0
    park_after_s: float = 1800.0

    def of(self, level: Level) -> float:
        return {Level.NORMAL: 0.0, Level.DEFER: self.defer_after_s, Level.PARK: self.park_after_s}[level]


def next_level(level: Level, wait_s: float, limits: Limits) -> Level:
    """The level that follows, with hysteresis: up when a limit is passed, down when the wait is below half of it."""
    for higher in (Level.PARK, Level.DEFER):
        if wait_s > limits.of(higher) or (level >= higher and wait_s > _COMES_BACK_AT * limits.of(higher)):
            return higher
    return Level.NORMAL


class Effort:
    """What a task costs in slot-seconds, by op, from those that have ended: a moving mean. Nothing is known of the first ones."""

    def __init__(self) -> None:
        self._by_op: dict[str, float] = {}
        self._mean_s = 0.0

    def note(self, op: str, slot_s: float) -> None:
        """A task of an op has taken so much."""
        known = self._by_op.get(op)
        self._by_op[op] = slot_s if known is None else known + _WEIGHT * (slot_s - known)
        self._mean_s = slot_s if self._mean_s <= 0 else self._mean_s + _WEIGHT * (slot_s - self._mean_s)

    def expect(self, op: str) -> float:
        """What a task of an op will take."""
        return self._by_op.get(op, self._mean_s or 1.0)

    def wait_s(self, tasks: int, cpu: float) -> float:
        """How long it takes until so many tasks are done on so many cores."""
        return tasks * self._mean_s / cpu if cpu > 0 else 0.0
