"""Fair share: in which order ready tasks are served. Pure.

First what an admin has put first, then what people wait for or what has waited long enough, then the rest. Within these, accounts take
turns by start-time fair queueing (Goyal, Vin, Cheng 1996): each account has a virtual time that grows with the slot-seconds it was
given; the one that is furthest behind is served next, and who comes back after a pause starts where the others are. Within an account
the order is by virtual deadline.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import IntEnum

from yeoul.base.ids import TaskId
from yeoul.pipeline.resource.placement import Candidate

NORMAL_DELAY_S = 60.0
FIRST_DUE_AT = 0.0  # the deadline of what an admin has put first
_LATEST_DEFERRAL_S = 3600.0
_PROGRESS_SHARE = 0.05  # virtual seconds for each second: newcomers without end cannot hold up who is ahead
_REMEMBERED = 4096


class Turn(IntEnum):
    """Classes of tasks, served one after the other."""

    FIRST = 0
    DUE = 1
    LATER = 2
    DEFERRED = 3


def make_due_at(born_s: float, *, latency_sensitive: bool) -> float:
    """A task's virtual deadline: its birth, plus a delay for what may wait, so that the oldest is served in the end."""
    return born_s + (0.0 if latency_sensitive else NORMAL_DELAY_S)


def find_turn(candidate: Candidate, now_s: float, *, deferring: bool) -> Turn:
    """When a task is served; deferring: while there is too much to do, what nobody waits for comes last, though not for ever."""
    if candidate.due_at <= FIRST_DUE_AT:
        return Turn.FIRST
    if deferring and not candidate.latency_sensitive and candidate.due_at + _LATEST_DEFERRAL_S > now_s:
        return Turn.DEFERRED
    return Turn.DUE if candidate.due_at <= now_s else Turn.LATER


class FairShare:
    """Virtual times of accounts, in slot-seconds.

    It is not kept over a restart, after which all are equal: those who wait are never further apart than by what their longest tasks take.
    """

    def __init__(self) -> None:
        self._now = 0.0  # the virtual time of those who come new
        self._next: dict[str, float] = {}  # where an account's next task starts
        self._seen_s: float | None = None

    def start(self, account: str) -> float:
        """The virtual time at which an account's next task starts."""
        return max(self._now, self._next.get(account, 0.0))

    def serve(self, account: str, slot_s: float) -> None:
        """A task of an account starts and is expected to take so many slot-seconds."""
        self._next[account] = self.start(account) + slot_s

    def correct(self, account: str, slot_s: float) -> None:
        """A task of an account took so many slot-seconds more (or, negative, fewer) than expected."""
        if account in self._next:
            self._next[account] += slot_s

    def settle(self, waiting: Collection[str]) -> None:
        """A turn is over and these accounts still wait: who comes new starts beside the one of them that is furthest behind.

        When nobody waits, all are equal: what was used while nobody else wanted it is not held against anyone.
        """
        starts = [self.start(account) for account in waiting]
        self._now = max(self._now, min(starts) if starts else max(self._next.values(), default=0.0))

    def pass_time(self, now_s: float, cpu: float) -> None:
        """Time has passed on so many cores."""
        passed_s = 0.0 if self._seen_s is None else max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        self._now += _PROGRESS_SHARE * passed_s * cpu
        if len(self._next) > _REMEMBERED:
            self._next = {account: start for account, start in self._next.items() if start > self._now}

    def order(
        self, ready: Sequence[Candidate], cost_s: Mapping[TaskId, float], now_s: float, *, deferring: bool = False
    ) -> Iterator[Candidate]:
        """Ready tasks in the order in which they are to be served; cost_s: expected slot-seconds of each, by task.

        Nothing is charged; turns within one call are counted as if all were served.
        """
        lanes = _lanes(ready, now_s, deferring=deferring)
        starts = {account: self.start(account) for account, _ in lanes}
        while lanes:
            lane = min(lanes, key=lambda key: (lanes[key][0][0], starts[key[0]], lanes[key][0][1].due_at, key))
            _, candidate = lanes[lane].pop(0)
            if not lanes[lane]:
                del lanes[lane]
            starts[candidate.account] += cost_s.get(candidate.task, 1.0)
            yield candidate


def _lanes(ready: Sequence[Candidate], now_s: float, *, deferring: bool) -> dict[tuple[str, Turn], list[tuple[Turn, Candidate]]]:
    lanes: dict[tuple[str, Turn], list[tuple[Turn, Candidate]]] = {}
    for candidate in sorted(ready, key=lambda one: (one.due_at, one.task)):
        turn = find_turn(candidate, now_s, deferring=deferring)
        lanes.setdefault((candidate.account, turn), []).append((turn, candidate))
    return lanes
