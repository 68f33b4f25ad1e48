"""The trace of a video: spans from the start of its upload to `ready`, made from rows. Pure: rows in, nouns out.

Ids are hashes of names. Every process makes the same trace of a video, and sending it again creates no duplicates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from yeoul.catalog.schema.row.pipeline import AttemptRow, PieceRow, RunRow, TaskStateRow, UploadRow
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.model.noun import Noun

Value = str | int | float
_USED = ("cpu_s", "max_rss_bytes", "read_bytes", "written_bytes")


class SpanEvent(Noun):
    """An event within a span."""

    name: str
    at_s: float
    attributes: dict[str, Value]


class Span(Noun):
    """A span of a trace. Times in seconds since 1970. parent_id: None for the root span. error: code and message of a failure."""

    name: str
    span_id: int
    parent_id: int | None
    start_s: float
    end_s: float
    attributes: dict[str, Value]
    events: tuple[SpanEvent, ...] = ()
    error: tuple[str, str] | None = None


def make_trace_id(video_id: str) -> int:
    """Returns the 128-bit trace id, which all spans of a video share."""
    return _number(video_id, 16)


def make_trace(
    video: VideoRow,
    upload: UploadRow,
    pieces: Sequence[PieceRow],
    run: RunRow,
    tasks: Sequence[TaskStateRow],
    attempts: Sequence[AttemptRow],
) -> list[Span]:
    """Returns the spans of an ended run: the root span, the upload, each attempt, and the time from the last attempt to `ready`.

    pieces: the pieces or parts that the client uploaded. attempts: in order of their start; attempts that have not ended are left out.
    """
    by_id = {task["id"]: task for task in tasks}
    ended = [_make_attempt(video, by_id[attempt["task_id"]], attempt) for attempt in attempts if attempt["ended_at"] is not None]
    end_s = max([run["ended_at"] or run["created_at"], video["ready_at"] or 0.0, *(span.end_s for span in ended)])
    spans = [_make_root(video, upload, run, end_s), *_make_upload(video, upload, pieces), *ended]
    if video["ready_at"] is not None:
        last_s = max((span.end_s for span in ended), default=video["ready_at"])
        spans.append(_make_span(video, "ready", min(last_s, video["ready_at"]), video["ready_at"], {}))
    return spans


def _make_root(video: VideoRow, upload: UploadRow, run: RunRow, end_s: float) -> Span:
    times = (("playable", video["playable_at"]), ("ready", video["ready_at"]))
    moments = [SpanEvent(name=name, at_s=at_s, attributes={}) for name, at_s in times if at_s is not None]
    facts: dict[str, Value] = {
        "yeoul.video": video["id"],
        "yeoul.run": run["id"],
        "yeoul.pipeline": video["pipeline"],
        "yeoul.state": video["state"],
    }
    return Span(
        name="video",
        span_id=_number(f"{video['id']} video", 8),
        parent_id=None,
        start_s=upload["created_at"],
        end_s=end_s,
        attributes=facts,
        events=tuple(moments),
        error=_error(video["error"]),
    )


def _make_upload(video: VideoRow, upload: UploadRow, pieces: Sequence[PieceRow]) -> list[Span]:
    """Returns the span of the upload, with a moment for each piece that landed. Empty if the upload was never completed."""
    if upload["closed_at"] is None:
        return []
    landed = [(piece["landed_at"], piece) for piece in pieces if piece["landed_at"] is not None]
    moments = [
        SpanEvent(name="landed", at_s=landed_at, attributes={"yeoul.index": piece["index"], "yeoul.size_bytes": piece["size_bytes"]})
        for landed_at, piece in sorted(landed, key=lambda item: (item[0], item[1]["index"]))
    ]
    facts: dict[str, Value] = {"yeoul.mode": upload["mode"], "yeoul.size_bytes": upload["size_bytes"]}
    return [_make_span(video, "upload", upload["created_at"], upload["closed_at"], facts, tuple(moments))]


def _make_attempt(video: VideoRow, task: TaskStateRow, attempt: AttemptRow) -> Span:
    assert attempt["ended_at"] is not None, "only ended attempts have a span"
    place: dict[str, Any] = {f"yeoul.{name}": task[name] for name in ("stage", "op", "piece", "rung") if task[name] is not None}
    used = {f"yeoul.{name}": attempt[name] for name in _USED}
    numbered = {"yeoul.task": task["id"], "yeoul.attempt": attempt["number"]}
    ended: dict[str, Any] = {"yeoul.worker": attempt["worker"], "yeoul.outcome": attempt["outcome"]}
    wait = {"yeoul.queue_wait_s": round(attempt["started_at"] - attempt["ready_at"], 4)}
    span = _make_span(video, task["stage"], attempt["started_at"], attempt["ended_at"], {**place, **numbered, **ended, **wait, **used})
    return span.model_copy(update={"span_id": _number(f"{task['id']} {attempt['number']}", 8), "error": _error(attempt["error"])})


def _make_span(
    video: VideoRow, name: str, start_s: float, end_s: float, attributes: dict[str, Value], moments: tuple[SpanEvent, ...] = ()
) -> Span:
    return Span(
        name=name,
        span_id=_number(f"{video['id']} {name}", 8),
        parent_id=_number(f"{video['id']} video", 8),
        start_s=start_s,
        end_s=max(start_s, end_s),
        attributes=attributes,
        events=moments,
    )


def _error(error: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return None if error is None else (str(error.get("code")), str(error.get("message")))


def _number(name: str, size_bytes: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:size_bytes], "big")
