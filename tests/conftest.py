"""What all tests share: where the clips and the system's programs are, how long a test may take, and the rule that CI skips nothing."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Generator
from contextlib import nullcontext
from pathlib import Path

import hypothesis
import pytest

from tests.clips.collection import find_folder
from tests.harness import pace
from tests.harness.progress import Progress, usual_s
from tests.harness.resume import Resume
from tests.harness.slot import take_slot

REPOSITORY = Path(__file__).parents[1]
CACHE = REPOSITORY / ".cache"
_SLOTS = "YEOUL_TEST_SLOTS"
# Their tests encode, start servers or drive browsers.
_HEAVY_FOLDERS = {"e2e", "media"}
_LONG_FILE_S = 60


def _is_ci() -> bool:
    return os.environ.get("CI", "").lower() in {"1", "true"}


# A busy machine is no failure, and what CI finds it finds again.
hypothesis.settings.register_profile("repository", deadline=None, derandomize=_is_ci())
hypothesis.settings.load_profile("repository")


def _count_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pytest_xdist_auto_num_workers() -> int:
    """Two processes more than there are cores: tests wait for servers and players about half of their time."""
    told = os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS")
    return int(told) if told else _count_cores() + 2


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("test_limit_s", "seconds that a test may take on two quiet cores", default="300")
    parser.addoption("--using", metavar="FIXTURE", help="run only the tests that use this fixture")
    parser.addoption("--resume", metavar="FILE", type=Path, help="leave out the tests that FILE names, and add those that pass")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Measures the machine once per run, before there are workers: they inherit the environment."""
    is_worker = hasattr(config, "workerinput")
    if config.option.resume is not None:
        config.pluginmanager.register(Resume(config.option.resume, is_worker=is_worker))
    if not is_worker:
        _measure_machine(config)
    # In the workers too: they get the options that the command line had, not what is set here.
    config.option.timeout = pace.patience_s(float(config.getini("test_limit_s")))


def _measure_machine(config: pytest.Config) -> None:
    if pace.VARIABLE not in os.environ:
        os.environ[pace.VARIABLE] = str(pace.measure_slowness())
    slots = tempfile.TemporaryDirectory(prefix="yeoul-slots-")
    config.add_cleanup(slots.cleanup)
    os.environ[_SLOTS] = slots.name


def pytest_sessionstart(session: pytest.Session) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(session.config, "workerinput") or session.config.option.verbose > 0:
        return
    workers = getattr(session.config.option, "numprocesses", None) or 1
    session.config.pluginmanager.register(Progress(reporter, CACHE / "test-durations.json", workers))
    slow = f"this machine takes {pace.slowness():.1f} times as long as two quiet cores"
    reporter.write_line(f"{slow}; a test may take {session.config.option.timeout:.0f} s")
    if (seed := getattr(session.config.option, "randomly_seed", None)) is not None:
        reporter.write_line(f"random order; the same order again: --randomly-seed={seed}")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Files with much work begin first, so that no worker is left with one at the end; otherwise the order is random."""
    fixture = config.option.using
    if fixture is not None:
        left_out = [item for item in items if fixture not in getattr(item, "fixturenames", ())]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if fixture in getattr(item, "fixturenames", ())]
    work_s: defaultdict[Path, float] = defaultdict(float)
    for item in items:
        work_s[item.path] += usual_s(item.nodeid)
    items.sort(key=lambda item: work_s[item.path] < _LONG_FILE_S)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """A heavy test waits for a slot before its time begins."""
    is_heavy = item.path.parent.name in _HEAVY_FOLDERS
    with take_slot(Path(os.environ[_SLOTS]), _count_cores() + 1) if is_heavy else nullcontext():
        return (yield)


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
def firefox() -> Path:
    return _program("firefox-esr", "firefox")


@pytest.fixture(scope="session")
def webkit_driver() -> Path:
    return _program("WebKitWebDriver")


@pytest.fixture(scope="session")
def xvfb() -> Path:
    return _program("Xvfb")


@pytest.fixture(scope="session")
def mpv() -> Path:
    return _program("mpv")


@pytest.fixture(scope="session")
def gstreamer() -> Path:
    return _program("gst-launch-1.0")


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
