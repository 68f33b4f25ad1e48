"""States and visibility of a video, and their transitions."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class VideoState(StrEnum):
    """The state of a video. `failed` can follow any state except `ready`; `deleted` can follow any state."""

    CREATED = "created"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    PLAYABLE = "playable"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Visibility(StrEnum):
    """The visibility of a video. public: everyone, and listed; unlisted: everyone with the link; private: only the owner."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


def effective_visibility(row: Mapping[str, Any]) -> Visibility:
    """Returns the effective visibility of the row of a video or playlist: private if a moderator has hidden it.

    All access checks start here.
    """
    return Visibility.PRIVATE if row.get("hidden") else Visibility(row["visibility"])


def is_visible_to_moderators(row: Mapping[str, Any]) -> bool:
    """True if moderators can see a video that they have hidden. They cannot see videos that the owner made private."""
    return "hidden" in row and Visibility(row["visibility"]) != Visibility.PRIVATE


_NEXT: dict[VideoState, frozenset[VideoState]] = {
    VideoState.CREATED: frozenset({VideoState.UPLOADING, VideoState.FAILED, VideoState.DELETED}),
    VideoState.UPLOADING: frozenset({VideoState.PROCESSING, VideoState.PLAYABLE, VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.PROCESSING: frozenset({VideoState.PLAYABLE, VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.PLAYABLE: frozenset({VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.READY: frozenset({VideoState.DELETED}),
    VideoState.FAILED: frozenset({VideoState.PROCESSING, VideoState.DELETED}),
    VideoState.DELETED: frozenset(),
}


def is_legal_transition(old: VideoState, new: VideoState) -> bool:
    """True if a video can change from `old` to `new`. Staying in a state is not a transition."""
    return new in _NEXT[old]
