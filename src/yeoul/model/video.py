"""A video and the states it goes through."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class VideoState(StrEnum):
    """Life of a video; `failed` can follow any state but `ready`, `deleted` any."""

    CREATED = "created"
    UPLOADING = "uploading"
    PROCESSING = "processing"
    PLAYABLE = "playable"
    READY = "ready"
    FAILED = "failed"
    DELETED = "deleted"


class Visibility(StrEnum):
    """Who may watch: everyone and in the feed; everyone with the link; the owner alone."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    PRIVATE = "private"


def audience(video: Mapping[str, Any]) -> Visibility:
    """Who may watch a video, by its row: what moderators hide is as if it were private."""
    return Visibility.PRIVATE if video["hidden"] else Visibility(video["visibility"])


_NEXT: dict[VideoState, frozenset[VideoState]] = {
    VideoState.CREATED: frozenset({VideoState.UPLOADING, VideoState.FAILED, VideoState.DELETED}),
    VideoState.UPLOADING: frozenset({VideoState.PROCESSING, VideoState.PLAYABLE, VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.PROCESSING: frozenset({VideoState.PLAYABLE, VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.PLAYABLE: frozenset({VideoState.READY, VideoState.FAILED, VideoState.DELETED}),
    VideoState.READY: frozenset({VideoState.DELETED}),
    VideoState.FAILED: frozenset({VideoState.PROCESSING, VideoState.DELETED}),
    VideoState.DELETED: frozenset(),
}


def is_legal(old: VideoState, new: VideoState) -> bool:
    """Whether a video may go from `old` to `new`; staying is not a transition."""
    return new in _NEXT[old]
