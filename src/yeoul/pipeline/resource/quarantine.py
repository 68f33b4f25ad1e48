"""Quarantine: finds workers that fail fast and would swallow the queue, and keeps work away from them. Pure.

A worker is suspected when, of what it ended lately, most has failed (on several tasks, for reasons that are not the input's), much more
than on the others, and not more slowly than others succeed. After a while it is given one task as a probe; a good end frees it. The
last worker is never taken away: it gets one task at a time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from yeoul.base.ids import WorkerId

WINDOW_S = 300.0
LEAST_OUTCOMES = 5
LEAST_TASKS = 3
BAD_SHARE = 0.8
FIRST_PAUSE_S = 30.0
LONGEST_PAUSE_S = 960.0
_KEPT = 64


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended: ok also when the input was to blame."""

    task: str
    ok: bool
    wall_s: float
    at_s: float


@dataclass
class _Record:
    outcomes: deque[Outcome] = field(default_factory=lambda: deque[Outcome](maxlen=_KEPT))
    until_s: float | None = None  # quarantined, with a probe from then on
    pause_s: float = FIRST_PAUSE_S
    reason: str = ""


class Quarantine:
    """What is known of each worker."""

    def __init__(self) -> None:
        self._records: dict[WorkerId, _Record] = {}

    def note(self, worker: WorkerId, outcome: Outcome) -> None:
        """An attempt has ended on a worker."""
        record = self._records.setdefault(worker, _Record())
        record.outcomes.append(outcome)
        if record.until_s is None:
            if self._is_black_hole(worker, outcome.at_s):
                self._shut(record, outcome.at_s)
        elif outcome.ok:
            self._records[worker] = _Record()
        elif outcome.at_s >= record.until_s:
            record.pause_s = min(2 * record.pause_s, LONGEST_PAUSE_S)
            record.until_s = outcome.at_s + record.pause_s

    def restore(self, worker: WorkerId, until_s: float, pause_s: float, reason: str) -> None:
        """A worker was quarantined before we came."""
        self._records[worker] = _Record(until_s=until_s, pause_s=pause_s, reason=reason)

    def forget_absent(self, workers: Iterable[WorkerId]) -> None:
        """Workers that are gone come back, if ever, without a past."""
        kept = set(workers)
        self._records = {worker: record for worker, record in self._records.items() if worker in kept}

    def at_most(self, running: Mapping[WorkerId, int], now_s: float) -> Mapping[WorkerId, int | None]:
        """How many tasks each worker may start now, given how many run there: None as many as fit, 0 none, 1 a probe."""
        found: dict[WorkerId, int | None] = {}
        shut = {worker for worker in running if self.until(worker) is not None}
        last = shut == set(running)
        for worker, count in running.items():
            probe = 0 if count else 1
            until_s = self.until(worker)
            found[worker] = None if until_s is None else probe if last or now_s >= until_s else 0
        return found

    def until(self, worker: WorkerId) -> float | None:
        """Until when a worker is quarantined, None when it is not."""
        record = self._records.get(worker)
        return None if record is None else record.until_s

    def pause_s(self, worker: WorkerId) -> float | None:
        """How long a quarantined worker is kept from work at a time."""
        record = self._records.get(worker)
        return None if record is None or record.until_s is None else record.pause_s

    def reason(self, worker: WorkerId) -> str | None:
        """Why a worker is quarantined."""
        record = self._records.get(worker)
        return None if record is None or record.until_s is None else record.reason

    def next_at(self, now_s: float) -> float | None:
        """When the next probe may start."""
        ends = [record.until_s for record in self._records.values() if record.until_s is not None and record.until_s > now_s]
        return min(ends, default=None)

    def _is_black_hole(self, worker: WorkerId, now_s: float) -> bool:
        mine = self._recent(worker, now_s)
        bad = [outcome for outcome in mine if not outcome.ok]
        if len(mine) < LEAST_OUTCOMES or len({outcome.task for outcome in bad}) < LEAST_TASKS or len(bad) < BAD_SHARE * len(mine):
            return False
        others = [outcome for other in self._records if other != worker for outcome in self._recent(other, now_s)]
        good = [outcome.wall_s for outcome in others if outcome.ok]
        if others and len(good) < (1 - BAD_SHARE / 2) * len(others):
            return False  # all fail alike: it is not the worker
        return not good or median(outcome.wall_s for outcome in bad) <= median(good)

    def _recent(self, worker: WorkerId, now_s: float) -> list[Outcome]:
        return [outcome for outcome in self._records[worker].outcomes if outcome.at_s > now_s - WINDOW_S]

    def _shut(self, record: _Record, now_s: float) -> None:
        bad = sum(not outcome.ok for outcome in record.outcomes)
        record.until_s = now_s + record.pause_s
        record.reason = f"{bad} of its last {len(record.outcomes)} attempts failed"
