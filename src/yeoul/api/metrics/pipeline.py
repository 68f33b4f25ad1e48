"""Metrics of the pipeline, made from the rows when they are asked for.

The pipeline is other processes than the API, on other machines perhaps. What they did is in the rows, exactly once, so that no process
needs a port of its own and none has to add up for another: gauges are counted at each scrape, and counters and histograms take what ended
since the last one. They begin at zero when this process starts, as Prometheus expects of counters. Every API process tells the same of the
pipeline: take one of them (`max by`), not their sum.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Connection

from yeoul.catalog import figures
from yeoul.catalog.database import Database
from yeoul.catalog.row import Row

_LATE_S = 60.0  # a transaction may be committed this long after the time that it wrote
_WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_RUN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 1800)
_DELAY_BUCKETS = (1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 900, 3600, 14400)


class _Since:
    """What a query finds that it has not found before; transactions that commit late are found too."""

    def __init__(self, query: Callable[[Connection, float], Sequence[Row]], key: Sequence[str], start_s: float) -> None:
        self._query = query
        self._key = key
        self._looked_s = start_s
        self._start_s = start_s
        self._seen: dict[tuple[object, ...], float] = {}

    def look(self, connection: Connection, now_s: float) -> Iterable[Row]:
        found = self._query(connection, max(self._start_s, self._looked_s - _LATE_S))
        fresh = {tuple(row[name] for name in self._key): row for row in found}
        new = [row for key, row in fresh.items() if key not in self._seen]
        self._seen = {key: at_s for key, at_s in self._seen.items() if at_s > now_s - 2 * _LATE_S} | dict.fromkeys(fresh, now_s)
        self._looked_s = now_s
        return new


class PipelineMetrics:
    """One process's view of the pipeline; `render` may be called from any thread. start_s: when this process began to count."""

    def __init__(self, database: Database, start_s: float) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        self._attempts = _Since(figures.ended_attempts, ("task_id", "number"), start_s)
        self._uploads = _Since(figures.closed_uploads, ("id",), start_s)
        self._playable = _Since(figures.playable_videos, ("id",), start_s)
        self._ready = _Since(figures.ready_videos, ("id",), start_s)
        self._make_gauges()
        self._make_counters()

    def _make_gauges(self) -> None:
        to = self._registry
        self._tasks = Gauge("yeoul_tasks", "Tasks that have not ended.", ["state", "stage"], registry=to)
        self._runs = Gauge("yeoul_runs", "Runs that have not ended.", ["state"], registry=to)
        self._cpu = Gauge("yeoul_running_cpu_cores", "CPU slots that running tasks hold.", registry=to)
        self._memory = Gauge("yeoul_running_memory_bytes", "Memory slots that running tasks hold.", registry=to)
        self._outbox = Gauge("yeoul_outbox_events", "Events that are due and that nobody has handled yet.", registry=to)
        self._oldest = Gauge("yeoul_outbox_oldest_age_seconds", "Age of the oldest event that nobody has handled yet.", registry=to)
        self._open_uploads = Gauge("yeoul_uploads_open", "Uploads that have not been completed.", registry=to)

    def _make_counters(self) -> None:
        to = self._registry
        self._ended = Counter("yeoul_task_attempts_total", "Attempts of tasks that ended.", ["stage", "outcome"], registry=to)
        self._wait = Histogram(
            "yeoul_task_queue_wait_seconds", "Time from ready to started, of ended attempts.", ["stage"], buckets=_WAIT_BUCKETS, registry=to
        )
        self._run = Histogram(
            "yeoul_task_duration_seconds", "Time from started to ended of attempts.", ["stage"], buckets=_RUN_BUCKETS, registry=to
        )
        self._cpu_s = Counter("yeoul_task_cpu_seconds_total", "CPU time of ended attempts.", ["stage"], registry=to)
        self._read = Counter("yeoul_task_read_bytes_total", "Bytes that attempts read from the store.", ["stage"], registry=to)
        self._written = Counter("yeoul_task_written_bytes_total", "Bytes that attempts put into the store.", ["stage"], registry=to)
        self._closed = Counter("yeoul_uploads_completed_total", "Uploads that were completed.", ["mode"], registry=to)
        self._received = Counter("yeoul_uploads_completed_bytes_total", "Bytes of the sources of completed uploads.", ["mode"], registry=to)
        self._playable_s = Histogram(
            "yeoul_video_playable_delay_seconds", "Time from opening an upload to playable.", buckets=_DELAY_BUCKETS, registry=to
        )
        self._ready_s = Histogram(
            "yeoul_video_ready_delay_seconds", "Time from opening an upload to ready.", buckets=_DELAY_BUCKETS, registry=to
        )

    def render(self, now_s: float) -> bytes:
        """The text of Prometheus. Raises UnavailableError when the database cannot be reached."""
        with self._lock:
            with self._database.read() as connection:
                self._count_now(connection, now_s)
                self._count_ended(connection, now_s)
            return generate_latest(self._registry)

    def _count_now(self, connection: Connection, now_s: float) -> None:
        rows = figures.open_tasks(connection)
        running = [row for row in rows if row["state"] == "running"]
        self._tasks.clear()
        for row in rows:
            self._tasks.labels(row["state"], row["stage"]).set(row["tasks"])
        runs = {row["state"]: row["runs"] for row in figures.open_runs(connection)}
        for state in ("open", "parked"):
            self._runs.labels(state).set(runs.get(state, 0))
        self._cpu.set(sum(row["cpu"] for row in running))
        self._memory.set(sum(row["memory_bytes"] for row in running))
        events, oldest_s = figures.outbox_backlog(connection, now_s)
        self._outbox.set(events)
        self._oldest.set(0.0 if oldest_s is None else max(0.0, now_s - oldest_s))
        self._open_uploads.set(figures.open_uploads(connection))

    def _count_ended(self, connection: Connection, now_s: float) -> None:
        for row in self._attempts.look(connection, now_s):
            stage = row["stage"]
            self._ended.labels(stage, row["outcome"]).inc()
            self._wait.labels(stage).observe(max(0.0, row["started_at"] - row["ready_at"]))
            self._run.labels(stage).observe(max(0.0, row["ended_at"] - row["started_at"]))
            self._cpu_s.labels(stage).inc(row["cpu_s"])
            self._read.labels(stage).inc(row["read_bytes"])
            self._written.labels(stage).inc(row["written_bytes"])
        for row in self._uploads.look(connection, now_s):
            self._closed.labels(row["mode"]).inc()
            self._received.labels(row["mode"]).inc(row["size_bytes"])
        for row in self._playable.look(connection, now_s):
            self._playable_s.observe(max(0.0, row["delay_s"] or 0.0))
        for row in self._ready.look(connection, now_s):
            self._ready_s.observe(max(0.0, row["delay_s"] or 0.0))
