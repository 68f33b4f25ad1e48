"""Progress of a test run in lines of text: which files run, how many tests of how many, how much time is left; the CPU time at the end."""

from __future__ import annotations

import json
import resource
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_LINE_EVERY_S = 10.0
_USUAL_S = {"unit": 0.1, "contract": 0.5, "media": 1.5, "e2e": 5.0}
# So many seconds of tests are taken to have run as forecast before the first test ends: fixtures make the first tests slow.
_PRIOR_S = 120.0


def usual_s(test: str) -> float:
    """Returns about how long a test of its folder takes, in seconds; `test` is an id of pytest's."""
    _, _, rest = test.partition("tests/")
    return _USUAL_S.get(rest.partition("/")[0], 1.0)


class Progress:
    """Counts the tests of a run by so many workers. `durations` is a JSON file of seconds by test, kept between runs for the forecast."""

    def __init__(self, reporter: TerminalReporter, durations: Path, workers: int) -> None:
        self._reporter = reporter
        self._workers = workers
        self._file = durations
        self._known: dict[str, float] = _read(durations)
        self._taken: defaultdict[str, float] = defaultdict(float)
        self._waiting: set[str] = set()
        self._running: set[str] = set()
        self._ended = 0
        self._ended_weight = 0.0
        self._began_s = self._told_s = time.monotonic()

    def _weight(self, test: str) -> float:
        return self._known.get(test) or usual_s(test)

    # What runs: told by the one process of a run without workers, or by each of the workers.

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self._waiting.update(item.nodeid for item in session.items)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        self._waiting.update(ids)

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self._running.add(nodeid)
        self._tell()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._taken[report.nodeid] += report.duration
        if report.failed:
            self._reporter.write_line(f"FAILED {report.nodeid} ({report.when}): {_why(report)}", red=True)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        self._running.discard(nodeid)
        self._ended += 1
        self._ended_weight += self._weight(nodeid)
        self._waiting.discard(nodeid)

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        """Leaves out the dots."""
        if report.when == "call" and report.passed and not hasattr(report, "wasxfail"):
            return "passed", "", "PASSED"
        return None

    def _tell(self) -> None:
        now_s = time.monotonic()
        if now_s - self._told_s < _LINE_EVERY_S:
            return
        self._told_s = now_s
        files = sorted({test.partition("::")[0].removeprefix("tests/") for test in self._running})
        elapsed_s = now_s - self._began_s
        total = self._ended + len(self._waiting)
        done = f"{self._ended} of {total} tests in {_clock(elapsed_s)}, {self._left(elapsed_s)} left"
        self._reporter.write_line(f"{done}; running {', '.join(files) or 'nothing'}")

    def _left(self, elapsed_s: float) -> str:
        """Returns the forecast: what waits, at the pace of what has ended."""
        pace = (elapsed_s + _PRIOR_S / self._workers) / (self._ended_weight + _PRIOR_S)
        return f"about {_clock(pace * sum(map(self._weight, self._waiting)))}"

    def pytest_terminal_summary(self) -> None:
        used = [resource.getrusage(whom) for whom in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        user_s, system_s = sum(one.ru_utime for one in used), sum(one.ru_stime for one in used)
        wall_s = time.monotonic() - self._began_s
        self._reporter.write_line(f"CPU time of the tests: {_clock(user_s)} user, {_clock(system_s)} system, in {_clock(wall_s)}")
        self._file.parent.mkdir(exist_ok=True)
        self._file.write_text(json.dumps({**self._known, **{test: round(taken_s, 3) for test, taken_s in self._taken.items()}}))


def _why(report: pytest.TestReport) -> str:
    """Returns the line of the test that failed, and the beginning of the message."""
    crash = getattr(report.longrepr, "reprcrash", None)
    entries = getattr(getattr(report.longrepr, "reprtraceback", None), "reprentries", [])
    places = [entry.reprfileloc for entry in entries if getattr(entry, "reprfileloc", None) is not None]
    of_test = [f"{place.path}:{place.lineno}" for place in places if "tests/" in place.path]
    message = getattr(crash, "message", "") or str(report.longrepr)
    return f"{of_test[0] if of_test else ''} {' '.join(message.split())[:500]}".strip()


def _read(durations: Path) -> dict[str, float]:
    try:
        return dict(json.loads(durations.read_text()))
    except (OSError, ValueError):
        return {}


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
