"""The sweeper: frees objects that are no longer needed, and expires inactive uploads.

It calls the blob store only while no transaction is open: an outbox row names the objects to free, and is deleted after they are freed.
If a sweeper dies half way, or two sweepers take the same row, objects are deleted twice, which is harmless.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Protocol

from sqlalchemy import Connection

from yeoul.base.errors import UploadExpiredError, YeoulError
from yeoul.blob.store import BlobInfo, Bucket
from yeoul.catalog.account import usage
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox, result, run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.schema.row.pipeline import RunRow, UploadRow
from yeoul.catalog.schema.row.videos import AudioTrackRow, VideoRow
from yeoul.catalog.video import audio_track, caption, stream, trash, upload, video
from yeoul.model.event import FreeBlobs, Unused
from yeoul.model.rendition import SURROUND, Storyboard
from yeoul.model.video import VideoState, is_legal_transition
from yeoul.pipeline.task.result_key import find_keys

log = logging.getLogger("yeoul.pipeline")
_PLAYBACK_S = 6 * 3600.0  # playback sessions may use replaced objects for this long
_EXPIRE_EVERY_S = 300.0
_BATCH = 100
_RETRY_DELAY_S = 1.0
_LONG_RETRY_DELAY_S = 60.0  # after errors that a retry is unlikely to fix
_CANCEL_S = 120.0  # within this time every dispatcher has killed its attempts of a cancelled run


class Store(Protocol):
    """The methods of the blob store that the sweeper uses."""

    def list(self, bucket: Bucket, prefix: str) -> Iterable[BlobInfo]: ...
    def delete(self, bucket: Bucket, key: str) -> None: ...
    def delete_prefix(self, bucket: Bucket, prefix: str) -> int: ...


def schedule_free(connection: Connection, video_id: str, what: Unused, now_s: float) -> None:
    """Schedules objects of a video to be freed soon after the commit."""
    outbox.emit(connection, FreeBlobs(video_id=video_id, what=what), now_s)


def schedule_free_earlier(connection: Connection, video_id: str, now_s: float) -> None:
    """Schedules earlier editions of a video to be freed, after their playback sessions have ended."""
    outbox.emit(connection, FreeBlobs(video_id=video_id, what="earlier"), now_s, not_before=now_s + _PLAYBACK_S)


def schedule_free_one(connection: Connection, video_id: str, key: str, now_s: float, bucket: Bucket = Bucket.ENCODED) -> None:
    """Schedules one object to be freed, after playback sessions that use it have ended."""
    event = FreeBlobs(video_id=video_id, what="one", key=key, bucket=bucket.value)
    outbox.emit(connection, event, now_s, not_before=now_s + _PLAYBACK_S)


class Sweeper:
    """Frees objects and expires uploads; one per dispatcher.

    expire_s: how long an upload may be inactive. trash_s: returns how long a video stays in the trash, which admins can change.
    """

    def __init__(self, database: Database, store: Store, expire_s: float, trash_s: Callable[[], float]) -> None:
        self._database = database
        self._store = store
        self._expire_s = expire_s
        self._trash_s = trash_s
        self._expire_at = 0.0

    # --- blobs ---

    def free_next(self, now_s: float) -> bool:
        """Frees the objects of the oldest due FreeBlobs event. True if there may be more events."""
        with self._database.read() as connection:
            entry = outbox.find_free(connection, now_s)
        if entry is None:
            return False
        try:
            event = entry.event()
            assert isinstance(event, FreeBlobs), "find_free returns FreeBlobs"
            self._free(event)
        except YeoulError as error:
            log.warning("could not free objects of video %s, will retry: %s", entry.video_id, error.message)
            with self._database.write() as connection:
                outbox.postpone(connection, entry.id, now_s + (_RETRY_DELAY_S if error.retryable else _LONG_RETRY_DELAY_S))
            return True
        with self._database.write() as connection:
            if event.upload_id is not None:
                _delete_upload_rows(connection, event.video_id, event.upload_id, now_s)
            outbox.delete_entry(connection, entry.id)
        return True

    def free_all(self, video_id: str) -> None:
        """Deletes all objects of a video."""
        for bucket in Bucket:
            self._store.delete_prefix(bucket, f"{video_id}/")

    def free_attempt(self, prefix: str) -> None:
        """Deletes the objects that one attempt wrote."""
        for bucket in (Bucket.TEMP, Bucket.ENCODED):
            self._store.delete_prefix(bucket, prefix)

    def _free(self, event: FreeBlobs) -> None:
        video_id = event.video_id
        if event.what == "one":
            if event.key is not None:
                self._store.delete(Bucket(event.bucket or Bucket.ENCODED.value), event.key)
            return
        if event.what == "all":
            self.free_all(video_id)
            with self._database.write() as connection:
                usage.clear(connection, video_id)
            return
        if event.what == "earlier":
            with self._database.write() as connection:
                _delete_earlier(connection, video_id)
        with self._database.read() as connection:
            row = video.find(connection, video_id)
            used = set[str | None]() if row is None else _find_used_keys(connection, row)
        if row is None:  # the video was deleted in the meantime, and another event frees all its objects
            return
        self._store.delete_prefix(Bucket.TEMP, f"{video_id}/")
        kept_bytes = 0
        for info in list(self._store.list(Bucket.ENCODED, f"{video_id}/")):
            if info.key in used:
                kept_bytes += info.size_bytes
            else:
                self._store.delete(Bucket.ENCODED, info.key)
        with self._database.write() as connection:
            if video.find_locked(connection, video_id) is not None:  # else its usage rows are deleted with it
                usage.set_encoded_bytes(connection, row["owner_id"], video_id, kept_bytes)
                usage.set_temp_bytes(connection, row["owner_id"], video_id, 0)

    # --- uploads ---

    def expire(self, now_s: float) -> bool:
        """Every few minutes, expires inactive uploads, deletes videos and audio tracks that were never uploaded, and empties the trash.

        True if it found any.
        """
        if now_s < self._expire_at:
            return False
        before, trashed_before = now_s - self._expire_s, now_s - self._trash_s()
        with self._database.read() as connection:
            stale_uploads = upload.find_stale(connection, before, _BATCH)
            unused_videos = video.find_unused(connection, before, _BATCH)
            due_videos = trash.find_expired(connection, trashed_before, _BATCH)
            stale_tracks = audio_track.find_stale(connection, before, _BATCH)
        for upload_id in stale_uploads:
            with self._database.write() as connection:
                _expire_upload(connection, upload_id, before, now_s)
        for video_id in unused_videos:
            with self._database.write() as connection:
                _delete_unused(connection, video_id)
        for video_id in due_videos:
            with self._database.write() as connection:
                trash.delete_if_expired(connection, video_id, trashed_before, now_s)
        for track in stale_tracks:
            with self._database.write() as connection:
                _delete_stale_track(connection, track, now_s)
        has_more = max(len(stale_uploads), len(unused_videos), len(due_videos), len(stale_tracks)) == _BATCH
        self._expire_at = now_s if has_more else now_s + _EXPIRE_EVERY_S
        return bool(stale_uploads or unused_videos or due_videos or stale_tracks)


def _find_used_keys(connection: Connection, row: VideoRow) -> set[str | None]:
    """Returns all object keys that viewers of a video may request, and those of reusable outputs of its newest run."""
    storyboard_keys = () if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"]).keys
    shown = stream.blob_keys(connection, row["id"]) | {
        row["poster_key"],
        row["own_poster_key"],
        *storyboard_keys,
        *row["sidecars"].values(),
    }
    current = run.find_of_video(connection, row["id"])
    if current is None:
        return shown
    removed_tracks = audio_track.removed_names(connection, row["id"])
    unusable = {*current["made"]["dropped"], *removed_tracks, *(f"{name}{SURROUND}" for name in removed_tracks)}
    return shown | find_keys(result.reusable_outputs(connection, current["id"]), row["id"], unusable)


def _delete_earlier(connection: Connection, video_id: str) -> None:
    """Deletes the rows of all editions except the shown one and the one of the newest run."""
    row, current = video.find_locked(connection, video_id), run.find_of_video(connection, video_id)
    if row is not None and current is not None:
        stream.delete_other_editions(connection, video_id, {row["edition"], current["edition"]})


def _expire_upload(connection: Connection, upload_id: str, before: float, now_s: float) -> None:
    """Expires an upload unless its client has returned. Deletes the video too if nothing of it has landed."""
    upload_row = upload.lock(connection, upload_id)
    if upload_row["state"] != "open" or upload_row["touched_at"] >= before:
        return
    current = run.lock_of_upload(connection, upload_id)
    row = video.find(connection, upload_row["video_id"])
    if row is not None and current is None and not _has_landed(connection, upload_id):
        upload.delete_upload(connection, upload_id)
        video.delete_video(connection, row["id"])
        schedule_free(connection, row["id"], "all", now_s)  # objects that were sent, but never reported as landed
        return
    upload.expire(connection, upload_id)
    if row is not None:
        _fail_video(connection, upload_row, current, row, now_s)


def _delete_stale_track(connection: Connection, track: AudioTrackRow, now_s: float) -> None:
    """Deletes an audio track that was declared but has not landed."""
    row = video.find_locked(connection, track["video_id"])
    current = audio_track.find(connection, track["video_id"], track["name"])
    if row is None or current is None or current["landed_at"] is not None:
        return
    assert current["key"] is not None, "declared tracks have a key"
    audio_track.remove(connection, row["id"], current["name"], now_s)
    usage.add_original_bytes(connection, row["owner_id"], row["id"], -current["size_bytes"])
    schedule_free_one(connection, row["id"], current["key"], now_s, Bucket.ORIGINAL)


def _has_landed(connection: Connection, upload_id: str) -> bool:
    return any(upload.landed_indexes(connection, upload_id, kind) for kind in ("piece", "part"))


def _fail_video(connection: Connection, upload_row: UploadRow, current: RunRow | None, row: VideoRow, now_s: float) -> None:
    """Fails the video of an expired upload, and schedules its objects and rows to be deleted when no attempt can write to them any more."""
    log.info("upload %s of video %s expired: it was inactive since %.0f", upload_row["id"], row["id"], upload_row["touched_at"])
    if current is not None:
        run.end(connection, current["id"], "cancelled", now_s)
        queue.cancel_run(connection, current["id"], now_s)
    if is_legal_transition(VideoState(row["state"]), VideoState.FAILED):
        error = UploadExpiredError("the upload was not completed in time and has expired; upload the file again").to_dict()
        video.change_state(connection, row["id"], VideoState.FAILED, now_s, error=error, notice=None)
    event = FreeBlobs(video_id=row["id"], what="all", upload_id=upload_row["id"])
    outbox.emit(connection, event, now_s, not_before=now_s + _CANCEL_S)


def _delete_upload_rows(connection: Connection, video_id: str, upload_id: str, now_s: float) -> None:
    """Deletes the rows that belong to an expired upload. The upload's own row stays, so that a returning client learns that it expired."""
    current = run.lock_of_upload(connection, upload_id)
    if current is not None:
        run.delete_run(connection, current["id"])
    upload.delete_pieces(connection, upload_id)
    stream.delete_other_editions(connection, video_id, ())
    caption.delete_all(connection, video_id)
    audio_track.delete_all(connection, video_id)
    if video.find(connection, video_id) is not None:
        video.change(connection, video_id, {"poster_key": None, "own_poster_key": None, "storyboard": None, "sidecars": {}}, now_s)


def _delete_unused(connection: Connection, video_id: str) -> None:
    """Deletes a video without an upload, unless it got one in the meantime."""
    if video.find_locked(connection, video_id) is not None and upload.find_of_video(connection, video_id) is None:
        video.delete_video(connection, video_id)
