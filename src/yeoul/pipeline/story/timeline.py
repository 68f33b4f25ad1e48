"""The timeline of a run: each attempt with its wait, its run and its lane, and the critical path. Pure: rows in, a noun out.

The critical path is walked backwards from the task that ended last: before each task stands the need that ended last, because that is
when it became ready. What is not on it could have taken longer without making the run longer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from yeoul.model.noun import Noun

Row = Mapping[str, Any]
_SAME_S = 1e-3  # times of one transaction


class Bar(Noun):
    """One attempt. Times in seconds since 1970, ended_s None while it runs; lane: place among those beside it on its worker.

    wait_s: from being ready to its start; run_s: from its start to its end, or to now.
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
    """All tasks of a stage (or group) together; seconds are summed over attempts."""

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
    """A run from its first attempt's being ready to its last one's end. critical: ids of tasks, in order."""

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


def make_timeline(run: Row, tasks: Sequence[Row], attempts: Sequence[Row], needs: Mapping[str, Sequence[str]], now_s: float) -> Timeline:
    """The timeline of a run; attempts come in order of their start. now_s: the end of what still runs."""
    by_id = {task["id"]: task for task in tasks}
    critical = find_critical(tasks, needs)
    lanes = _make_lanes(attempts, now_s)
    bars = [_make_bar(found, by_id[found["task_id"]], lane, critical, now_s) for found, lane in zip(attempts, lanes, strict=True)]
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


def find_critical(tasks: Sequence[Row], needs: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Ids of the tasks on the critical path, in order of time; empty while nothing has ended."""
    ended = {task["id"]: task for task in tasks if task["ended_at"] is not None and task["started_at"] is not None}
    path: list[str] = []
    current = max(ended.values(), key=_end, default=None)
    while current is not None:
        path.append(current["id"])
        above = [ended[need] for need in needs.get(current["id"], ()) if need in ended]
        current = max(above, key=_end, default=None) or _find_maker(current, ended.values(), path)
    return tuple(reversed(path))


def _end(task: Row) -> tuple[float, str]:
    return task["ended_at"], task["id"]


def _find_maker(task: Row, ended: Iterable[Row], path: Sequence[str]) -> Row | None:
    """The task whose end made this one: inspect and split are needed by no edge, what they found makes the tasks."""
    makers = [other for other in ended if abs(other["ended_at"] - task["created_at"]) < _SAME_S and other["id"] not in path]
    return next((other for other in makers if other["created_at"] < task["created_at"] and other["stage"] in {"inspect", "split"}), None)


def _make_lanes(attempts: Sequence[Row], now_s: float) -> list[int]:
    """A lane for each attempt, such that no two on one worker overlap; the lowest that is free."""
    busy_until: dict[str, list[float]] = {}
    found: list[int] = []
    for one in attempts:
        lanes = busy_until.setdefault(one["worker"], [])
        lane = next((index for index, until_s in enumerate(lanes) if until_s <= one["started_at"]), len(lanes))
        lanes[lane : lane + 1] = [one["ended_at"] or now_s]
        found.append(lane)
    return found


def _make_bar(one: Row, task: Row, lane: int, critical: Sequence[str], now_s: float) -> Bar:
    end_s = now_s if one["ended_at"] is None else one["ended_at"]
    used = {name: one[name] for name in ("cpu_s", "max_rss_bytes", "read_bytes", "written_bytes", "reused", "outcome")}
    return Bar(
        task=task["id"],
        **{name: task[name] for name in ("stage", "piece", "rung", "op")},
        **used,
        attempt=one["number"],
        worker=one["worker"],
        lane=lane,
        ready_s=one["ready_at"],
        started_s=one["started_at"],
        ended_s=one["ended_at"],
        wait_s=round(one["started_at"] - one["ready_at"], 4),
        run_s=round(max(0.0, end_s - one["started_at"]), 4),
        error=None if one["error"] is None else str(one["error"].get("code")),
        critical=task["id"] in critical,
    )


def _sum_stages(tasks: Sequence[Row], bars: Sequence[Bar]) -> Iterable[StageSum]:
    """In order of their first start."""
    begun = {bar.stage: bar.started_s for bar in reversed(bars)}
    for stage in sorted(dict.fromkeys(task["stage"] for task in tasks), key=lambda stage: begun.get(stage, math.inf)):
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
