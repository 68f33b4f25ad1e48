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


def audience(row: Mapping[str, Any]) -> Visibility:
    """Who may watch a video or a playlist, by its row: what moderators hide is as if it were private.

    All decisions about access begin here.
    """
    return Visibility.PRIVATE if row.get("hidden") else Visibility(row["visibility"])


def is_moderated(row: Mapping[str, Any]) -> bool:
    """Whether moderators may see a video that they have hidden: not what its owner keeps private."""
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


def is_legal(old: VideoState, new: VideoState) -> bool:
    """Whether a video may go from `old` to `new`; staying is not a transition."""
    return new in _NEXT[old]
