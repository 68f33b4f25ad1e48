"""The success ladder: many tasks that do nothing, of which attempts fail at random; how many end, and after how many attempts.

    python -m bench.success [TASKS]

Everything is real but the work: dispatcher, resource manager, SQLite. Also attempts that report nothing are lost with their worker.
"""

from __future__ import annotations

import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bench.growth import InstantEngine, add_uploads
from yeoul import bootstrap
from yeoul.base.clock import SystemClock
from yeoul.base.errors import MediaToolError, WorkerLostError
from yeoul.base.settings import load_settings
from yeoul.catalog.schema.pipeline import task
from yeoul.model.work import Report

_PIECES = 50
_TASKS_OF_A_RUN = 3 * _PIECES + 7  # three of each piece, a second encode of the opening ones, and four of the video


@dataclass(frozen=True)
class Success:
    """What became of the tasks. attempts: how many tasks took so many; failed: attempts that were made to fail."""

    states: Counter[str]
    attempts: Counter[int]
    failed: int
    wall_s: float


class FailingEngine(InstantEngine):
    """Fails this share of attempts at random, half of them by losing the worker."""

    def __init__(self, pieces: int, share: float, seed: int) -> None:
        super().__init__(pieces)
        self._share = share
        self._draws = random.Random(seed)
        self.failed = 0

    def poll(self, timeout_s: float, wake: Sequence[int] = ()) -> Sequence[Report]:  # noqa: ARG002
        return [self._spoil(report) for report in super().poll(timeout_s)]

    def _spoil(self, report: Report) -> Report:
        if self._draws.random() >= self._share:
            return report
        self.failed += 1
        error = self._draws.choice([MediaToolError("failed at random"), WorkerLostError("killed at random", reason="SIGKILL")])
        kind = "lost" if isinstance(error, WorkerLostError) else "failed"
        return report.model_copy(update={"kind": kind, "outputs": None, "error": error.to_dict()})


def measure_success(runs: int, pieces: int, share: float, folder: Path, seed: int = 1) -> Success:
    """Let `runs` whole-file uploads of `pieces` pieces go through the standard pipeline while attempts fail."""
    settings = load_settings(environ={}, data=str(folder))
    database, clock = bootstrap.make_database(settings), SystemClock()
    engine = FailingEngine(pieces, share, seed)
    dispatcher = bootstrap.make_dispatcher(settings, database, engine, bootstrap.make_store(settings, clock), clock)
    add_uploads(database, runs, clock.now())
    began = time.perf_counter()
    quiet_since = began
    while time.perf_counter() - quiet_since < 3.0:  # a second retry may wait for a moment
        before = engine.ended
        dispatcher.step(0.0)
        if engine.ended != before:
            quiet_since = time.perf_counter()
    wall_s = quiet_since - began
    with database.read() as connection:
        rows = connection.execute(select(task.c.state, task.c.attempt)).all()
    dispatcher.close()
    database.close()
    return Success(Counter(row.state for row in rows), Counter(row.attempt for row in rows), engine.failed, wall_s)


def main() -> int:
    """Run the whole number and say what became of it."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    logging.disable(logging.WARNING)  # each failed attempt is told, otherwise
    with tempfile.TemporaryDirectory() as folder:
        found = measure_success(-(-wanted // _TASKS_OF_A_RUN), _PIECES, 0.01, Path(folder))
    print(f"{sum(found.states.values())} tasks: {dict(found.states)}")
    print(f"{found.failed} attempts failed; tasks by attempts: {dict(sorted(found.attempts.items()))}; {found.wall_s:.0f} s")
    return 0 if set(found.states) == {"done"} and max(found.attempts) <= 21 else 1


if __name__ == "__main__":
    sys.exit(main())
