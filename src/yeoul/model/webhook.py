"""What webhooks are told of."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from yeoul.model.video import VideoState


class WebhookEvent(StrEnum):
    """Something that happened to a video."""

    CREATED = "video.created"
    PLAYABLE = "video.playable"
    READY = "video.ready"
    FAILED = "video.failed"
    TRASHED = "video.trashed"
    RESTORED = "video.restored"
    DELETED = "video.deleted"


TEST = "webhook.test"  # that its owner asks for
OffReason = Literal["gone", "failing"]  # its address said so; nothing was delivered for days
_OF_STATE = {
    VideoState.PLAYABLE: WebhookEvent.PLAYABLE,
    VideoState.READY: WebhookEvent.READY,
    VideoState.FAILED: WebhookEvent.FAILED,
    VideoState.DELETED: WebhookEvent.DELETED,
}


def events_of(old: VideoState, new: VideoState) -> tuple[WebhookEvent, ...]:
    """What there is to tell of a video that comes from one state to another. What is ready is playable, too."""
    if new == VideoState.READY and old != VideoState.PLAYABLE:
        return (WebhookEvent.PLAYABLE, WebhookEvent.READY)
    return (_OF_STATE[new],) if new in _OF_STATE else ()
