"""The memory twin of the engine seam: the test says how each work ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yeoul.base.errors import ConflictError, WorkerLostError, YeoulError
from yeoul.base.ids import TaskId, WorkerId
from yeoul.model.work import Report, Slots, Work

Key = tuple[TaskId, int]
Run = Callable[[Work], Mapping[str, Any]]


class MemoryEngine:
    """Runs nothing by itself. It keeps what the seam promises: one final report for each attempt, also for cancelled ones."""

    def __init__(self, slots: Slots | None = None, worker: str = "memory") -> None:
        self.slots = slots or Slots(cpu=4, memory_bytes=8 * 2**30)
        self.worker = WorkerId(worker)
        self.works: dict[Key, Work] = {}
        self.started: list[Key] = []
        self.waiting: Sequence[Slots] = ()
        self._reports: list[Report] = []

    # --- the seam ---

    def free_slots(self) -> Mapping[WorkerId, Slots]:
        free = self.slots
        for work in self.works.values():
            free -= work.slots
        return {self.worker: free}

    def submit(self, work: Work, on: WorkerId | None) -> None:
        assert on == self.worker
        key = (TaskId(work.task), work.attempt)
        if key in self.started:
            return
        if not work.slots.fits(self.free_slots()[self.worker]):
            raise ConflictError("the work does not fit")
        self.works[key] = work
        self.started.append(key)
        self._tell("started", key)

    def poll(self, timeout_s: float, wake: Sequence[int] = ()) -> Sequence[Report]:  # noqa: ARG002 (nothing happens while a test waits)
        reports, self._reports = self._reports, []
        for report in reports:
            if report.kind in {"done", "failed", "lost"}:
                self.works.pop((TaskId(report.task), report.attempt), None)
        return reports

    def cancel(self, task: TaskId, attempt: int) -> None:
        if self._is_open((task, attempt)):
            self.lose((task, attempt))

    def running(self) -> frozenset[Key]:
        return frozenset(self.works)

    def report_demand(self, waiting: Sequence[Slots]) -> None:
        self.waiting = waiting

    def close(self) -> None:
        self.works.clear()

    # --- what the test says ---

    def open_keys(self) -> list[Key]:
        """Attempts that run and have not been told how to end, in order of their start."""
        return [key for key in self.started if self._is_open(key)]

    def end(self, key: Key, run: Run) -> None:
        """Run a work: its end is what `run` returns or raises."""
        try:
            outputs = run(self.works[key])
        except YeoulError as error:
            self._tell("failed", key, error=error.to_dict(), cpu_s=1.0)
        else:
            self._tell("done", key, outputs=dict(outputs), cpu_s=1.0)

    def end_all(self, run: Run) -> int:
        """Run everything that is open; how many there were."""
        keys = self.open_keys()
        for key in keys:
            self.end(key, run)
        return len(keys)

    def lose(self, key: Key) -> None:
        """The worker dies in the middle of this attempt."""
        self._tell("lost", key, error=WorkerLostError("killed").to_dict(), cpu_s=1.0)

    def tell_progress(self, key: Key, progress: float) -> None:
        self._tell("progress", key, progress=progress)

    def repeat(self, report: Report) -> None:
        """Deliver a report again, as an engine on a network may."""
        self._reports.append(report)

    def drop_quietly(self, key: Key) -> None:
        """Forget an attempt without a word."""
        self.works.pop(key)

    def _is_open(self, key: Key) -> bool:
        ended = {(report.task, report.attempt) for report in self._reports if report.kind in {"done", "failed", "lost"}}
        return key in self.works and key not in ended

    def _tell(self, kind: Any, key: Key, **values: Any) -> None:
        self._reports.append(Report(kind=kind, task=key[0], attempt=key[1], worker=self.worker, **values))
