"""What every engine owes the pipeline: one final report per attempt, and nothing left behind, whatever is killed."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.harness.pace import patience_s
from yeoul.base.errors import ConflictError, UnavailableError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.engine.local.engine import LocalEngine
from yeoul.model.work import Report, Slots, Work

RUNNER = "tests.contract.engine_ops:load"
MIB = 2**20
FINAL = {"done", "failed", "lost"}
SMALL = Slots(cpu=1, memory_bytes=64 * MIB)

Make = Callable[..., LocalEngine]


def _local(scratch: Path, config: dict[str, Any]) -> LocalEngine:
    return LocalEngine(Slots(cpu=4, memory_bytes=1024 * MIB), RUNNER, config, scratch, secret=b"for runs alone")


@pytest.fixture(params=[_local], ids=["local"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Make]:
    engines: list[LocalEngine] = []

    def build(**config: Any) -> LocalEngine:
        engines.append(request.param(tmp_path / "scratch", config))
        return engines[-1]

    yield build
    for engine in engines:
        engine.close()
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.fixture
def engine(make: Make) -> LocalEngine:
    return make(colour="teal")


def work(op: str, /, task: str = "t", attempt: int = 1, timeout_s: float = 60.0, slots: Slots = SMALL, **params: Any) -> Work:
    return Work(task=task, attempt=attempt, op=op, params=params, output_prefix=f"{task}/{attempt}/", slots=slots, timeout_s=timeout_s)


def until(engine: LocalEngine, enough: Callable[[list[Report]], object], limit_s: float = patience_s()) -> list[Report]:
    """Every report up to the moment at which they are enough."""
    reports: list[Report] = []
    deadline_s = time.monotonic() + limit_s
    while not enough(reports):
        assert time.monotonic() < deadline_s, reports
        reports += engine.poll(1.0)
    return reports


def finals(reports: Sequence[Report]) -> list[Report]:
    return [report for report in reports if report.kind in FINAL]


def finish(engine: LocalEngine, *works: Work) -> list[Report]:
    """Submit, and give the final reports in the order of the works."""
    for one in works:
        engine.submit(one, None)
    reports = until(engine, lambda seen: len(finals(seen)) >= len(works))
    by_task = {(report.task, report.attempt): report for report in finals(reports)}
    return [by_task[one.task, one.attempt] for one in works]


def _error(report: Report) -> dict[str, Any]:
    assert report.error is not None
    return report.error


class Tree:
    """The descendants of one running attempt of the op "tree", each held by a pidfd, so that its end is an event."""

    def __init__(self, engine: LocalEngine, file: Path, **work_facts: Any) -> None:
        engine.submit(work("tree", pids=str(file), **{"then": "hang", **work_facts}), None)
        until(engine, lambda seen: any(report.kind == "progress" for report in seen))
        self.pids = [int(pid) for pid in file.read_text().split()]
        self.fds = [os.pidfd_open(pid) for pid in self.pids]

    def wait_gone(self) -> None:
        wait_gone(self.fds)


# Long enough for a tree of processes to start.
_TASK_S = patience_s(3.0)


def wait_gone(fds: Sequence[int]) -> None:
    """Wait until the processes behind these pidfds have ended, then close them."""
    poller = select.poll()
    for fd in fds:
        poller.register(fd, select.POLLIN)
    alive = set(fds)
    deadline_s = time.monotonic() + patience_s()
    while alive and (left_s := deadline_s - time.monotonic()) > 0:
        for fd, _ in poller.poll(left_s * 1000):
            poller.unregister(fd)
            alive.discard(fd)
    for fd in fds:
        os.close(fd)
    assert not alive, f"{len(alive)} of {len(fds)} processes survived"


# --- the good path ---


def test_done_carries_outputs_and_started_comes_first(engine: LocalEngine) -> None:
    engine.submit(work("noop", a=1, b="여울"), WorkerId("local"))
    assert engine.running() == {("t", 1)}
    reports = until(engine, finals)
    assert [report.kind for report in reports] == ["started", "done"]
    assert reports[-1].outputs == {"echo": {"a": 1, "b": "여울"}}
    assert {report.worker for report in reports} == set(engine.free_slots())
    assert engine.running() == frozenset()


def test_runner_is_loaded_once_with_its_config_and_without_credentials(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YEOUL_CATALOG__URL", "postgresql://yeoul:secret@db/yeoul")
    monkeypatch.setenv("PGPASSWORD", "secret")
    first, second = finish(make(colour="teal"), work("config", "a"), work("config", "b"))
    assert first.outputs is not None and second.outputs is not None
    assert first.outputs["config"]["colour"] == "teal"
    assert first.outputs["secret"] == second.outputs["secret"] == "for runs alone"
    assert "for runs alone" not in str(first.outputs["config"])
    assert first.outputs["loader"] == second.outputs["loader"]
    assert "secret" not in str(first.outputs["environ"])


def test_progress_is_reported_while_it_runs(engine: LocalEngine) -> None:
    engine.submit(work("steps", shares=[0.25, 0.5, 1], every_s=0.12), None)
    reports = until(engine, finals)
    assert [report.progress for report in reports if report.kind == "progress"] == [0.25, 0.5, 1]
    assert reports[-1].wall_s >= 0.3


def test_a_flood_of_progress_is_thinned(engine: LocalEngine) -> None:
    engine.submit(work("steps", shares=[step / 2000 for step in range(2001)], every_s=0), None)
    shares = [report.progress for report in until(engine, finals) if report.kind == "progress"]
    assert shares[0] == 0 and shares[-1] == 1 and len(shares) < 50


def test_works_run_at_the_same_time_within_slots_and_no_more_are_taken(engine: LocalEngine) -> None:
    for number in range(4):
        engine.submit(work("steps", f"t{number}", shares=[0.5], every_s=0.5), None)
    assert [slots.cpu for slots in engine.free_slots().values()] == [0]
    with pytest.raises(ConflictError):
        engine.submit(work("noop", "one-too-many"), None)
    reports = until(engine, lambda seen: len(finals(seen)) == 4)
    kinds = [report.kind for report in reports if report.kind != "progress"]
    assert kinds == ["started"] * 4 + ["done"] * 4
    assert [slots.cpu for slots in engine.free_slots().values()] == [4]


def test_memory_counts_as_slots_too_and_unknown_workers_are_refused(engine: LocalEngine) -> None:
    with pytest.raises(ConflictError):
        engine.submit(work("noop", slots=Slots(cpu=1, memory_bytes=1025 * MIB)), None)
    with pytest.raises(ConflictError):
        engine.submit(work("noop"), WorkerId("elsewhere"))
    assert engine.running() == frozenset()


def test_submit_is_idempotent_while_running_and_after(engine: LocalEngine) -> None:
    for _ in range(3):
        engine.submit(work("noop"), None)
    first = until(engine, finals)
    engine.submit(work("noop"), None)
    (second,) = finish(engine, work("noop", attempt=2))
    assert [report.kind for report in first] == ["started", "done"]
    assert (second.kind, second.attempt) == ("done", 2)
    assert engine.poll(0) == []


def test_attempts_run_behind_the_servers(engine: LocalEngine):
    """Also where the kernel groups processes by session: then the nice value alone means nothing to the servers."""
    (report,) = finish(engine, work("priority"))
    assert report.outputs is not None and report.outputs["nice"] >= 10
    assert report.outputs["group"] in (None, "10")


def test_a_descriptor_ends_waiting_for_reports(engine: LocalEngine):
    """The engine goes on as before, with and without it."""
    reading, writing = os.pipe()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(engine.poll, 60, (reading,))
        os.write(writing, b"x")
        assert waiting.result(20) == []
    os.read(reading, 1)
    engine.submit(work("steps"), None)
    reports: list[Report] = []
    while not finals(reports):
        reports += engine.poll(10, (reading,))
    os.close(reading)
    os.close(writing)
    assert engine.poll(0) == []


def test_large_outputs_pass(engine: LocalEngine) -> None:
    reports = finish(engine, *(work("big", f"t{number}", size=5_000_000) for number in range(3)))
    assert [len((report.outputs or {})["text"]) for report in reports] == [5_000_000] * 3


def test_cpu_of_the_op_and_of_what_it_started_is_counted(engine: LocalEngine) -> None:
    (report,) = finish(engine, work("burn", cpu_s=0.2))
    assert 0.4 <= report.cpu_s < 0.9
    assert report.max_rss_bytes > 5 * MIB


def test_scratch_is_private_and_removed(engine: LocalEngine, tmp_path: Path) -> None:
    first, second = finish(engine, work("litter", "a"), work("litter", "b"))
    assert first.outputs is not None and second.outputs is not None
    assert first.outputs["found"] == ["deep", "other"]
    assert first.outputs["scratch"] != second.outputs["scratch"]
    assert list((tmp_path / "scratch").iterdir()) == []


def test_two_hundred_small_tasks_each_end_once(engine: LocalEngine) -> None:
    waiting = [work("noop", f"t{number}", n=number) for number in range(200)]
    ended: list[tuple[str, Any]] = []
    while len(ended) < 200:
        while waiting and any(waiting[0].slots.fits(free) for free in engine.free_slots().values()):
            engine.submit(waiting.pop(), None)
        ended += [(report.task, report.outputs) for report in finals(engine.poll(10))]
    assert sorted(ended) == sorted((f"t{number}", {"echo": {"n": number}}) for number in range(200))
    assert engine.poll(0) == []


def test_descriptor_tells_when_to_poll(engine: LocalEngine) -> None:
    engine.submit(work("noop"), None)
    assert select.select([engine.fileno()], [], [], 10)[0] == [engine.fileno()]


# --- ops that fail ---


@pytest.mark.parametrize(
    ("op", "kind", "code", "facts"),
    [
        ("truncated", "failed", "media.truncated", {"found": 3, "promised": 5}),
        ("bug", "failed", "pipeline.task_crashed", {"op": "bug"}),
        ("unknown", "failed", "pipeline.task_crashed", {"op": "unknown"}),
        ("not_json", "failed", "pipeline.task_crashed", {}),
        ("leave", "failed", "pipeline.task_crashed", {}),
        ("vanish", "lost", "pipeline.worker_lost", {"reason": "exit 0"}),
        ("segfault", "lost", "pipeline.worker_lost", {"reason": "SIGSEGV"}),
    ],
)
def test_failures_keep_code_and_facts(engine: LocalEngine, op: str, kind: str, code: str, facts: dict[str, Any]) -> None:
    (report,) = finish(engine, work(op))
    assert (report.kind, _error(report)["code"]) == (kind, code)
    assert facts.items() <= _error(report)["facts"].items()
    assert (report.usage.read_bytes, report.usage.written_bytes) == ((7, 5) if op == "truncated" else (0, 0))
    assert report.outputs is None


def test_a_crash_tells_where(engine: LocalEngine) -> None:
    (report,) = finish(engine, work("bug"))
    assert "KeyError" in _error(report)["message"]
    assert 'params["not there"]' in _error(report)["facts"]["traceback"]


def test_a_memory_hog_is_stopped_and_others_go_on(engine: LocalEngine) -> None:
    hog, below, fine = finish(engine, work("hog", "a"), work("hog_below", "b"), work("noop", "c"))
    assert hog.kind == "failed" and "MemoryError" in _error(hog)["message"]
    assert hog.max_rss_bytes < 700 * MIB
    assert below.outputs == {"code": 1, "says_memory": True}
    assert fine.kind == "done"


# --- nothing survives ---


def test_timeout_kills_every_descendant(engine: LocalEngine, tmp_path: Path) -> None:
    tree = Tree(engine, tmp_path / "pids", timeout_s=_TASK_S, then="ignore")
    (report,) = finals(until(engine, finals))
    tree.wait_gone()
    assert (report.kind, _error(report)["code"]) == ("failed", "pipeline.task_timeout")
    assert report.wall_s >= _TASK_S - 0.1
    assert list((tmp_path / "scratch").iterdir()) == []


def test_cancel_kills_every_descendant_and_reports_lost(engine: LocalEngine, tmp_path: Path) -> None:
    tree = Tree(engine, tmp_path / "pids")
    engine.submit(work("steps", "other", shares=[1], every_s=0.3), None)
    engine.cancel(TaskId("t"), 2)
    engine.cancel(TaskId("unknown"), 1)
    engine.cancel(TaskId("t"), 1)
    reports = finals(until(engine, lambda seen: len(finals(seen)) == 2))
    tree.wait_gone()
    assert {(report.task, report.kind) for report in reports} == {("t", "lost"), ("other", "done")}
    assert _error(reports[0])["facts"] == {"reason": "cancelled"}


def test_what_a_finished_op_leaves_running_is_ended(engine: LocalEngine, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "go")
    tree = Tree(engine, tmp_path / "pids", then="end", go=str(tmp_path / "go"))
    (tmp_path / "go").write_text("end")
    (report,) = finals(until(engine, finals))
    tree.wait_gone()
    assert (report.kind, report.outputs) == ("done", {"left": 5})


def zygotes() -> list[psutil.Process]:
    """The engine's own child processes; servers of other tests may be children of this process too."""
    return [child for child in psutil.Process().children() if "yeoul.engine.local.zygote" in child.cmdline()]


def test_kill_of_a_child_is_reported_lost(engine: LocalEngine, tmp_path: Path) -> None:
    tree = Tree(engine, tmp_path / "pids")
    os.kill(tree.pids[0], signal.SIGKILL)
    (report,) = finals(until(engine, finals))
    tree.wait_gone()
    assert (report.kind, _error(report)["facts"]) == ("lost", {"reason": "SIGKILL"})


def test_kill_of_the_zygote_loses_its_attempts_and_the_next_one_works(engine: LocalEngine, tmp_path: Path) -> None:
    tree = Tree(engine, tmp_path / "pids", bare_in_session=True)
    (zygote,) = zygotes()
    zygote.kill()
    (report,) = finals(until(engine, finals))
    tree.wait_gone()
    assert (report.kind, _error(report)["code"]) == ("lost", "pipeline.worker_lost")
    assert list((tmp_path / "scratch").iterdir()) == []
    while not engine.free_slots():
        engine.poll(1)
    assert finish(engine, work("noop", attempt=2))[0].kind == "done"


def test_termination_signals_leave_the_zygote_working(engine: LocalEngine) -> None:
    finish(engine, work("noop"))
    (zygote,) = zygotes()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        zygote.send_signal(number)
    assert finish(engine, work("noop", "b"))[0].kind == "done"
    assert zygotes() == [zygote]


def test_close_kills_what_runs(make: Make, tmp_path: Path) -> None:
    engine = make()
    tree = Tree(engine, tmp_path / "pids")
    engine.close()
    tree.wait_gone()
    assert zygotes() == []


_OWNER = """
import os, sys, time
from pathlib import Path
from tests.contract.test_engine import Tree, _local
engine = _local(Path(sys.argv[1]), {})
tree = Tree(engine, Path(sys.argv[2]))
print("running", flush=True)
if os.fork() == 0:
    sys.stdin.read()  # holds a copy of the pipe to the zygote until the test ends
else:
    time.sleep(600)
"""


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that owns an engine with a running tree, and has forked a process that knows nothing of it."""
    root = Path(__file__).parents[2]
    argv = [sys.executable, "-c", _OWNER, str(tmp_path / "scratch"), str(tmp_path / "pids")]
    environ = {**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"running\n"
        yield process
        process.kill()


def _zygote_of(owner_pid: int) -> psutil.Process:
    (zygote,) = [child for child in psutil.Process(owner_pid).children() if "yeoul.engine.local.zygote" in child.cmdline()]
    return zygote


def test_kill_of_the_owner_ends_all_below(owner: subprocess.Popen[bytes], tmp_path: Path) -> None:
    zygote = _zygote_of(owner.pid)
    below = [zygote, *zygote.children(recursive=True)]
    assert len(below) == 7  # zygote, attempt, five descendants
    fds = [os.pidfd_open(process.pid) for process in below]
    owner.kill()
    wait_gone(fds)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_the_next_owner_ends_what_two_kills_left(owner: subprocess.Popen[bytes], make: Make, tmp_path: Path) -> None:
    # Owner and zygote die at once, so nobody is there to kill; only the mark in the environment tells whose they were.
    zygote = _zygote_of(owner.pid)
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
    (bare,) = [pid for pid in pids[1:] if not psutil.Process(pid).environ().get("PATH")]
    os.kill(bare, signal.SIGKILL)
    attempt, *below = [os.pidfd_open(pid) for pid in pids if pid != bare]
    zygote.suspend()
    owner.kill()
    zygote.kill()
    wait_gone([attempt])
    engine = make()
    wait_gone(below)
    assert finish(engine, work("noop"))[0].kind == "done"


# --- runners that cannot be used ---


def test_a_runner_that_fails_to_load_is_named(make: Make) -> None:
    with pytest.raises(UnavailableError, match="no codec today"):
        make(fail="no codec today").poll(20)


def test_work_for_a_broken_runner_is_lost_and_not_forgotten(make: Make) -> None:
    engine = make(fail="no codec today")
    engine.submit(work("noop"), None)
    with pytest.raises(UnavailableError):
        engine.poll(20)
    assert finals(engine.poll(20))[0].kind == "lost"


def test_a_runner_that_starts_threads_is_refused(make: Make) -> None:
    with pytest.raises(UnavailableError, match="threads"):
        make(thread=True).poll(20)
