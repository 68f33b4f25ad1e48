"""The resource manager: what fits is placed in order, nothing starves, and failures are tried again within bounds."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource_manager import MAX_ATTEMPTS, Candidate, GiveUp, Retry, after_failure, assign, make_due_at

slots = st.builds(Slots, cpu=st.sampled_from([0.5, 1.0, 2.0, 4.0]), memory_bytes=st.integers(1, 8))
room = st.builds(Slots, cpu=st.sampled_from([0.0, 0.5, 1.0, 3.0, 8.0]), memory_bytes=st.integers(0, 16))
workers = st.dictionaries(st.sampled_from([WorkerId(name) for name in "abc"]), room, max_size=3)


def queue_of(sizes: list[Slots]) -> list[Candidate]:
    return [Candidate(TaskId(f"t{number}"), size) for number, size in enumerate(sizes)]


@given(st.lists(slots, max_size=12), workers)
def test_no_worker_gets_more_than_it_has(sizes: list[Slots], free: dict[WorkerId, Slots]):
    ready = queue_of(sizes)
    sizes_of = {candidate.task: candidate.slots for candidate in ready}
    placed = assign(ready, free)
    assert len({assignment.task for assignment in placed}) == len(placed)
    for worker, slot in free.items():
        mine = [sizes_of[assignment.task] for assignment in placed if assignment.worker == worker]
        assert sum(size.cpu for size in mine) <= slot.cpu + 1e-6
        assert sum(size.memory_bytes for size in mine) <= slot.memory_bytes


@given(st.lists(slots, max_size=12), workers)
def test_order_is_kept_among_what_fits(sizes: list[Slots], free: dict[WorkerId, Slots]):
    ready = queue_of(sizes)
    placed = assign(ready, free)
    positions = [int(assignment.task[1:]) for assignment in placed]
    assert positions == sorted(positions)
    left = dict(free)
    worker_of = {assignment.task: assignment.worker for assignment in placed}
    for number, candidate in enumerate(ready):
        if candidate.task in worker_of:
            left[worker_of[candidate.task]] -= candidate.slots
            continue
        assert not any(candidate.slots.fits(slot) for slot in left.values())  # it was passed over because it fitted nowhere
        if number == 0:
            assert placed == []  # and the first holds the door for itself
            break


@given(st.lists(st.tuples(slots, st.integers(1, 5)), min_size=1, max_size=15))
@settings(max_examples=50)
def test_nothing_starves(tasks: list[tuple[Slots, int]]):
    """Small tasks keep coming for ever; the ones that were there before are all served."""
    whole = Slots(cpu=4.0, memory_bytes=8)
    waiting = queue_of([size for size, _ in tasks])
    length = {candidate.task: turns for candidate, (_, turns) in zip(waiting, tasks, strict=True)}
    served = set(length)
    running: dict[TaskId, tuple[Slots, int]] = {}
    for turn in range(400):
        waiting.append(Candidate(TaskId(f"small{turn}"), Slots(cpu=0.5, memory_bytes=1)))
        running = {task: (size, left - 1) for task, (size, left) in running.items() if left > 1}
        free = whole
        for size, _ in running.values():
            free -= size
        for assignment in assign(waiting, {WorkerId("w"): free}):
            candidate = next(one for one in waiting if one.task == assignment.task)
            waiting.remove(candidate)
            running[candidate.task] = (candidate.slots, length.get(candidate.task, 3))
            served.discard(candidate.task)
        if not served:
            return
    raise AssertionError(f"never served: {served}")


def test_the_fullest_worker_that_fits_is_taken():
    free = {WorkerId("big"): Slots(cpu=8, memory_bytes=8), WorkerId("small"): Slots(cpu=1, memory_bytes=8)}
    placed = assign(queue_of([Slots(cpu=1, memory_bytes=1), Slots(cpu=8, memory_bytes=1)]), free)
    assert [assignment.worker for assignment in placed] == ["small", "big"]


def test_what_may_wait_comes_a_minute_later():
    assert make_due_at(100.0, latency_sensitive=True) == 100.0
    assert make_due_at(100.0, latency_sensitive=False) == 160.0


def test_the_retry_ladder():
    ladder = [after_failure("media.tool_failed", retryable=True, failures=n, tries=n + 1) for n in range(9)]
    assert ladder == [Retry(0.0), Retry(0.0), Retry(1.0), Retry(2.0), Retry(4.0), Retry(8.0), Retry(16.0), Retry(32.0), GiveUp()]


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
        verdict = after_failure("storage.full" if event == "full" else "x", retryable=True, failures=failures, tries=tries)
        if isinstance(verdict, GiveUp):
            spent += 1
            break
        assert verdict.counts == (event == "failed")
        failures, tries, spent = (failures + 1, tries, spent + 1) if verdict.counts else (failures, tries - 1, spent)
    assert spent <= MAX_ATTEMPTS == 21
    assert failures <= 8


@given(st.integers(0, 30), st.integers(1, 40))
def test_what_no_retry_can_help_ends_at_once(failures: int, tries: int):
    assert after_failure("media.unreadable", retryable=False, failures=failures, tries=tries) == GiveUp()
    assert after_failure("storage.full", retryable=True, failures=failures, tries=tries) == Retry(2.0, counts=False)
