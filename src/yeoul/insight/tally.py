"""Sums of views and playback quality. Pure. Sums can be added in any order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

BUCKETS = 100  # a video is divided into this many parts of equal length
Detail = dict[str, dict[str, float]]  # {what: {name: amount}}
_MAX_NAMES = 16  # qualities in one sum; more are added to OTHER
OTHER = "other"
_MIN_STARTUP_MS, _STARTUP_STEPS = 50.0, 48  # logarithmic scale; one step is the fourth root of 2


@dataclass
class Tally:
    """Views and playback quality of a video in a period.

    detail: `device_views`, `device_s` and `quality_s` by name; `startup`: counts by `startup_step`; `edges`: by bucket, the number of
    views that played it minus the number that played the previous bucket. Edges are compact, because most views play without seeking.
    """

    views: int = 0
    finished: int = 0
    watch_s: float = 0.0
    stalls: int = 0
    stall_s: float = 0.0
    switches: int = 0
    errors: int = 0
    detail: Detail = field(default_factory=dict[str, dict[str, float]])

    def add_amount(self, what: str, name: str, amount: float) -> None:
        """Adds to one amount of `detail`."""
        amounts = self.detail.setdefault(what, {})
        if what == "quality_s" and name not in amounts and len(amounts) >= _MAX_NAMES:
            name = OTHER
        total = round(amounts.get(name, 0) + amount, 3)
        if total:
            amounts[name] = total
        else:
            amounts.pop(name, None)

    def add_buckets(self, played: int) -> None:
        """Adds a view of the buckets whose bits are set in `played`."""
        changes = played ^ (played << 1)  # a bit is set where a run of buckets starts or ends
        for bucket in range(BUCKETS + 1):
            if changes >> bucket & 1:
                self.add_amount("edges", str(bucket), 1 if played >> bucket & 1 else -1)

    def add(self, other: Mapping[str, Any]) -> None:
        """Adds another sum, given as a mapping from field to value."""
        for name in COUNT_FIELDS:
            total = getattr(self, name) + other[name]
            setattr(self, name, round(total, 3) if isinstance(total, float) else total)
        for what, amounts in other["detail"].items():
            for name, amount in amounts.items():
                self.add_amount(what, name, amount)

    def retention(self) -> list[float]:
        """Returns the share of views that played each bucket."""
        edges = self.detail.get("edges", {})
        played, shares = 0.0, list[float]()
        for bucket in range(BUCKETS):
            played += edges.get(str(bucket), 0)
            shares.append(round(min(1.0, played / self.views), 4) if self.views else 0.0)
        return shares

    def startup_ms(self) -> int | None:
        """Returns the median time to the first frame, within 10 %; None if no player reported one."""
        steps = self.detail.get("startup", {})
        remaining = sum(steps.values()) / 2
        for step in sorted(steps, key=int):
            remaining -= steps[step]
            if remaining <= 0:
                return round(_MIN_STARTUP_MS * 2 ** (int(step) / 4))
        return None


COUNT_FIELDS = tuple(item.name for item in fields(Tally) if item.name != "detail")


def startup_step(startup_ms: float) -> int:
    """Returns the step of a startup time on a logarithmic scale from 50 ms to 3 minutes."""
    return min(_STARTUP_STEPS, max(0, round(4 * math.log2(max(startup_ms, 1.0) / _MIN_STARTUP_MS))))
