"""The seam to whatever runs tasks: the pipeline asks for this much and no more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Report, Slots, Work


class Engine(Protocol):
    """Runs works on workers. It never owns the truth: retries and order belong to the durable queue."""

    def free(self) -> Mapping[WorkerId, Slots]:
        """The worker queue: free slots by worker."""
        ...

    def submit(self, work: Work, on: WorkerId | None) -> None:
        """Start a work; submitting the same (task, attempt) twice starts it once."""
        ...

    def poll(self, timeout_s: float) -> Sequence[Report]:
        """What has happened since the last call; waits at most `timeout_s` for something to happen."""
        ...

    def cancel(self, task: TaskId, attempt: int) -> None:
        """Kill the attempt with its whole process group; unknown attempts are ignored."""
        ...

    def running(self) -> frozenset[tuple[TaskId, int]]:
        """Attempts of which the final report has not been polled yet, to reconcile with the rows."""
        ...

    def demand(self, waiting: Sequence[Slots]) -> None:
        """A hint for autoscalers: what waits for room."""
        ...

    def close(self) -> None:
        """Kill everything and free what the engine holds."""
        ...
