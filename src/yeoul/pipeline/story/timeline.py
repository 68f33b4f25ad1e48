"""The timeline of a run: the waiting time, running time and lane of each attempt, and the critical path. Pure: rows in, a noun out.

The critical path is found backwards from the task that ended last. The predecessor of a task is the need that ended last, because the task
became ready then. A task that is not on the path could have taken longer without delaying the run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yeoul.catalog.schema.row.pipeline import AttemptRow, RunRow, TaskStateRow
from yeoul.model.noun import Noun

_SAME_S = 1e-3  # maximum difference of times that one transaction wrote


class Bar(Noun):
    """One attempt. Times in seconds since 1970. ended_s: None while it runs. lane: number of its row among parallel attempts on its worker.

    wait_s: from ready to start. run_s: from start to end, or to now.
    """

    task: str
    stage: str
    piece: int | None
    rung: str | None
    op: str
    attempt: int
    worker: str
    lane: int
    ready_s: float
    started_s: float
    ended_s: float | None
    wait_s: float
    run_s: float
    cpu_s: float
    max_rss_bytes: int
    read_bytes: int
    written_bytes: int
    reused: bool
    outcome: str | None
    error: str | None
    critical: bool


class StageSum(Noun):
    """The totals of all tasks of a stage or group. Seconds are summed over attempts."""

    stage: str
    tasks: int
    done: int
    failed: int
    running: int
    attempts: int
    wait_s: float
    run_s: float
    cpu_s: float
    critical: bool


class Timeline(Noun):
    """A run from the time its first attempt was ready to the end of its last attempt. critical: task ids on the critical path, in order."""

    run: str
    state: str
    began_s: float
    ended_s: float
    cpu_s: float
    stages: tuple[StageSum, ...]
    critical: tuple[str, ...]
    critical_wait_s: float
    critical_run_s: float
    bars: tuple[Bar, ...]


def make_timeline(
    run: RunRow, tasks: Sequence[TaskStateRow], attempts: Sequence[AttemptRow], needs: Mapping[str, Sequence[str]], now_s: float
) -> Timeline:
    """Returns the timeline of a run. attempts: in order of their start. now_s: used as the end of running attempts."""
    by_id = {task["id"]: task for task in tasks}
    critical = find_critical(tasks, needs)
    lanes = _make_lanes(attempts, now_s)
    bars = [_make_bar(attempt, by_id[attempt["task_id"]], lane, critical, now_s) for attempt, lane in zip(attempts, lanes, strict=True)]
    path = [bar for bar in bars if bar.critical]
    began_s = min((bar.ready_s for bar in bars), default=run["created_at"])
    last_s = max((bar.started_s + bar.run_s for bar in bars), default=began_s)
    return Timeline(
        run=run["id"],
        state=run["state"],
        began_s=began_s,
        ended_s=max(last_s, run["ended_at"] or last_s),
        cpu_s=round(sum(bar.cpu_s for bar in bars), 4),
        stages=tuple(_sum_stages(tasks, bars)),
        critical=critical,
        critical_wait_s=round(sum(bar.wait_s for bar in path), 4),
        critical_run_s=round(sum(bar.run_s for bar in path), 4),
        bars=tuple(bars),
    )


def find_critical(tasks: Sequence[TaskStateRow], needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Returns the ids of the tasks on the critical path, in order of time. Empty if no task has ended."""
    ended = {task["id"]: task for task in tasks if task["ended_at"] is not None and task["started_at"] is not None}
    path: list[str] = []
    current = max(ended.values(), key=_end_key, default=None)
    while current is not None:
        path.append(current["id"])
        ended_needs = [ended[need] for need in needs.get(current["id"], ()) if need in ended]
        current = max(ended_needs, key=_end_key, default=None) or _find_creator(current, ended.values(), path)
    return tuple(reversed(path))


def _end_key(task: TaskStateRow) -> tuple[float, str]:
    assert task["ended_at"] is not None, "only ended tasks are compared"
    return task["ended_at"], task["id"]


def _find_creator(task: TaskStateRow, ended: Iterable[TaskStateRow], path: Sequence[str]) -> TaskStateRow | None:
    """Returns the preprocessor task that created a task. No edge connects them, so their times identify it."""
    parents = [other for other in ended if abs(_end_key(other)[0] - task["created_at"]) < _SAME_S and other["id"] not in path]
    return next((other for other in parents if other["created_at"] < task["created_at"] and other["stage"] in {"inspect", "split"}), None)


def _make_lanes(attempts: Sequence[AttemptRow], now_s: float) -> list[int]:
    """Returns a lane for each attempt: the lowest one in which no other attempt on the same worker overlaps."""
    busy_until: dict[str, list[float]] = {}
    result: list[int] = []
    for attempt in attempts:
        lanes = busy_until.setdefault(attempt["worker"], [])
        lane = next((index for index, until_s in enumerate(lanes) if until_s <= attempt["started_at"]), len(lanes))
        lanes[lane : lane + 1] = [attempt["ended_at"] or now_s]
        result.append(lane)
    return result


def _make_bar(attempt: AttemptRow, task: TaskStateRow, lane: int, critical: Sequence[str], now_s: float) -> Bar:
    end_s = now_s if attempt["ended_at"] is None else attempt["ended_at"]
    place: dict[str, Any] = {name: task[name] for name in ("stage", "piece", "rung", "op")}
    used: dict[str, Any] = {name: attempt[name] for name in ("cpu_s", "max_rss_bytes", "read_bytes", "written_bytes", "reused", "outcome")}
    return Bar(
        task=task["id"],
        **place,
        **used,
        attempt=attempt["number"],
        worker=attempt["worker"],
        lane=lane,
        ready_s=attempt["ready_at"],
        started_s=attempt["started_at"],
        ended_s=attempt["ended_at"],
        wait_s=round(attempt["started_at"] - attempt["ready_at"], 4),
        run_s=round(max(0.0, end_s - attempt["started_at"]), 4),
        error=None if attempt["error"] is None else str(attempt["error"].get("code")),
        critical=task["id"] in critical,
    )


def _sum_stages(tasks: Sequence[TaskStateRow], bars: Sequence[Bar]) -> Iterable[StageSum]:
    """Yields the totals of each stage, in order of their first start."""
    first_start_s = {bar.stage: bar.started_s for bar in reversed(bars)}
    for stage in sorted(dict.fromkeys(task["stage"] for task in tasks), key=lambda stage: first_start_s.get(stage, math.inf)):
        states = [task["state"] for task in tasks if task["stage"] == stage]
        own = [bar for bar in bars if bar.stage == stage]
        yield StageSum(
            stage=stage,
            tasks=len(states),
            done=states.count("done"),
            failed=states.count("failed"),
            running=states.count("running"),
            attempts=len(own),
            wait_s=round(sum(bar.wait_s for bar in own), 4),
            run_s=round(sum(bar.run_s for bar in own), 4),
            cpu_s=round(sum(bar.cpu_s for bar in own), 4),
            critical=any(bar.critical for bar in own),
        )
