"""The trash: videos that are gone for everybody, and come back as they were while their days there last.

State, streams and rows stay as they are, and so does the work on them: what a restore shows is then as if nothing had happened, and
nobody has to make again what was stopped. Restoring and freeing both hold the video's row, so that one of them finds it changed.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from yeoul.catalog.account import webhook_delivery
from yeoul.catalog.queue import outbox
from yeoul.catalog.schema.videos import video as table
from yeoul.catalog.video import video
from yeoul.model.event import VideoDeleted
from yeoul.model.video import VideoState
from yeoul.model.webhook import WebhookEvent


def put(connection: Connection, video_id: str, now_s: float) -> None:
    """Put a video there."""
    video.change(connection, video_id, {"trashed_at": now_s}, now_s)
    webhook_delivery.tell(connection, video_id, WebhookEvent.TRASHED, now_s)


def restore(connection: Connection, video_id: str, now_s: float) -> None:
    """Take a video out again."""
    video.change(connection, video_id, {"trashed_at": None}, now_s)
    webhook_delivery.tell(connection, video_id, WebhookEvent.RESTORED, now_s)


def free(connection: Connection, video_id: str, now_s: float) -> None:
    """Delete a video for good; its files are freed soon after."""
    video.move(connection, video_id, VideoState.DELETED, now_s, trashed_at=None)
    outbox.emit(connection, VideoDeleted(video_id=video_id), now_s)


def find_due(connection: Connection, before: float, limit: int) -> list[str]:
    """Videos that were put there before `before`: ids, oldest first."""
    statement = select(table.c.id).where(table.c.trashed_at.is_not(None), table.c.trashed_at < before)
    return list(connection.execute(statement.order_by(table.c.trashed_at).limit(limit)).scalars())


def free_due(connection: Connection, video_id: str, before: float, now_s: float) -> None:
    """Delete a video for good if it is still there since before `before`."""
    row = video.find_locked(connection, video_id)
    if row is not None and row["trashed_at"] is not None and row["trashed_at"] < before:
        free(connection, video_id, now_s)
