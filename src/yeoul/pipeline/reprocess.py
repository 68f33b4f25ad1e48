"""Reprocessing: makes a new edition of a video from its upload, with the same or another DAG definition."""

from __future__ import annotations

from sqlalchemy import Connection

from yeoul.base.errors import ConflictError
from yeoul.catalog.queue import outbox, run
from yeoul.catalog.video import upload, video
from yeoul.model.event import Reprocess

_ENDED = ("done", "failed")


def request(connection: Connection, video_id: str, pipeline: str, now_s: float) -> None:
    """Requests reprocessing of a video. Raises NotFoundError, or ConflictError if its last run or its upload has not ended."""
    row = video.lock(connection, video_id)
    current = run.find_of_video(connection, video_id)
    if current is None or current["state"] not in _ENDED:
        state = None if current is None else current["state"]
        raise ConflictError(f"video {video_id} is still being processed; try again when that has ended", state=row["state"], run=state)
    if upload.get(connection, current["upload_id"])["state"] != "closed":
        raise ConflictError(f"video {video_id} cannot be reprocessed before its upload is complete", state=row["state"])
    video.change(connection, video_id, {"pipeline": pipeline, "notice": None}, now_s)
    outbox.emit(connection, Reprocess(video_id=video_id, edition=current["edition"] + 1), now_s)
