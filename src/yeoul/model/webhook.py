"""Events that webhooks receive."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from yeoul.model.video import VideoState


class WebhookEvent(StrEnum):
    """An event of a video that webhooks can receive."""

    CREATED = "video.created"
    PLAYABLE = "video.playable"
    READY = "video.ready"
    FAILED = "video.failed"
    TRASHED = "video.trashed"
    RESTORED = "video.restored"
    DELETED = "video.deleted"


TEST = "webhook.test"  # sent when the owner requests a test
DisableReason = Literal["gone", "failing"]  # the URL answered 410 Gone; all deliveries failed for days
_EVENT_OF_STATE = {
    VideoState.PLAYABLE: WebhookEvent.PLAYABLE,
    VideoState.READY: WebhookEvent.READY,
    VideoState.FAILED: WebhookEvent.FAILED,
    VideoState.DELETED: WebhookEvent.DELETED,
}


def make_events(old: VideoState, new: VideoState) -> tuple[WebhookEvent, ...]:
    """Returns the events of a transition. A video that becomes ready without being playable before has both events."""
    if new == VideoState.READY and old != VideoState.PLAYABLE:
        return (WebhookEvent.PLAYABLE, WebhookEvent.READY)
    return (_EVENT_OF_STATE[new],) if new in _EVENT_OF_STATE else ()
