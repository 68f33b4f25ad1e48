"""The overload ladder: if the estimated wait grows, first tasks that no user waits for are deferred, then new runs are parked. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

_RECOVERY_SHARE = 0.5  # of the limit that was passed, so that the level does not flap
_WEIGHT = 0.05


class Level(IntEnum):
    """How overloaded the pipeline is. Each level includes the levels before it."""

    NORMAL = 0
    DEFER = 1
    PARK = 2


@dataclass(frozen=True)
class Limits:
    """The estimated waits in seconds above which the levels apply."""

    defer_after_s: float = 300.0
    park_after_s: float = 1800.0

    def of(self, level: Level) -> float:
        return {Level.NORMAL: 0.0, Level.DEFER: self.defer_after_s, Level.PARK: self.park_after_s}[level]


def next_level(level: Level, wait_s: float, limits: Limits) -> Level:
    """Returns the next level, with hysteresis: up if a limit is passed, down if the wait is below half of it."""
    for higher in (Level.PARK, Level.DEFER):
        if wait_s > limits.of(higher) or (level >= higher and wait_s > _RECOVERY_SHARE * limits.of(higher)):
            return higher
    return Level.NORMAL


class CostEstimate:
    """Estimates the cost of tasks in slot-seconds: a moving mean over ended tasks, by op. An unknown op gets the mean of all ops."""

    def __init__(self) -> None:
        self._by_op: dict[str, float] = {}
        self._mean_s = 0.0

    def record(self, op: str, slot_s: float) -> None:
        """Records the cost of an ended task."""
        mean_s = self._by_op.get(op)
        self._by_op[op] = slot_s if mean_s is None else mean_s + _WEIGHT * (slot_s - mean_s)
        self._mean_s = slot_s if self._mean_s <= 0 else self._mean_s + _WEIGHT * (slot_s - self._mean_s)

    def estimate(self, op: str) -> float:
        """Returns the expected cost of a task of an op."""
        return self._by_op.get(op, self._mean_s or 1.0)

    def estimate_wait_s(self, tasks: int, cpu: float) -> float:
        """Returns the estimated seconds until `tasks` tasks are done on `cpu` cores."""
        return tasks * self._mean_s / cpu if cpu > 0 else 0.0
