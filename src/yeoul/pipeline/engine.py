"""The protocol of engines: all that the pipeline needs to run tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Report, Slots, Work


class Engine(Protocol):
    """Runs attempts on workers. It keeps no durable state: the task queue decides about retries and order."""

    def free_slots(self) -> Mapping[WorkerId, Slots]:
        """Returns the worker queue: free slots by worker."""
        ...

    def submit(self, work: Work, on: WorkerId | None) -> None:
        """Starts an attempt. Submitting the same (task, attempt) twice starts it once."""
        ...

    def poll(self, timeout_s: float, wake: Sequence[int] = ()) -> Sequence[Report]:
        """Returns the reports since the last call.

        Waits at most `timeout_s` for the first one, and not after one of the descriptors `wake` has become readable.
        """
        ...

    def cancel(self, task: TaskId, attempt: int) -> None:
        """Kills an attempt with its whole process group. Ignores unknown attempts."""
        ...

    def running(self) -> frozenset[tuple[TaskId, int]]:
        """Returns all attempts whose final report has not been polled yet, to be reconciled with the rows."""
        ...

    def report_demand(self, waiting: Sequence[Slots]) -> None:
        """Tells the engine the slots of waiting tasks, as a hint for autoscaling."""
        ...

    def close(self) -> None:
        """Kills all attempts and frees the engine's resources."""
        ...
