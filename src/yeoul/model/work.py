"""The words between pipeline and engine: plain data, so that any process on any machine can run it."""

from __future__ import annotations

from typing import Any, Literal

from yeoul.model.noun import Noun


class Slots(Noun):
    """What a worker has free or a task needs: CPU cores (fractions allowed) and memory in bytes."""

    cpu: float = 1.0
    memory_bytes: int = 512 * 2**20

    def fits(self, free: Slots) -> bool:
        return self.cpu <= free.cpu + 1e-9 and self.memory_bytes <= free.memory_bytes

    def __add__(self, other: Slots) -> Slots:
        return Slots(cpu=self.cpu + other.cpu, memory_bytes=self.memory_bytes + other.memory_bytes)

    def __sub__(self, other: Slots) -> Slots:
        return Slots(cpu=self.cpu - other.cpu, memory_bytes=self.memory_bytes - other.memory_bytes)


class Work(Noun):
    """One attempt of one task.

    op names a built-in or user op ("encode"); params is its JSON input. output_prefix is the attempt-scoped key prefix below
    which everything it writes must lie. timeout_s is wall time, after which its process group is killed.
    """

    task: str
    attempt: int
    op: str
    params: dict[str, Any]
    output_prefix: str
    slots: Slots = Slots()
    timeout_s: float = 1800.0


class Report(Noun):
    """What an engine says of one attempt.

    done carries outputs (the op's JSON result), failed an error as made by `YeoulError.to_dict`, progress a share from 0 to 1.
    lost: the worker died or was killed without a word. cpu_s is CPU time of the whole process group, wall_s its life.
    """

    kind: Literal["started", "progress", "done", "failed", "lost"]
    task: str
    attempt: int
    worker: str
    outputs: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    progress: float | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    max_rss_bytes: int = 0
