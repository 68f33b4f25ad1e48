"""Rows of the tables in `schema.videos`."""

from __future__ import annotations

from typing import Any, Literal, TypedDict


class VideoRow(TypedDict):
    """A video."""

    id: str
    owner_id: str
    title: str
    description: str
    visibility: str
    pipeline: str
    state: str
    error: dict[str, Any] | None
    notice: dict[str, Any] | None
    source: dict[str, Any] | None
    poster_key: str | None
    storyboard: dict[str, Any] | None
    dropped: dict[str, Any]
    lost: dict[str, int]
    sidecars: dict[str, str]
    edition: int
    progress: float
    version: int
    created_at: float
    updated_at: float
    playable_at: float | None
    ready_at: float | None
    tags: list[str]
    views: int
    trend: float
    hidden: bool
    trashed_at: float | None
    own_poster_key: str | None


class ListingRow(TypedDict):
    """A listed video."""

    id: int
    video_id: str
    owner_id: str
    created_at: float
    title: str
    words: str
    duration_s: float | None
    height: int | None
    trend: float


class ChannelRow(TypedDict):
    """The counters of a channel."""

    account_id: str
    subscribers: int
    videos: int


class SubscriptionRow(TypedDict):
    """A subscription of an account to a channel."""

    account_id: str
    channel_id: str
    created_at: float


class PlaylistRow(TypedDict):
    """A playlist."""

    id: str
    owner_id: str
    kind: str
    title: str
    description: str
    visibility: str
    entries: int
    created_at: float
    updated_at: float


class PlaylistEntryRow(TypedDict):
    """An entry of a playlist."""

    id: str
    playlist_id: str
    video_id: str
    place: int
    added_at: float


class WatchedRow(TypedDict):
    """An entry of a watch history."""

    account_id: str
    video_id: str
    position_s: float
    watched_at: float


class AudioTrackRow(TypedDict):
    """An audio track of a video."""

    video_id: str
    name: str
    position: int
    language: str | None
    label: str
    role: str
    origin: str
    sound: dict[str, Any] | None
    bucket: Literal["original", "temp"] | None
    key: str | None
    size_bytes: int
    sha256: str | None
    landed_at: float | None
    removed: bool
    created_at: float


class CaptionRow(TypedDict):
    """A caption of a video."""

    video_id: str
    name: str
    language: str | None
    label: str
    webvtt: str
    origin: str
    edition: int
