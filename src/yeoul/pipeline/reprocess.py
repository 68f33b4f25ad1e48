"""Processing a video again, by the same or another definition, from what was uploaded: an edition that is shown when it is whole."""

from __future__ import annotations

from sqlalchemy import Connection

from yeoul.base.errors import ConflictError
from yeoul.catalog.queue import outbox, run
from yeoul.catalog.video import upload, video
from yeoul.model.event import Reprocess

_ENDED = ("done", "failed")


def ask(connection: Connection, video_id: str, pipeline: str, now_s: float) -> None:
    """Have a video processed again. Raises ConflictError before its first run has ended, NotFoundError."""
    row = video.lock(connection, video_id)
    current = run.find_of_video(connection, video_id)
    if current is None or current["state"] not in _ENDED:
        state = None if current is None else current["state"]
        raise ConflictError(f"video {video_id} is still being processed; ask again when that has ended", state=row["state"], run=state)
    if upload.get(connection, current["upload_id"])["state"] != "closed":
        raise ConflictError(f"the upload of video {video_id} has not ended; it cannot be processed again", state=row["state"])
    video.change(connection, video_id, {"pipeline": pipeline, "notice": None}, now_s)
    outbox.emit(connection, Reprocess(video_id=video_id, edition=current["edition"] + 1), now_s)
