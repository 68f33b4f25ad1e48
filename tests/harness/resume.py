"""Remembers which tests have passed, so that a long run that was broken off goes on where it was."""

from __future__ import annotations

from pathlib import Path

import pytest


class Resume:
    """Leaves out the tests that a file names, one a line, and adds those that pass.

    All processes of a run read what the file named at the run's start, since all have to collect the same tests.
    """

    def __init__(self, file: Path, *, is_worker: bool) -> None:
        self._file = file
        self._start = file.with_suffix(".start")
        if not is_worker:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            self._start.write_bytes(file.read_bytes())
        self._passed = set(self._start.read_text().splitlines())
        self._failed: set[str] = set()
        self._writes = not is_worker

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        left_out = [item for item in items if _line(item.nodeid) in self._passed]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if _line(item.nodeid) not in self._passed]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.when == "teardown" and report.nodeid not in self._failed and self._writes:
            with self._file.open("a") as file:
                file.write(_line(report.nodeid) + "\n")


def _line(test: str) -> str:
    """Returns a test's id without line breaks, which parameters may hold."""
    return test.encode("unicode_escape").decode()
