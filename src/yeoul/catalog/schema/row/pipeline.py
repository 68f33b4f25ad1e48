"""Rows of the tables in `schema.work`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class UploadRow(TypedDict):
    """An upload."""

    id: str
    video_id: str
    mode: Literal["pieces", "whole"]
    file_name: str
    size_bytes: int
    fingerprint: str
    source: dict[str, Any] | None
    state: str
    created_at: float
    closed_at: float | None
    touched_at: float
    replaced_bytes: int


class PieceRow(TypedDict):
    """A piece of an upload, or a part of a whole file."""

    upload_id: str
    kind: Literal["piece", "part"]
    index: int
    piece: dict[str, Any] | None
    bucket: Literal["original", "temp"]
    key: str
    size_bytes: int
    sha256: str
    landed_at: float | None


class RunRow(TypedDict):
    """A run."""

    id: str
    video_id: str
    upload_id: str
    edition: int
    account_id: str
    definition: dict[str, Any]
    ladder: list[dict[str, Any]] | None
    source: dict[str, Any] | None
    made: dict[str, Any]
    state: str
    version: int
    created_at: float
    ended_at: float | None


class TaskStateRow(TypedDict):
    """A task without its inputs and outputs, which can be large."""

    id: str
    run_id: str
    account_id: str
    stage: str
    piece: int | None
    rung: str | None
    op: str
    state: str
    due_at: float
    not_before: float
    waiting_on: int
    cpu: float
    memory_bytes: int
    gpu: float
    tags: list[str]
    wants: str
    timeout_s: float
    retries: int
    optional: bool
    latency_sensitive: bool
    attempt: int
    tries: int
    failures: int
    failed_on: list[str]
    crashes: int
    owner: str | None
    worker: str | None
    lease_until: float | None
    error: dict[str, Any] | None
    progress: float
    cpu_s: float
    created_at: float
    ready_at: float | None
    started_at: float | None
    ended_at: float | None
    updated_at: float
    key: str | None
    digest: str | None


class TaskRow(TaskStateRow):
    """A task."""

    params: dict[str, Any]
    outputs: dict[str, Any] | None


class AttemptRow(TypedDict):
    """An attempt of a task."""

    task_id: str
    number: int
    run_id: str
    stage: str
    worker: str
    ready_at: float
    started_at: float
    ended_at: float | None
    outcome: str | None
    error: dict[str, Any] | None
    cpu_s: float
    wall_s: float
    max_rss_bytes: int
    read_bytes: int
    written_bytes: int
    reused: bool


class EventRow(TypedDict):
    """An event of a run log, and the instructions that the scheduler returned."""

    run_id: str
    seq: int
    event: dict[str, Any]
    gave: list[dict[str, Any]]
    at: float


class WorkerRow(TypedDict):
    """A worker as its dispatcher reported it."""

    owner: str
    id: str
    slots: dict[str, Any]
    free: dict[str, Any]
    quarantined_until: float | None
    reason: str | None
    pause_s: float | None
    overload: int
    wait_s: float
    seen_at: float


class EdgeRow(TypedDict):
    """An edge between two tasks: one needs the other."""

    needs_id: str
    task_id: str


class RenditionRow(TypedDict):
    """A rendition of an edition of a video."""

    video_id: str
    edition: int
    name: str
    kind: str
    rendition: dict[str, Any]
    declared_bps: int
    contiguous: int
    listed: bool


class SegmentRow(TypedDict):
    """A segment of a rendition."""

    video_id: str
    edition: int
    name: str
    index: int
    segment: dict[str, Any]
