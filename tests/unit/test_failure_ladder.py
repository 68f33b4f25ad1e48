"""The failure ladder: bounded, the same each time, away from where it failed; poison is found."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yeoul.base.errors import (
    MediaTimeoutError,
    MediaToolError,
    StorageError,
    StorageFullError,
    TaskCrashedError,
    TaskTimeoutError,
    UnreadableError,
    UnsupportedCodecError,
    WorkerLostError,
    YeoulError,
)
from yeoul.catalog.queue.due import MAX_DELAY_S
from yeoul.pipeline.resource.failure_ladder import MAX_ATTEMPTS, Fault, GiveUp, Retry, after_failure, find_fault, make_jitter

CHANCE = MediaToolError("x").to_dict()
FULL = StorageFullError("x").to_dict()


def ladder(task: str = "t", error: dict[str, Any] = CHANCE, **options: Any) -> list[Retry | GiveUp]:
    return [after_failure(task, error, failures=n, tries=n + 1, **options) for n in range(9)]


def test_two_retries_at_once_and_six_elsewhere_later_and_later():
    *retries, end = ladder()
    assert end == GiveUp()
    assert retries[:2] == [Retry(0.0), Retry(0.0)]
    for number, verdict in enumerate(retries[2:]):
        assert isinstance(verdict, Retry) and verdict.elsewhere and verdict.counts
        assert 0.75 * 2**number <= verdict.delay_s <= 1.25 * 2**number


def test_what_failed_together_does_not_come_back_together():
    delays = {verdict.delay_s for verdict in (ladder(f"t{n}")[4] for n in range(50)) if isinstance(verdict, Retry)}
    assert len(delays) == 50 and max(delays) - min(delays) > 1.5
    assert ladder("t7") == ladder("t7")


@given(st.text(), st.integers(0, 100))
def test_draws_lie_between_0_and_1(task: str, attempt: int):
    assert 0 <= make_jitter(task, attempt) < 1


@pytest.mark.parametrize("retries", [0, 1, 2, 5, 12])
def test_a_stage_may_want_more_or_fewer_retries(retries: int):
    verdicts = [after_failure("t", CHANCE, failures=n, tries=n + 1, retries=retries) for n in range(14)]
    assert sum(isinstance(verdict, Retry) for verdict in verdicts) == retries


def test_no_delay_is_longer_than_what_a_clock_that_was_set_back_is_known_by():
    verdicts = [after_failure("t", CHANCE, failures=n, tries=n + 1, retries=20) for n in range(20)]
    assert max(verdict.delay_s for verdict in verdicts if isinstance(verdict, Retry)) < MAX_DELAY_S


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (StorageFullError("x"), Fault.DISK_FULL),
        (UnreadableError("x"), Fault.INPUT),
        (UnsupportedCodecError("x"), Fault.INPUT),
        (YeoulError("x"), Fault.INPUT),
        (StorageError("x"), Fault.TRANSIENT),
        (MediaTimeoutError("x"), Fault.TRANSIENT),
        (TaskTimeoutError("x"), Fault.TRANSIENT),
        (TaskCrashedError("x"), Fault.TRANSIENT),
        (MediaToolError("x", returncode=1), Fault.TRANSIENT),
        (MediaToolError("x", signal=9), Fault.TRANSIENT),
        (MediaToolError("x", signal=11), Fault.CRASH),
        (MediaToolError("x", signal=6), Fault.CRASH),
        (WorkerLostError("x", reason="SIGSEGV"), Fault.CRASH),
        (WorkerLostError("x", reason="exit 0"), Fault.CRASH),
        (WorkerLostError("x", reason="SIGKILL"), Fault.LOSS),
        (WorkerLostError("x"), Fault.LOSS),
        (WorkerLostError("x", reason="zygote"), Fault.TRANSIENT),
        (WorkerLostError("x", reason="cancelled"), Fault.TRANSIENT),
        (WorkerLostError("x", reason="unknown"), Fault.TRANSIENT),
    ],
)
def test_whose_fault_it_is(error: YeoulError, fault: Fault):
    assert find_fault(error.to_dict()) is fault


def test_what_crashes_its_third_worker_is_poison():
    lost = WorkerLostError("x", reason="SIGSEGV").to_dict()
    verdicts = [after_failure("t", lost, failures=n, tries=n + 1, crashes=n + 1) for n in range(3)]
    assert verdicts == [Retry(0.0), Retry(0.0), GiveUp(is_poison=True)]
    assert after_failure("t", CHANCE, failures=2, tries=3, crashes=9) != GiveUp(is_poison=True)  # this one did not crash


def test_workers_that_are_gone_say_less_than_those_that_crash():
    gone = WorkerLostError("x", reason="SIGKILL").to_dict()
    verdicts = [after_failure("t", gone, failures=n, tries=n + 1, crashes=n + 1) for n in range(6)]
    assert all(isinstance(verdict, Retry) for verdict in verdicts[:5])
    assert verdicts[5] == GiveUp(is_poison=True)


@given(st.lists(st.sampled_from(["failed", "lost lease", "full"]), min_size=60, max_size=200))
def test_every_task_ends_within_its_attempts(history: list[str]):
    """failed: counts as failure and try; lost lease: as try only; full: as neither."""
    failures = tries = spent = 0
    for event in history:
        tries += 1
        if event == "lost lease":
            spent += 1
            if tries >= MAX_ATTEMPTS:
                break
            continue
        verdict = after_failure("t", FULL if event == "full" else CHANCE, failures=failures, tries=tries)
        if isinstance(verdict, GiveUp):
            spent += 1
            break
        assert verdict.counts == (event == "failed")
        failures, tries, spent = (failures + 1, tries, spent + 1) if verdict.counts else (failures, tries - 1, spent)
    assert spent <= MAX_ATTEMPTS == 21
    assert failures <= 8


@given(st.integers(0, 30), st.integers(1, 40))
def test_what_no_retry_can_help_ends_at_once(failures: int, tries: int):
    assert after_failure("t", UnreadableError("x").to_dict(), failures=failures, tries=tries) == GiveUp()
    assert after_failure("t", FULL, failures=failures, tries=tries) == Retry(2.0, counts=False)
