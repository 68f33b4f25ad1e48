"""What all tests share: where the clips and the system's programs are, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

from tests.clips.collection import find_folder

REPOSITORY = Path(__file__).parents[1]


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


# A busy machine is no failure, and what CI finds it finds again.
hypothesis.settings.register_profile("repository", deadline=None, derandomize=_is_ci())
hypothesis.settings.load_profile("repository")


def pytest_xdist_auto_num_workers() -> int:
    """One process more than there are cores: tests wait for servers a third of their time."""
    told = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(told) if told else cores + 1


@pytest.fixture(scope="session")
def media_dir() -> Path:
    """The folder of real and hostile clips, or of their twins, which are made at the first use."""
    return find_folder()


def _program(*names: str) -> Path:
    for name in names:
        # Debian keeps servers where only root's PATH looks.
        found = shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin")))
        if found is not None:
            return Path(found)
    pytest.skip(f"{names[0]} is not installed")


@pytest.fixture(scope="session")
def chromium() -> Path:
    return _program("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def nginx() -> Path:
    return _program("nginx")


@pytest.fixture(scope="session")
def openssl() -> Path:
    return _program("openssl")


@pytest.fixture(scope="session")
def redis_server() -> Path:
    return _program("redis-server")


def _fail_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and _is_ci():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"CI skips nothing. {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    _fail_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    _fail_skip(report)
    return report
