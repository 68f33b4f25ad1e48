"""Tables of uploads and pieces, runs, tasks, attempts and run logs, workers, renditions and segments."""

from __future__ import annotations

from sqlalchemy import JSON, BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, Table, Text, false, text

from yeoul.catalog.schema.base import metadata

_IS_READY = text("state = 'ready'")
_IS_URGENT = text("state = 'ready' AND latency_sensitive")

upload = Table(
    "upload",
    metadata,
    Column("id", Text, primary_key=True),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, index=True),
    Column("mode", Text, nullable=False),  # pieces | whole
    Column("file_name", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("fingerprint", Text, nullable=False),  # of the source file, so that another client process can resume
    Column("source", JSON(none_as_null=True)),  # Source as the client read it
    Column("state", Text, nullable=False),  # open | closed | expired
    Column("created_at", Float, nullable=False),
    Column("closed_at", Float),
    Column("touched_at", Float, nullable=False, server_default="0"),  # last activity of the client
    Column("replaced_bytes", BigInteger, nullable=False, server_default="0"),  # of pieces that were declared again
    Index("upload_closed", "closed_at"),
    Index("upload_life", "state", "touched_at"),
)

piece = Table(
    "piece",
    metadata,
    Column("upload_id", Text, ForeignKey("upload.id"), primary_key=True),
    Column("kind", Text, primary_key=True),  # piece | part (a byte range of a whole file)
    Column("index", Integer, primary_key=True),
    Column("piece", JSON(none_as_null=True)),  # Piece; null for parts
    Column("bucket", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("landed_at", Float),
)

run = Table(
    "run",
    metadata,
    Column("id", Text, primary_key=True),
    Column("video_id", Text, ForeignKey("video.id"), nullable=False, index=True),
    Column("upload_id", Text, ForeignKey("upload.id"), nullable=False),
    Column("edition", Integer, nullable=False, server_default="1"),  # number of the run among those of its upload
    Column("account_id", Text, nullable=False),  # the video's owner
    Column("definition", JSON, nullable=False),  # the DAG definition it was opened with
    Column("ladder", JSON(none_as_null=True)),  # [Rung], highest first; null until inspected
    Column("source", JSON(none_as_null=True)),  # Source, null until inspected
    Column("made", JSON, nullable=False, server_default="{}"),  # {poster_key, storyboard, sidecars, dropped, lost}, as in `video`
    Column("state", Text, nullable=False),  # parked | open | done | failed | cancelled
    Column("version", Integer, nullable=False),  # number of applied events; shows when a scheduler in memory is stale
    Column("created_at", Float, nullable=False),
    Column("ended_at", Float),
    Index("run_state", "state", "created_at"),
    Index("run_edition", "upload_id", "edition", unique=True),
)

task = Table(
    "task",
    metadata,
    Column("id", Text, primary_key=True),
    Column("run_id", Text, ForeignKey("run.id"), nullable=False),
    Column("account_id", Text, nullable=False),  # the video's owner; workers are shared fairly between accounts
    Column("stage", Text, nullable=False),  # stage of the definition, or the preprocessor's split or inspect
    Column("piece", Integer),
    Column("rung", Text),
    Column("op", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting | ready | running | done | failed | cancelled
    Column("due_at", Float, nullable=False),  # virtual deadline; the order of the queue
    Column("not_before", Float, nullable=False),
    Column("waiting_on", Integer, nullable=False),
    Column("cpu", Float, nullable=False),
    Column("memory_bytes", BigInteger, nullable=False),
    Column("gpu", Float, nullable=False),
    Column("tags", JSON, nullable=False),  # [tag that the worker must have]
    Column("wants", Text, nullable=False),  # `Slots.wants` of gpu and tags; filters out tasks that no worker of a dispatcher can run
    Column("timeout_s", Float, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("optional", Boolean, nullable=False),
    Column("latency_sensitive", Boolean, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),  # attempts since the last reset, without those that used up no retry
    Column("failures", Integer, nullable=False),
    Column("failed_on", JSON, nullable=False),  # [worker on which an attempt failed]
    Column("crashes", Integer, nullable=False),  # attempts that crashed their process
    Column("owner", Text),
    Column("worker", Text),
    Column("lease_until", Float),
    Column("params", JSON, nullable=False),
    Column("outputs", JSON(none_as_null=True)),
    Column("error", JSON(none_as_null=True)),
    Column("progress", Float, nullable=False),
    Column("cpu_s", Float, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("ready_at", Float),  # when it became ready; in the future while a retry is delayed
    Column("started_at", Float),
    Column("ended_at", Float),
    Column("updated_at", Float, nullable=False),
    Column("key", Text),  # of the outputs of a done task, if other tasks may reuse them: `result_key.make_key`
    Column("digest", Text),  # of the outputs of a done task: `ops.reuse.make_digest`
    Index("task_key", "key"),
    Index("task_queue", "state", "due_at", "id"),
    Index("task_run", "run_id", "updated_at"),
    Index("task_place", "run_id", "stage", "piece", "rung", unique=True),
    # Partial indexes, small because they hold only ready tasks: an account's lane, delayed tasks, latency-sensitive tasks of a lane.
    Index("task_lane", "account_id", "due_at", "id", sqlite_where=_IS_READY, postgresql_where=_IS_READY),
    Index("task_delayed", "not_before", sqlite_where=_IS_READY, postgresql_where=_IS_READY),
    Index("task_urgent", "account_id", "due_at", "id", sqlite_where=_IS_URGENT, postgresql_where=_IS_URGENT),
)

attempt = Table(
    "attempt",
    metadata,
    Column("task_id", Text, ForeignKey("task.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("run_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("ready_at", Float, nullable=False),  # since when the task was waiting for this attempt
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("outcome", Text),  # done | failed | lost | put_back | cancelled; null while it runs
    Column("error", JSON(none_as_null=True)),  # YeoulError.to_dict
    Column("cpu_s", Float, nullable=False),
    Column("wall_s", Float, nullable=False),
    Column("max_rss_bytes", BigInteger, nullable=False),
    Column("read_bytes", BigInteger, nullable=False),
    Column("written_bytes", BigInteger, nullable=False),
    Column("reused", Boolean, nullable=False, server_default=false()),  # the outputs came from an earlier task
    Index("attempt_run", "run_id", "started_at"),
    Index("attempt_ended", "ended_at"),
)

event = Table(
    "event",
    metadata,
    Column("run_id", Text, ForeignKey("run.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("event", JSON, nullable=False),  # input of the scheduler
    Column("gave", JSON, nullable=False),  # [instruction] that the scheduler returned
    Column("at", Float, nullable=False),
)

worker = Table(
    "worker",
    metadata,
    Column("owner", Text, primary_key=True),  # the dispatcher that reports it
    Column("id", Text, primary_key=True),
    Column("slots", JSON, nullable=False),  # Slots in total
    Column("free", JSON, nullable=False),  # Slots that are free
    Column("quarantined_until", Float),
    Column("reason", Text),
    Column("pause_s", Float),  # length of its current quarantine
    Column("overload", Integer, nullable=False),  # overload.Level of its dispatcher
    Column("wait_s", Float, nullable=False),  # wait of a new task as estimated by its dispatcher
    Column("seen_at", Float, nullable=False),
)

edge = Table(
    "edge",
    metadata,
    Column("needs_id", Text, ForeignKey("task.id"), primary_key=True),
    Column("task_id", Text, ForeignKey("task.id"), primary_key=True, index=True),
)

rendition = Table(
    "rendition",
    metadata,
    Column("video_id", Text, ForeignKey("video.id"), primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("rendition", JSON, nullable=False),  # Rendition
    Column("declared_bps", Integer, nullable=False),
    Column("contiguous", Integer, nullable=False),  # number of segments from index 0 to the first gap
    Column("listed", Boolean, nullable=False),  # whether growing playlists include it; never becomes false again
)

segment = Table(
    "segment",
    metadata,
    Column("video_id", Text, primary_key=True),
    Column("edition", Integer, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("index", Integer, primary_key=True),
    Column("segment", JSON, nullable=False),  # Segment
)
