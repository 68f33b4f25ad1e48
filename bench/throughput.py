"""P6: how many events the pure scheduler takes in a second, and how many tasks that do nothing the durable queue claims and finishes."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass

from sqlalchemy import func, select

from bench.growth import split_uploads
from yeoul.bootstrap import read_definitions
from yeoul.catalog.schema.pipeline import attempt, edge, task
from yeoul.pipeline.dag.compile import parse_definition
from yeoul.pipeline.dag.scheduler import AddTask, DagScheduler, EndRun, Event, Instruction, PieceLanded, TaskEnded, UploadClosed
from yeoul.pipeline.ops.registry import BUILT_IN

_FACTS = {"has_audio": True, "hdr": False, "rungs": 4, "height": 1080, "duration_s": 600.0}
_RUNGS = ("1080p", "720p", "480p", "240p")


def measure_events(pipeline: str, pieces: int) -> float:
    """Events that the scheduler takes in a second: pieces land one by one, the upload closes, and all tasks end."""
    definition = parse_definition(read_definitions()[pipeline], f"{pipeline}.yaml", BUILT_IN)
    began = time.perf_counter()
    scheduler = DagScheduler(definition, _FACTS, _RUNGS)
    past: list[Event] = [PieceLanded(index) for index in range(pieces)]
    past.append(UploadClosed(pieces))
    given: list[Instruction] = [*scheduler.start()]
    for event in past:
        given += scheduler.handle(event)
    ends = [TaskEnded(order.place, ok=True) for order in given if isinstance(order, AddTask)]
    last = [order for event in ends for order in scheduler.handle(event)]
    spent_s = time.perf_counter() - began
    if last != [EndRun()]:
        raise RuntimeError(f"the run did not end as it should: {last}")
    return (len(past) + len(ends)) / spent_s


@dataclass(frozen=True)
class Throughput:
    """Tasks claimed and finished in a second; how many there were, with how many needs."""

    per_s: float
    tasks: int
    needs: int


def measure_tasks(cpu: int, url: str = "", pieces: int = 100, runs: int = 10) -> Throughput:
    """Let the tasks of split uploads pass through dispatcher, resource manager and database to an engine that does nothing.

    cpu: tasks that run at a time; url: of an empty database, SQLite when empty. Raises RuntimeError unless each ran exactly once.
    """
    with tempfile.TemporaryDirectory() as folder, split_uploads(folder, pieces, runs, cpu, url) as waiting:
        each_s = waiting.run()
        with waiting.database.read() as connection:
            ends = {tuple(row) for row in connection.execute(select(task.c.state, task.c.attempt).distinct())}
            counts = [connection.execute(select(func.count()).select_from(table)).scalar_one() for table in (task, attempt, edge)]
    if ends != {("done", 1)} or counts[0] != counts[1] or waiting.engine.ended != counts[0]:
        raise RuntimeError(f"not every task ran exactly once: {ends}, {counts}")
    return Throughput(1 / each_s, counts[0], counts[2])
