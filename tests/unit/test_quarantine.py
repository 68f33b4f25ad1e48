"""Quarantine: a worker that fails fast is found and tried again; nothing else is blamed, and the last one always works."""

from __future__ import annotations

from yeoul.base.ids import WorkerId
from yeoul.pipeline.resource.quarantine import FIRST_PAUSE_S, LEAST_OUTCOMES, Outcome, Quarantine

BAD, GOOD, THIRD = WorkerId("bad"), WorkerId("good"), WorkerId("third")
IDLE = {BAD: 0, GOOD: 0}


def feed(quarantine: Quarantine, worker: WorkerId, count: int, *, ok: bool, wall_s: float = 1.0, at_s: float = 0.0, task: str = "") -> None:
    for number in range(count):
        quarantine.record(worker, Outcome(task or f"{worker}{number}", ok=ok, wall_s=wall_s, at_s=at_s))


def black_hole() -> Quarantine:
    quarantine = Quarantine()
    feed(quarantine, GOOD, 10, ok=True, wall_s=20.0)
    feed(quarantine, BAD, LEAST_OUTCOMES, ok=False, wall_s=0.1)
    return quarantine


def test_a_worker_that_fails_fast_gets_no_work():
    quarantine = black_hole()
    assert quarantine.start_limits(IDLE, 1.0) == {BAD: 0, GOOD: None}
    assert quarantine.reason(BAD) == "5 of its last 5 attempts failed"
    assert (quarantine.quarantined_until(BAD), quarantine.quarantined_until(GOOD)) == (FIRST_PAUSE_S, None)


def test_after_a_while_it_gets_one_probe_at_a_time():
    quarantine = black_hole()
    assert quarantine.next_probe_at(1.0) == FIRST_PAUSE_S
    assert quarantine.start_limits(IDLE, FIRST_PAUSE_S) == {BAD: 1, GOOD: None}
    assert quarantine.start_limits({BAD: 1, GOOD: 3}, FIRST_PAUSE_S) == {BAD: 0, GOOD: None}


def test_a_good_probe_frees_it_and_a_bad_one_doubles_the_pause():
    quarantine = black_hole()
    feed(quarantine, BAD, 1, ok=False, at_s=FIRST_PAUSE_S)
    assert quarantine.quarantined_until(BAD) == 3 * FIRST_PAUSE_S
    feed(quarantine, BAD, 1, ok=True, at_s=3 * FIRST_PAUSE_S)
    assert quarantine.start_limits(IDLE, 100.0) == {BAD: None, GOOD: None}
    feed(quarantine, BAD, LEAST_OUTCOMES - 1, ok=False, at_s=101.0)
    assert quarantine.quarantined_until(BAD) is None  # it begins anew


def test_late_ends_of_what_ran_before_do_not_lengthen_it():
    quarantine = black_hole()
    feed(quarantine, BAD, 3, ok=False, at_s=1.0)
    assert quarantine.quarantined_until(BAD) == FIRST_PAUSE_S


def test_the_last_worker_slows_down_and_never_stops():
    quarantine = Quarantine()
    feed(quarantine, BAD, LEAST_OUTCOMES, ok=False)
    assert quarantine.start_limits({BAD: 0}, 1.0) == {BAD: 1}
    assert quarantine.start_limits({BAD: 1}, 1.0) == {BAD: 0}
    assert quarantine.start_limits(IDLE, 1.0) == {BAD: 0, GOOD: None}  # another one came


def test_one_poisonous_task_is_not_the_workers_fault():
    quarantine = Quarantine()
    feed(quarantine, GOOD, 10, ok=True, wall_s=20.0)
    feed(quarantine, BAD, 9, ok=False, wall_s=0.1, task="poison")
    assert quarantine.quarantined_until(BAD) is None


def test_when_all_fail_alike_no_worker_is_to_blame():
    quarantine = Quarantine()
    for number in range(20):
        for worker in (BAD, GOOD, THIRD):
            feed(quarantine, worker, 1, ok=False, wall_s=0.1, task=f"{worker}{number}")
    assert [quarantine.quarantined_until(worker) for worker in (GOOD, THIRD)] == [None, None]


def test_slow_failures_swallow_no_queue():
    quarantine = Quarantine()
    feed(quarantine, GOOD, 10, ok=True, wall_s=20.0)
    feed(quarantine, BAD, 9, ok=False, wall_s=60.0)
    assert quarantine.quarantined_until(BAD) is None


def test_what_is_long_past_does_not_count():
    quarantine = Quarantine()
    feed(quarantine, BAD, LEAST_OUTCOMES - 1, ok=False)
    feed(quarantine, BAD, 1, ok=False, at_s=1000.0)
    assert quarantine.quarantined_until(BAD) is None


def test_a_worker_that_comes_back_has_no_past():
    quarantine = black_hole()
    quarantine.remove_absent([GOOD])
    assert quarantine.quarantined_until(BAD) is None
