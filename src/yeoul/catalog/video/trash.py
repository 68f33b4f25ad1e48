"""The trash: deleted videos, which can be restored until their time in the trash ends.

State, streams and rows of a trashed video stay as they are, and its tasks continue, so that nothing needs to be made again after it is
restored. Restoring and deleting both lock the video's row, so that the second of them sees the change of the first.
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


def move_to_trash(connection: Connection, video_id: str, now_s: float) -> None:
    """Moves a video to the trash."""
    video.change(connection, video_id, {"trashed_at": now_s}, now_s)
    webhook_delivery.notify_owner(connection, video_id, WebhookEvent.TRASHED, now_s)


def restore(connection: Connection, video_id: str, now_s: float) -> None:
    """Restores a video from the trash."""
    video.change(connection, video_id, {"trashed_at": None}, now_s)
    webhook_delivery.notify_owner(connection, video_id, WebhookEvent.RESTORED, now_s)


def delete_permanently(connection: Connection, video_id: str, now_s: float) -> None:
    """Deletes a video permanently. Its blobs are deleted soon after the commit."""
    video.change_state(connection, video_id, VideoState.DELETED, now_s, trashed_at=None)
    outbox.emit(connection, VideoDeleted(video_id=video_id), now_s)


def find_expired(connection: Connection, before: float, limit: int) -> list[str]:
    """Returns the ids of videos that were moved to the trash before `before`, oldest first."""
    statement = select(table.c.id).where(table.c.trashed_at.is_not(None), table.c.trashed_at < before)
    return list(connection.execute(statement.order_by(table.c.trashed_at).limit(limit)).scalars())


def delete_if_expired(connection: Connection, video_id: str, before: float, now_s: float) -> None:
    """Deletes a video permanently if it has been in the trash since before `before`."""
    row = video.find_locked(connection, video_id)
    if row is not None and row["trashed_at"] is not None and row["trashed_at"] < before:
        delete_permanently(connection, video_id, now_s)
