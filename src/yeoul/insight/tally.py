"""Sums of what was watched. Pure; sums of the same shape can be added in any order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

BUCKETS = 100  # parts of a video's length
Detail = dict[str, dict[str, float]]  # {what: {name: amount}}
_NAMES = 16  # of one kind in one sum; the rest is summed up as OTHER
OTHER = "other"
_STARTUP_LEAST_MS, _STARTUP_STEPS = 50.0, 48  # a step is the fourth root of 2


@dataclass
class Tally:
    """What was watched of a video, in some time.

    detail: `device_views`, `device_s` and `quality_s` by name; `startup` by step of `startup_step`; `edges`: by how much the number of
    views that played a bucket differs from that of the bucket before, which is little for views without leaps.
    """

    views: int = 0
    finished: int = 0
    watch_s: float = 0.0
    stalls: int = 0
    stall_s: float = 0.0
    switches: int = 0
    errors: int = 0
    detail: Detail = field(default_factory=dict[str, dict[str, float]])

    def note(self, what: str, name: str, amount: float) -> None:
        """Add to one amount of the detail."""
        amounts = self.detail.setdefault(what, {})
        if what == "quality_s" and name not in amounts and len(amounts) >= _NAMES:
            name = OTHER
        total = round(amounts.get(name, 0) + amount, 3)
        if total:
            amounts[name] = total
        else:
            amounts.pop(name, None)

    def note_buckets(self, played: int) -> None:
        """Add a view of the buckets whose bits are set."""
        changes = played ^ (played << 1)  # a bit wherever a run of buckets begins or ends
        for bucket in range(BUCKETS + 1):
            if changes >> bucket & 1:
                self.note("edges", str(bucket), 1 if played >> bucket & 1 else -1)

    def add(self, other: Mapping[str, Any]) -> None:
        """Add another sum, given as a mapping from field to value."""
        for name in COUNTS:
            total = getattr(self, name) + other[name]
            setattr(self, name, round(total, 3) if isinstance(total, float) else total)
        for what, amounts in other["detail"].items():
            for name, amount in amounts.items():
                self.note(what, name, amount)

    def retention(self) -> list[float]:
        """Which share of the views played each bucket."""
        edges = self.detail.get("edges", {})
        played, shares = 0.0, list[float]()
        for bucket in range(BUCKETS):
            played += edges.get(str(bucket), 0)
            shares.append(round(min(1.0, played / self.views), 4) if self.views else 0.0)
        return shares

    def startup_ms(self) -> int | None:
        """The median time to the first picture, within a tenth; None where nobody started."""
        steps = self.detail.get("startup", {})
        left = sum(steps.values()) / 2
        for step in sorted(steps, key=int):
            left -= steps[step]
            if left <= 0:
                return round(_STARTUP_LEAST_MS * 2 ** (int(step) / 4))
        return None


COUNTS = tuple(one.name for one in fields(Tally) if one.name != "detail")


def startup_step(startup_ms: float) -> int:
    """The step of the scale, from 50 ms to 3 minutes, that a startup falls into."""
    return min(_STARTUP_STEPS, max(0, round(4 * math.log2(max(startup_ms, 1.0) / _STARTUP_LEAST_MS))))
