"""What test runs are built from: slots that all workers share, runs that go on after a break, limits that grow with the machine."""

from __future__ import annotations

import select
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.harness import pace
from tests.harness.parts import make_parts
from tests.harness.progress import usual_s
from tests.harness.slot import take_slot

_HOLD = """
import sys, time
from pathlib import Path
from tests.harness.slot import take_slot
with take_slot(Path(sys.argv[1]), 1):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_slot_is_waited_for_and_a_killed_holder_gives_it_back(tmp_path: Path):
    command = [sys.executable, "-c", _HOLD, str(tmp_path)]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    with start() as first:
        assert first.stdout and first.stdout.readline() == "held\n"
        with start() as second:
            assert second.stdout and not select.select([second.stdout], [], [], 0.5)[0]
            first.kill()
            assert second.stdout.readline() == "held\n"
            second.kill()


def test_there_are_as_many_slots_as_asked_for(tmp_path: Path):
    with take_slot(tmp_path, 2), take_slot(tmp_path, 2):
        assert sorted(path.name for path in tmp_path.iterdir()) == ["slot0", "slot1"]


def test_a_busier_machine_is_given_more_time(monkeypatch: pytest.MonkeyPatch):
    assert pace.measure_slowness() >= 1
    monkeypatch.setenv(pace.VARIABLE, "2.5")
    assert pace.patience_s(10) == 25
    monkeypatch.delenv(pace.VARIABLE)
    assert pace.patience_s(10) == 10


_TESTS = """
    import pytest
    from pathlib import Path

    @pytest.mark.parametrize("number", range(3))
    def test_number(number):
        assert number != 1 or Path({marker!r}).exists()

    @pytest.fixture
    def special():
        return 1

    def test_special(special):
        assert special
"""


def _run(folder: Path, *options: str) -> str:
    """Runs pytest with the project's own conftest over a folder; its whole output."""
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", "-p", "no:cacheprovider", "-q", "--rootdir", str(folder), *options]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False).stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test_some.py").write_text(textwrap.dedent(_TESTS).format(marker=str(tmp_path / "mended")))
    return tmp_path


@pytest.mark.long
def test_a_run_goes_on_with_what_has_not_passed(folder: Path):
    options = (str(folder), "--resume", str(folder / "state" / "passed"))
    out = _run(folder, *options)
    assert "1 failed, 3 passed" in out and "FAILED test_some.py::test_number[1]" in out, out
    assert "1 failed, 3 deselected" in _run(folder, *options)
    (folder / "mended").touch()
    assert "1 passed, 3 deselected" in _run(folder, *options)
    assert "4 deselected" in _run(folder, *options)


@pytest.mark.slow
def test_a_run_may_be_of_the_tests_that_use_a_fixture_and_prints_its_seed_its_limit_and_its_cpu_time(folder: Path):
    out = _run(folder, str(folder), "--using", "special")
    for words in ("1 passed, 3 deselected", "--randomly-seed=", "a test may take", "CPU time of the tests: "):
        assert words in out, out


@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "by a worker"])
def test_a_test_that_waits_for_ever_is_ended_and_named(folder: Path, options: tuple[str, ...]):
    (folder / "test_some.py").write_text("import threading\n\ndef test_waits():\n    threading.Event().wait()\n")
    out = _run(folder, str(folder), "-o", "test_limit_s=1", *options)
    assert "FAILED test_some.py::test_waits (call)" in out and "Timeout" in out, out


def test_every_folder_of_tests_is_a_part():
    folders = {path.parent.relative_to(REPOSITORY / "tests").parts[0] for path in (REPOSITORY / "tests").rglob("test_*.py")}
    assert folders <= make_parts().keys()
    assert usual_s("tests/e2e/test_a.py::test_b") > usual_s("tests/unit/test_a.py::test_b")
