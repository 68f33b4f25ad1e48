"""The words between pipeline and engine: plain data, so that any process on any machine can run it."""

from __future__ import annotations

from itertools import combinations
from typing import Any, Literal

from yeoul.model.noun import Noun

# Beside the fields of an op's output, or of its error, none of which can begin with a line.
TRAFFIC = "_traffic"
RESULT = "_result"


class Slots(Noun):
    """What a worker has free or a task needs, as hard limits: CPU cores and GPUs (fractions allowed), memory in bytes, tags.

    tags: what a worker carries; of a task: what its worker must carry. They are not used up.
    """

    cpu: float = 1.0
    memory_bytes: int = 512 * 2**20
    gpu: float = 0.0
    tags: tuple[str, ...] = ()

    def fits(self, free: Slots) -> bool:
        roomy = self.cpu <= free.cpu + 1e-9 and self.memory_bytes <= free.memory_bytes and self.gpu <= free.gpu + 1e-9
        return roomy and set(self.tags) <= set(free.tags)

    @property
    def wants(self) -> str:
        """What a task needs besides room, as one word: `*gpu` and its tags, sorted."""
        return ",".join([*(["*gpu"] if self.gpu > 0 else []), *sorted(set(self.tags))])

    def serves(self) -> list[str]:
        """Every `wants` that a worker with these slots can serve."""
        words = [*(["*gpu"] if self.gpu > 0 else []), *sorted(set(self.tags))]
        return [",".join(chosen) for count in range(len(words) + 1) for chosen in combinations(words, count)]

    def __add__(self, other: Slots) -> Slots:
        return self._with(self.cpu + other.cpu, self.memory_bytes + other.memory_bytes, self.gpu + other.gpu)

    def __sub__(self, other: Slots) -> Slots:
        return self._with(self.cpu - other.cpu, self.memory_bytes - other.memory_bytes, self.gpu - other.gpu)

    def _with(self, cpu: float, memory_bytes: int, gpu: float) -> Slots:
        return Slots(cpu=cpu, memory_bytes=memory_bytes, gpu=gpu, tags=self.tags)


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


class Usage(Noun):
    """What one attempt used: seconds of CPU and of wall time, the peak of its memory, bytes fetched from and put into the store.

    Bytes are known of attempts whose op returned or raised; of one that was killed they are 0.
    """

    cpu_s: float = 0.0
    wall_s: float = 0.0
    max_rss_bytes: int = 0
    read_bytes: int = 0
    written_bytes: int = 0


class Result(Noun):
    """What an attempt's outputs are known by. key: of all inputs; digest: of what was made; reused: another task had made it before."""

    key: str | None = None
    digest: str | None = None
    reused: bool = False


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

    @property
    def result(self) -> Result:
        """What the outputs are known by; the runner has put it beside them."""
        return Result(**(self.outputs or {}).get(RESULT, {}))

    @property
    def usage(self) -> Usage:
        """What the attempt used; the runner has put its traffic beside the outputs or the error."""
        traffic = (self.outputs or self.error or {}).get(TRAFFIC, {})
        return Usage(cpu_s=self.cpu_s, wall_s=self.wall_s, max_rss_bytes=self.max_rss_bytes, **traffic)
