"""Metrics of the pipeline, read from the database at each scrape.

The pipeline runs in other processes than the API, and possibly on other machines. The database records its results exactly once, so
pipeline processes need no port for metrics. Gauges are counted at each scrape. Counters and histograms add the rows that are new since the
last scrape, and start at zero when this process starts, as Prometheus expects of counters. Every API process reports the same values, so
use one of them (`max by`), not their sum.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Generic

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import Connection

from yeoul.catalog import metric_query
from yeoul.catalog.database import Database
from yeoul.catalog.row import RowType

_LATE_S = 60.0  # a transaction can commit this long after the time that it wrote
_WAIT_BUCKETS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)
_RUN_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 1800)
_DELAY_BUCKETS = (1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300, 900, 3600, 14400)


class _NewRows(Generic[RowType]):
    """The new rows of a query since the last read, including rows of transactions that committed late."""

    def __init__(self, query: Callable[[Connection, float], Sequence[RowType]], key: Sequence[str], start_s: float) -> None:
        self._query = query
        self._key = key
        self._last_read_s = start_s
        self._start_s = start_s
        self._seen: dict[tuple[object, ...], float] = {}

    def read(self, connection: Connection, now_s: float) -> Iterable[RowType]:
        rows = self._query(connection, max(self._start_s, self._last_read_s - _LATE_S))
        by_key = {tuple(row[name] for name in self._key): row for row in rows}
        new_rows = [row for key, row in by_key.items() if key not in self._seen]
        self._seen = {key: at_s for key, at_s in self._seen.items() if at_s > now_s - 2 * _LATE_S} | dict.fromkeys(by_key, now_s)
        self._last_read_s = now_s
        return new_rows


class PipelineMetrics:
    """The metrics of the pipeline. `render` can be called from any thread. start_s: when this process started to count."""

    def __init__(self, database: Database, start_s: float) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._registry = CollectorRegistry()
        self._attempts = _NewRows(metric_query.ended_attempts, ("task_id", "number"), start_s)
        self._uploads = _NewRows(metric_query.closed_uploads, ("id",), start_s)
        self._playable = _NewRows(metric_query.playable_videos, ("id",), start_s)
        self._ready = _NewRows(metric_query.ready_videos, ("id",), start_s)
        self._make_gauges()
        self._make_counters()

    def _make_gauges(self) -> None:
        registry = self._registry
        self._tasks = Gauge("yeoul_tasks", "Tasks that have not ended.", ["state", "stage"], registry=registry)
        self._runs = Gauge("yeoul_runs", "Runs that have not ended.", ["state"], registry=registry)
        self._cpu = Gauge("yeoul_running_cpu_cores", "CPU slots that running tasks hold.", registry=registry)
        self._memory = Gauge("yeoul_running_memory_bytes", "Memory slots that running tasks hold.", registry=registry)
        self._outbox = Gauge("yeoul_outbox_events", "Events that are due and not handled yet.", registry=registry)
        self._oldest = Gauge("yeoul_outbox_oldest_age_seconds", "Age of the oldest event that is not handled yet.", registry=registry)
        self._open_uploads = Gauge("yeoul_uploads_open", "Uploads that have not been completed.", registry=registry)

    def _make_counters(self) -> None:
        registry = self._registry
        self._ended = Counter("yeoul_task_attempts_total", "Attempts of tasks that ended.", ["stage", "outcome"], registry=registry)
        self._wait = Histogram(
            "yeoul_task_queue_wait_seconds",
            "Time from ready to started, of ended attempts.",
            ["stage"],
            buckets=_WAIT_BUCKETS,
            registry=registry,
        )
        self._run = Histogram(
            "yeoul_task_duration_seconds", "Time from started to ended of attempts.", ["stage"], buckets=_RUN_BUCKETS, registry=registry
        )
        self._cpu_s = Counter("yeoul_task_cpu_seconds_total", "CPU time of ended attempts.", ["stage"], registry=registry)
        self._read = Counter("yeoul_task_read_bytes_total", "Bytes that attempts read from the store.", ["stage"], registry=registry)
        self._written = Counter("yeoul_task_written_bytes_total", "Bytes that attempts put into the store.", ["stage"], registry=registry)
        self._closed = Counter("yeoul_uploads_completed_total", "Uploads that were completed.", ["mode"], registry=registry)
        self._received = Counter(
            "yeoul_uploads_completed_bytes_total", "Bytes of the sources of completed uploads.", ["mode"], registry=registry
        )
        self._playable_s = Histogram(
            "yeoul_video_playable_delay_seconds", "Time from opening an upload to playable.", buckets=_DELAY_BUCKETS, registry=registry
        )
        self._ready_s = Histogram(
            "yeoul_video_ready_delay_seconds", "Time from opening an upload to ready.", buckets=_DELAY_BUCKETS, registry=registry
        )

    def render(self, now_s: float) -> bytes:
        """Returns the metrics in the text format of Prometheus. Raises UnavailableError if the database cannot be reached."""
        with self._lock:
            with self._database.read() as connection:
                self._set_gauges(connection, now_s)
                self._add_new_rows(connection, now_s)
            return generate_latest(self._registry)

    def _set_gauges(self, connection: Connection, now_s: float) -> None:
        rows = metric_query.open_tasks(connection)
        running = [row for row in rows if row["state"] == "running"]
        self._tasks.clear()
        for row in rows:
            self._tasks.labels(row["state"], row["stage"]).set(row["tasks"])
        runs = {row["state"]: row["runs"] for row in metric_query.open_runs(connection)}
        for state in ("open", "parked"):
            self._runs.labels(state).set(runs.get(state, 0))
        self._cpu.set(sum(row["cpu"] for row in running))
        self._memory.set(float(sum(row["memory_bytes"] for row in running)))
        events, oldest_s = metric_query.outbox_backlog(connection, now_s)
        self._outbox.set(events)
        self._oldest.set(0.0 if oldest_s is None else max(0.0, now_s - oldest_s))
        self._open_uploads.set(metric_query.open_uploads(connection))

    def _add_new_rows(self, connection: Connection, now_s: float) -> None:
        for row in self._attempts.read(connection, now_s):
            stage = row["stage"]
            assert row["ended_at"] is not None, "the query finds ended attempts"
            self._ended.labels(stage, row["outcome"]).inc()
            self._wait.labels(stage).observe(max(0.0, row["started_at"] - row["ready_at"]))
            self._run.labels(stage).observe(max(0.0, row["ended_at"] - row["started_at"]))
            self._cpu_s.labels(stage).inc(row["cpu_s"])
            self._read.labels(stage).inc(row["read_bytes"])
            self._written.labels(stage).inc(row["written_bytes"])
        for row in self._uploads.read(connection, now_s):
            self._closed.labels(row["mode"]).inc()
            self._received.labels(row["mode"]).inc(row["size_bytes"])
        for row in self._playable.read(connection, now_s):
            self._playable_s.observe(max(0.0, row["delay_s"] or 0.0))
        for row in self._ready.read(connection, now_s):
            self._ready_s.observe(max(0.0, row["delay_s"] or 0.0))
