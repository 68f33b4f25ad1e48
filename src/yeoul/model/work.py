"""Messages between the pipeline and the engine: plain data, so that any process on any machine can run an attempt."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal

from yeoul.model.noun import Noun

# Extra fields beside those of an op's output or error. Field names of nouns cannot start with an underscore.
TRAFFIC = "_traffic"
RESULT = "_result"


class Slots(Noun):
    """Free resources of a worker, or resources of a task, as hard limits: CPU cores and GPUs (fractions allowed), memory in bytes, tags.

    tags: the tags of a worker, or the tags that a task's worker must have. Tasks do not use them up.
    """

    cpu: float = 1.0
    memory_bytes: int = 512 * 2**20
    gpu: float = 0.0
    tags: tuple[str, ...] = ()

    def fits(self, free: Slots) -> bool:
        has_capacity = self.cpu <= free.cpu + 1e-9 and self.memory_bytes <= free.memory_bytes and self.gpu <= free.gpu + 1e-9
        return has_capacity and set(self.tags) <= set(free.tags)

    @property
    def wants(self) -> str:
        """The GPU and tags that a task needs, as one string: `*gpu` and the tags, sorted."""
        return ",".join([*(["*gpu"] if self.gpu > 0 else []), *sorted(set(self.tags))])

    def serves(self) -> list[str]:
        """Returns each value of `wants` that a worker with these slots can serve."""
        words = [*(["*gpu"] if self.gpu > 0 else []), *sorted(set(self.tags))]
        return [",".join(chosen) for count in range(len(words) + 1) for chosen in combinations(words, count)]

    def __add__(self, other: Slots) -> Slots:
        return self._with(self.cpu + other.cpu, self.memory_bytes + other.memory_bytes, self.gpu + other.gpu)

    def __sub__(self, other: Slots) -> Slots:
        return self._with(self.cpu - other.cpu, self.memory_bytes - other.memory_bytes, self.gpu - other.gpu)

    def _with(self, cpu: float, memory_bytes: int, gpu: float) -> Slots:
        return Slots(cpu=cpu, memory_bytes=memory_bytes, gpu=gpu, tags=self.tags)


class Work(Noun):
    """One attempt of a task, to be run by an engine.

    op: name of a built-in or user op ("encode"). params: its JSON input. output_prefix: key prefix of the attempt; the op can write only
    below it. timeout_s: wall time after which the engine kills the process group.
    """

    task: str
    attempt: int
    op: str
    params: dict[str, Any]
    output_prefix: str
    slots: Slots = Slots()
    timeout_s: float = 1800.0


class Usage(Noun):
    """Resources that an attempt used: CPU and wall time in seconds, peak memory, bytes read from and written to the store.

    read_bytes and written_bytes are 0 if the attempt was killed before its op returned or raised an error.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    max_rss_bytes: int = 0
    read_bytes: int = 0
    written_bytes: int = 0


class Result(Noun):
    """The identity of an attempt's outputs. key: hash of all inputs. digest: hash of the outputs. reused: an earlier task made them."""

    key: str | None = None
    digest: str | None = None
    reused: bool = False


class Report(Noun):
    """An engine's report about an attempt.

    kind: "done" has outputs (JSON from the op), "failed" an error from `YeoulError.to_dict`, "progress" a share from 0 to 1; "lost" means
    that the worker died or was killed without a report. cpu_s: CPU time of the whole process group. wall_s: its wall time.
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

    @property
    def result(self) -> Result:
        """The identity of the outputs, from the field that the runner added to them."""
        return Result(**(self.outputs or {}).get(RESULT, {}))

    @property
    def usage(self) -> Usage:
        """The resources that the attempt used. The store traffic comes from the field that the runner added to the outputs or the error."""
        traffic = (self.outputs or self.error or {}).get(TRAFFIC, {})
        return Usage(cpu_s=self.cpu_s, wall_s=self.wall_s, max_rss_bytes=self.max_rss_bytes, **traffic)
