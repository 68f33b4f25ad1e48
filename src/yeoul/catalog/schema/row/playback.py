"""Rows of the tables in `schema.viewings`."""

from __future__ import annotations

from typing import Any, TypedDict


class ViewingRow(TypedDict):
    """A playback session."""

    id: str
    video_id: str
    visitor: str
    device: str
    first_at: float
    seen_at: float
    high: int
    window: int
    played_s: float
    stalled_s: float
    noted: int
    buckets: str
    is_view: bool
    is_finished: bool


class AudienceRow(TypedDict):
    """The sums of a video's playback on one day."""

    video_id: str
    day: int
    owner_id: str
    views: int
    finished: int
    watch_s: float
    stalls: int
    stall_s: float
    switches: int
    errors: int
    detail: dict[str, Any]
