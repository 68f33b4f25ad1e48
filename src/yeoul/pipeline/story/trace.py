"""The trace of a video: spans from the opening of its upload to `ready`, from what the rows tell. Pure: rows in, nouns out.

Ids come from names, so that whoever makes the trace of a video makes the same one, and making it again adds nothing to it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from yeoul.model.noun import Noun

Row = Mapping[str, Any]
Value = str | int | float
_USED = ("cpu_s", "max_rss_bytes", "read_bytes", "written_bytes")


class Moment(Noun):
    """Something that happened within a span."""

    name: str
    at_s: float
    attributes: dict[str, Value]


class Span(Noun):
    """A stretch of time. Times in seconds since 1970; parent_id: None of the first one; error: code and message of what ended it badly."""

    name: str
    span_id: int
    parent_id: int | None
    start_s: float
    end_s: float
    attributes: dict[str, Value]
    moments: tuple[Moment, ...] = ()
    error: tuple[str, str] | None = None


def make_trace_id(video_id: str) -> int:
    """The 128 bits that all spans of a video share."""
    return _number(video_id, 16)


def make_trace(video: Row, upload: Row, pieces: Sequence[Row], run: Row, tasks: Sequence[Row], attempts: Sequence[Row]) -> list[Span]:
    """The spans of a run that has ended, the whole first: its upload, each attempt, and what was left to do until it was ready.

    pieces: what the client sent. attempts: in order of their start; what has not ended is left out.
    """
    by_id = {task["id"]: task for task in tasks}
    ended = [_attempt(video, by_id[found["task_id"]], found) for found in attempts if found["ended_at"] is not None]
    end_s = max([run["ended_at"] or run["created_at"], video["ready_at"] or 0.0, *(span.end_s for span in ended)])
    spans = [_whole(video, upload, run, end_s), *_upload(video, upload, pieces), *ended]
    if video["ready_at"] is not None:
        last_s = max((span.end_s for span in ended), default=video["ready_at"])
        spans.append(_span(video, "ready", min(last_s, video["ready_at"]), video["ready_at"], {}))
    return spans


def _whole(video: Row, upload: Row, run: Row, end_s: float) -> Span:
    marks = [
        Moment(name=name, at_s=video[f"{name}_at"], attributes={}) for name in ("playable", "ready") if video[f"{name}_at"] is not None
    ]
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
        moments=tuple(marks),
        error=_error(video["error"]),
    )


def _upload(video: Row, upload: Row, pieces: Sequence[Row]) -> list[Span]:
    """From the opening of the upload to its completion, with a moment for each piece that landed; none when it was never completed."""
    if upload["closed_at"] is None:
        return []
    landed = [piece for piece in pieces if piece["landed_at"] is not None]
    moments = [
        Moment(name="landed", at_s=piece["landed_at"], attributes={"yeoul.index": piece["index"], "yeoul.size_bytes": piece["size_bytes"]})
        for piece in sorted(landed, key=lambda piece: (piece["landed_at"], piece["index"]))
    ]
    facts: dict[str, Value] = {"yeoul.mode": upload["mode"], "yeoul.size_bytes": upload["size_bytes"]}
    return [_span(video, "upload", upload["created_at"], upload["closed_at"], facts, tuple(moments))]


def _attempt(video: Row, task: Row, found: Row) -> Span:
    place = {f"yeoul.{name}": task[name] for name in ("stage", "op", "piece", "rung") if task[name] is not None}
    used = {f"yeoul.{name}": found[name] for name in _USED}
    story = {"yeoul.task": task["id"], "yeoul.attempt": found["number"], "yeoul.worker": found["worker"], "yeoul.outcome": found["outcome"]}
    wait = {"yeoul.queue_wait_s": round(found["started_at"] - found["ready_at"], 4)}
    made = _span(video, task["stage"], found["started_at"], found["ended_at"], {**place, **story, **wait, **used})
    return made.model_copy(update={"span_id": _number(f"{task['id']} {found['number']}", 8), "error": _error(found["error"])})


def _span(video: Row, name: str, start_s: float, end_s: float, attributes: dict[str, Value], moments: tuple[Moment, ...] = ()) -> Span:
    return Span(
        name=name,
        span_id=_number(f"{video['id']} {name}", 8),
        parent_id=_number(f"{video['id']} video", 8),
        start_s=start_s,
        end_s=max(start_s, end_s),
        attributes=attributes,
        moments=moments,
    )


def _error(found: Mapping[str, Any] | None) -> tuple[str, str] | None:
    return None if found is None else (str(found.get("code")), str(found.get("message")))


def _number(name: str, size_bytes: int) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:size_bytes], "big")
