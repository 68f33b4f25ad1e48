"""Placing: what fits is placed in order, hard limits hold, nothing starves, and data is read where it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Slots
from yeoul.pipeline.resource.placement import Candidate, Host, assign

TAGS = ("ssd", "eu")
sizes = st.builds(
    Slots,
    cpu=st.sampled_from([0.5, 1.0, 2.0, 4.0]),
    memory_bytes=st.integers(1, 8),
    gpu=st.sampled_from([0.0, 0.0, 0.5]),
    tags=st.sampled_from([(), (), ("ssd",), TAGS]),
)
rooms = st.builds(
    Slots,
    cpu=st.sampled_from([0.5, 1.0, 3.0, 8.0]),
    memory_bytes=st.integers(1, 16),
    gpu=st.sampled_from([0.0, 1.0]),
    tags=st.sampled_from([(), ("ssd",), TAGS]),
)
hosts = st.dictionaries(st.sampled_from([WorkerId(name) for name in "abc"]), rooms.map(lambda room: Host(room, room)), max_size=3)


def queue_of(wanted: list[Slots]) -> list[Candidate]:
    return [Candidate(TaskId(f"t{number}"), size) for number, size in enumerate(wanted)]


def empty(**slots: Slots) -> dict[WorkerId, Host]:
    return {WorkerId(name): Host(room, room) for name, room in slots.items()}


def where(candidates: list[Candidate], workers: dict[WorkerId, Host]) -> dict[str, str]:
    return {placed.task: placed.worker for placed in assign(candidates, workers)}


@given(st.lists(sizes, max_size=12), hosts)
def test_hard_limits_hold(wanted: list[Slots], workers: dict[WorkerId, Host]):
    ready = queue_of(wanted)
    slots_of = {candidate.task: candidate.slots for candidate in ready}
    placed = assign(ready, workers)
    assert len({one.task for one in placed}) == len(placed)
    for worker, host in workers.items():
        mine = [one for one in placed if one.worker == worker]
        for one in mine:
            assert set(slots_of[one.task].tags) <= set(host.total.tags)
            assert one.slots == host.clamp(slots_of[one.task])
        assert sum(one.slots.cpu for one in mine) <= host.free.cpu + 1e-6
        assert sum(one.slots.gpu for one in mine) <= host.free.gpu + 1e-6
        assert sum(one.slots.memory_bytes for one in mine) <= host.free.memory_bytes


@given(st.lists(sizes, max_size=12), rooms)
def test_order_is_kept_among_what_fits(wanted: list[Slots], room: Slots):
    ready = queue_of(wanted)
    host = Host(room, room)
    placed = {one.task for one in assign(ready, {WorkerId("w"): host})}
    left, door = room, True
    for candidate in ready:
        if candidate.task in placed:
            assert door
            left -= host.clamp(candidate.slots)
        elif host.can_run(candidate):
            assert not door or not host.clamp(candidate.slots).fits(left)
            door = False  # the first that finds no room keeps what is left for itself


@given(st.lists(st.tuples(sizes, st.integers(1, 5)), min_size=1, max_size=15))
@settings(max_examples=50)
def test_nothing_starves(tasks: list[tuple[Slots, int]]):
    """Small tasks keep coming for ever; the ones that were there before are all served."""
    whole = Slots(cpu=4.0, memory_bytes=8, gpu=1.0, tags=TAGS)
    waiting = queue_of([size for size, _ in tasks])
    length = {candidate.task: turns for candidate, (_, turns) in zip(waiting, tasks, strict=True)}
    unserved = set(length)
    running: dict[TaskId, tuple[Slots, int]] = {}
    for turn in range(400):
        waiting.append(Candidate(TaskId(f"small{turn}"), Slots(cpu=0.5, memory_bytes=1)))
        running = {task: (size, left - 1) for task, (size, left) in running.items() if left > 1}
        free = whole
        for size, _ in running.values():
            free -= size
        for one in assign(waiting, {WorkerId("w"): Host(whole, free)}):
            waiting = [candidate for candidate in waiting if candidate.task != one.task]
            running[one.task] = (one.slots, length.get(one.task, 3))
            unserved.discard(one.task)
        if not unserved:
            return
    raise AssertionError(f"never served: {unserved}")


def test_the_fullest_worker_that_fits_is_taken():
    workers = empty(big=Slots(cpu=8, memory_bytes=8), small=Slots(cpu=1, memory_bytes=8))
    assert where(queue_of([Slots(cpu=1, memory_bytes=1), Slots(cpu=8, memory_bytes=1)]), workers) == {"t0": "small", "t1": "big"}


def test_gpus_and_tags_are_kept_for_those_who_need_them():
    workers = empty(
        gpu=Slots(cpu=2, memory_bytes=8, gpu=1), ssd=Slots(cpu=2, memory_bytes=8, tags=("ssd",)), plain=Slots(cpu=2, memory_bytes=8)
    )
    wanted = [
        Slots(cpu=1, memory_bytes=1),
        Slots(cpu=1, memory_bytes=1, gpu=1),
        Slots(cpu=1, memory_bytes=1, tags=("ssd",)),
        Slots(cpu=1, memory_bytes=1, gpu=1),
    ]
    assert where(queue_of(wanted), workers) == {"t0": "plain", "t1": "gpu", "t2": "ssd"}


def test_what_no_worker_could_run_holds_up_nobody():
    wanted = [Slots(cpu=1, memory_bytes=1, tags=("nowhere",)), Slots(cpu=1, memory_bytes=1, gpu=4), Slots(cpu=1, memory_bytes=1)]
    assert where(queue_of(wanted), empty(a=Slots(cpu=1, memory_bytes=8))) == {"t2": "a"}


def test_who_waits_for_room_keeps_one_worker_and_not_all():
    half = Host(Slots(cpu=4, memory_bytes=8), Slots(cpu=2, memory_bytes=8))
    workers = {WorkerId("a"): half, WorkerId("b"): Host(half.total, Slots(cpu=1, memory_bytes=8))}
    wanted = [Slots(cpu=4, memory_bytes=1), Slots(cpu=1, memory_bytes=1), Slots(cpu=1, memory_bytes=1)]
    assert where(queue_of(wanted), workers) == {"t1": "b"}


def test_among_equals_the_one_that_has_the_piece_is_taken():
    room = Slots(cpu=2, memory_bytes=8)
    workers = {WorkerId("a"): Host(room, room), WorkerId("b"): Host(room, room, cached_data=frozenset({"run/7"}))}
    assert where([Candidate(TaskId("t"), Slots(cpu=1, memory_bytes=1), data_key="run/7")], workers) == {"t": "b"}


def test_a_task_goes_elsewhere_than_it_failed_unless_there_is_no_elsewhere():
    size = Slots(cpu=1, memory_bytes=1)
    candidate = Candidate(TaskId("t"), size, avoided_workers=frozenset({WorkerId("a")}))
    assert where([candidate], empty(a=size, b=Slots(cpu=8, memory_bytes=8))) == {"t": "b"}
    assert where([candidate], empty(a=size)) == {"t": "a"}
    busy = {**empty(a=size), WorkerId("b"): Host(size, Slots(cpu=0, memory_bytes=0))}
    assert where([candidate], busy) == {}  # it waits for the other one


def test_a_small_machine_runs_a_large_task_alone():
    small, free = Slots(cpu=1, memory_bytes=4), Slots(cpu=0.5, memory_bytes=4)
    large = queue_of([Slots(cpu=4, memory_bytes=64)])
    (placed,) = assign(large, {WorkerId("a"): Host(small, small)})
    assert placed.slots == small
    assert assign(large, {WorkerId("a"): Host(small, free)}) == []
    # But it waits for a worker that is large enough, where there is one.
    big = Host(Slots(cpu=8, memory_bytes=64), Slots(cpu=0, memory_bytes=64))
    assert assign(large, {WorkerId("a"): Host(small, small), WorkerId("big"): big}) == []
