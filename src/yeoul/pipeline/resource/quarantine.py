"""Quarantine: detects workers that fail fast and would drain the queue, and keeps tasks away from them. Pure.

A worker is quarantined if most of its recent attempts failed (of several tasks, and not because of the input), far more than on other
workers, and no slower than attempts succeed there. After a pause it gets one task as a probe; if the probe succeeds, its quarantine ends.
If all workers are quarantined, each still gets one task at a time.
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
    """How an attempt ended. ok: True also if the input was the cause of a failure."""

    task: str
    ok: bool
    wall_s: float
    at_s: float


@dataclass
class _Record:
    outcomes: deque[Outcome] = field(default_factory=lambda: deque[Outcome](maxlen=_KEPT))
    until_s: float | None = None  # the end of the quarantine's pause; from then on a probe may run
    pause_s: float = FIRST_PAUSE_S
    reason: str = ""


class Quarantine:
    """The recent outcomes and the quarantine of each worker."""

    def __init__(self) -> None:
        self._records: dict[WorkerId, _Record] = {}

    def record(self, worker: WorkerId, outcome: Outcome) -> None:
        """Records the outcome of an attempt, and starts, extends or ends the quarantine of its worker."""
        record = self._records.setdefault(worker, _Record())
        record.outcomes.append(outcome)
        if record.until_s is None:
            if self._is_black_hole(worker, outcome.at_s):
                self._start_quarantine(record, outcome.at_s)
        elif outcome.ok:
            self._records[worker] = _Record()
        elif outcome.at_s >= record.until_s:
            record.pause_s = min(2 * record.pause_s, LONGEST_PAUSE_S)
            record.until_s = outcome.at_s + record.pause_s

    def restore(self, worker: WorkerId, until_s: float, pause_s: float, reason: str) -> None:
        """Restores a quarantine that an earlier dispatcher started."""
        self._records[worker] = _Record(until_s=until_s, pause_s=pause_s, reason=reason)

    def remove_absent(self, workers: Iterable[WorkerId]) -> None:
        """Deletes the records of all workers but these. A worker that returns later starts without a record."""
        kept = set(workers)
        self._records = {worker: record for worker, record in self._records.items() if worker in kept}

    def start_limits(self, running: Mapping[WorkerId, int], now_s: float) -> Mapping[WorkerId, int | None]:
        """Returns how many tasks each worker may start now: None for no limit, 0 for none, 1 for a probe. running: tasks that run there."""
        limits: dict[WorkerId, int | None] = {}
        quarantined = {worker for worker in running if self.quarantined_until(worker) is not None}
        are_all_quarantined = quarantined == set(running)
        for worker, count in running.items():
            probe = 0 if count else 1
            until_s = self.quarantined_until(worker)
            limits[worker] = None if until_s is None else probe if are_all_quarantined or now_s >= until_s else 0
        return limits

    def quarantined_until(self, worker: WorkerId) -> float | None:
        """Returns the time until which a worker is quarantined; None if it is not."""
        record = self._records.get(worker)
        return None if record is None else record.until_s

    def pause_s(self, worker: WorkerId) -> float | None:
        """Returns the length in seconds of a quarantined worker's pause; None if it is not quarantined."""
        record = self._records.get(worker)
        return None if record is None or record.until_s is None else record.pause_s

    def reason(self, worker: WorkerId) -> str | None:
        """Returns why a worker is quarantined; None if it is not."""
        record = self._records.get(worker)
        return None if record is None or record.until_s is None else record.reason

    def next_probe_at(self, now_s: float) -> float | None:
        """Returns the time of the next probe; None if no pause ends later than `now_s`."""
        ends = [record.until_s for record in self._records.values() if record.until_s is not None and record.until_s > now_s]
        return min(ends, default=None)

    def _is_black_hole(self, worker: WorkerId, now_s: float) -> bool:
        own = self._recent(worker, now_s)
        failed = [outcome for outcome in own if not outcome.ok]
        if len(own) < LEAST_OUTCOMES or len({outcome.task for outcome in failed}) < LEAST_TASKS or len(failed) < BAD_SHARE * len(own):
            return False
        others = [outcome for other in self._records if other != worker for outcome in self._recent(other, now_s)]
        success_s = [outcome.wall_s for outcome in others if outcome.ok]
        if others and len(success_s) < (1 - BAD_SHARE / 2) * len(others):
            return False  # the other workers fail too, so this worker is not the cause
        return not success_s or median(outcome.wall_s for outcome in failed) <= median(success_s)

    def _recent(self, worker: WorkerId, now_s: float) -> list[Outcome]:
        return [outcome for outcome in self._records[worker].outcomes if outcome.at_s > now_s - WINDOW_S]

    def _start_quarantine(self, record: _Record, now_s: float) -> None:
        failures = sum(not outcome.ok for outcome in record.outcomes)
        record.until_s = now_s + record.pause_s
        record.reason = f"{failures} of its last {len(record.outcomes)} attempts failed"
