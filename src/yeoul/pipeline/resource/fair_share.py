"""Fair share: the order in which ready tasks are served. Pure.

Tasks that an admin put first are served first, then tasks that users wait for or that have waited long enough, then the rest. Within
each of these classes, accounts take turns by start-time fair queueing (Goyal, Vin, Cheng 1996): each account has a virtual time that
grows with the slot-seconds that it gets. The account that is furthest behind is served next. An account that returns after a pause
starts at the virtual time of the others. Within an account, tasks are ordered by virtual deadline.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import IntEnum

from yeoul.base.ids import TaskId
from yeoul.pipeline.resource.placement import Candidate

NORMAL_DELAY_S = 60.0
FIRST_DUE_AT = 0.0  # the deadline of tasks that an admin put first
_LATEST_DEFERRAL_S = 3600.0
_PROGRESS_SHARE = 0.05  # virtual seconds per second and core, so that a stream of new accounts cannot starve an account that is ahead
_MAX_ACCOUNTS = 4096


class PriorityClass(IntEnum):
    """The priority classes of tasks, in the order in which they are served."""

    FIRST = 0
    DUE = 1
    LATER = 2
    DEFERRED = 3


def make_due_at(created_s: float, *, latency_sensitive: bool) -> float:
    """Returns a task's virtual deadline: its creation time, plus a delay if it may wait. Deadlines guarantee that old tasks are served."""
    return created_s + (0.0 if latency_sensitive else NORMAL_DELAY_S)


def find_priority_class(candidate: Candidate, now_s: float, *, deferring: bool) -> PriorityClass:
    """Returns the class of a task. deferring: tasks that no user waits for come last, up to one hour after their deadline."""
    if candidate.due_at <= FIRST_DUE_AT:
        return PriorityClass.FIRST
    if deferring and not candidate.latency_sensitive and candidate.due_at + _LATEST_DEFERRAL_S > now_s:
        return PriorityClass.DEFERRED
    return PriorityClass.DUE if candidate.due_at <= now_s else PriorityClass.LATER


class FairShare:
    """The virtual times of accounts, in slot-seconds.

    They are lost in a restart, after which all accounts are equal. That is a small error: waiting accounts never differ by more than the
    cost of their longest tasks.
    """

    def __init__(self) -> None:
        self._now = 0.0  # the virtual time at which new accounts start
        self._next: dict[str, float] = {}  # the virtual time at which each account's next task starts
        self._seen_s: float | None = None

    def next_start(self, account: str) -> float:
        """Returns the virtual time at which an account's next task starts."""
        return max(self._now, self._next.get(account, 0.0))

    def charge(self, account: str, slot_s: float) -> None:
        """Charges an account the expected slot-seconds of a task that starts."""
        self._next[account] = self.next_start(account) + slot_s

    def adjust(self, account: str, slot_s: float) -> None:
        """Charges an account the slot-seconds that a task took more (or, if negative, fewer) than expected."""
        if account in self._next:
            self._next[account] += slot_s

    def end_turn(self, waiting: Collection[str]) -> None:
        """Ends a turn. New accounts then start level with the account in `waiting` that is furthest behind.

        If no account waits, all become equal: slots that no other account wanted are not held against the account that used them.
        """
        starts = [self.next_start(account) for account in waiting]
        self._now = max(self._now, min(starts) if starts else max(self._next.values(), default=0.0))

    def advance(self, now_s: float, cpu: float) -> None:
        """Advances the virtual time of new accounts by a share of the time that has passed on `cpu` cores."""
        passed_s = 0.0 if self._seen_s is None else max(0.0, now_s - self._seen_s)
        self._seen_s = now_s
        self._now += _PROGRESS_SHARE * passed_s * cpu
        if len(self._next) > _MAX_ACCOUNTS:
            self._next = {account: start for account, start in self._next.items() if start > self._now}

    def order(
        self, ready: Sequence[Candidate], cost_s: Mapping[TaskId, float], now_s: float, *, deferring: bool = False
    ) -> Iterator[Candidate]:
        """Yields ready tasks in the order in which to serve them. cost_s: expected slot-seconds by task.

        It charges nothing. Within one call, accounts take turns as if all tasks were served.
        """
        lanes = _lanes(ready, now_s, deferring=deferring)
        starts = {account: self.next_start(account) for account, _ in lanes}
        while lanes:
            lane = min(lanes, key=lambda key: (lanes[key][0][0], starts[key[0]], lanes[key][0][1].due_at, key))
            _, candidate = lanes[lane].pop(0)
            if not lanes[lane]:
                del lanes[lane]
            starts[candidate.account] += cost_s.get(candidate.task, 1.0)
            yield candidate


def _lanes(
    ready: Sequence[Candidate], now_s: float, *, deferring: bool
) -> dict[tuple[str, PriorityClass], list[tuple[PriorityClass, Candidate]]]:
    lanes: dict[tuple[str, PriorityClass], list[tuple[PriorityClass, Candidate]]] = {}
    for candidate in sorted(ready, key=lambda candidate: (candidate.due_at, candidate.task)):
        turn = find_priority_class(candidate, now_s, deferring=deferring)
        lanes.setdefault((candidate.account, turn), []).append((turn, candidate))
    return lanes
