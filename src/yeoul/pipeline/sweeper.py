"""The sweeper: frees what nobody needs, and ends uploads that nobody goes on with.

The store works while no transaction is open: a row says what to free, and is dropped once it is freed. What was begun by one who
died, or by two at once, is done again, which changes nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from sqlalchemy import Connection

from yeoul.base.errors import UploadExpiredError, YeoulError
from yeoul.blob.store import BlobInfo, Bucket
from yeoul.catalog.account import usage
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox, result, run
from yeoul.catalog.queue import task as queue
from yeoul.catalog.video import audio_track, caption, stream, trash, upload, video
from yeoul.model.event import FreeBlobs, Unused
from yeoul.model.rendition import SURROUND, Storyboard
from yeoul.model.video import VideoState, is_legal
from yeoul.pipeline.task.result_key import find_keys

log = logging.getLogger("yeoul.pipeline")
Row = Mapping[str, Any]
_WATCHED_S = 6 * 3600.0  # who began to watch before goes on with what began
_EXPIRE_EVERY_S = 300.0
_BATCH = 100
_AGAIN_S = 1.0
_LATER_S = 60.0  # where trying again at once cannot help
_RUNNING_S = 120.0  # by then every dispatcher has killed what it ran of a cancelled run


class Store(Protocol):
    """What the sweeper needs of the blob store."""

    def list(self, bucket: Bucket, prefix: str) -> Iterable[BlobInfo]: ...
    def delete(self, bucket: Bucket, key: str) -> None: ...
    def delete_prefix(self, bucket: Bucket, prefix: str) -> int: ...


def ask(connection: Connection, video_id: str, what: Unused, now_s: float) -> None:
    """Frees objects of a video soon after the commit."""
    outbox.emit(connection, FreeBlobs(video_id=video_id, what=what), now_s)


def ask_later(connection: Connection, video_id: str, now_s: float) -> None:
    """Frees what a video showed before it was reprocessed, once playback sessions of it have ended."""
    outbox.emit(connection, FreeBlobs(video_id=video_id, what="earlier"), now_s, not_before=now_s + _WATCHED_S)


def ask_one(connection: Connection, video_id: str, key: str, now_s: float, bucket: Bucket = Bucket.ENCODED) -> None:
    """Frees one object, once playback sessions that use it have ended."""
    event = FreeBlobs(video_id=video_id, what="one", key=key, bucket=bucket.value)
    outbox.emit(connection, event, now_s, not_before=now_s + _WATCHED_S)


class Sweeper:
    """One per dispatcher.

    expire_s: life of an upload since its client's last sign of life; trash_s: of a video in the trash, as it is now.
    """

    def __init__(self, database: Database, store: Store, expire_s: float, trash_s: Callable[[], float]) -> None:
        self._database = database
        self._store = store
        self._expire_s = expire_s
        self._trash_s = trash_s
        self._expire_at = 0.0

    # --- blobs ---

    def free_next(self, now_s: float) -> bool:
        """Free what the oldest due row names; True when there may be more."""
        with self._database.read() as connection:
            entry = outbox.find_free(connection, now_s)
        if entry is None:
            return False
        event = entry.event()
        assert isinstance(event, FreeBlobs), "the outbox was asked for these"
        try:
            self._free(event)
        except YeoulError as error:
            log.warning("objects of video %s are not freed yet: %s", event.video_id, error.message)
            with self._database.write() as connection:
                outbox.postpone(connection, entry.id, now_s + (_AGAIN_S if error.retryable else _LATER_S))
            return True
        with self._database.write() as connection:
            if event.upload_id is not None:
                _forget(connection, event.video_id, event.upload_id, now_s)
            outbox.delete_entry(connection, entry.id)
        return True

    def free_all(self, video_id: str) -> None:
        """Free everything a video has in the store."""
        for bucket in Bucket:
            self._store.delete_prefix(bucket, f"{video_id}/")

    def discard(self, prefix: str) -> None:
        """Free what one attempt wrote."""
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
                _forget_earlier(connection, video_id)
        with self._database.read() as connection:
            row = video.find(connection, video_id)
            used = set[str | None]() if row is None else _used(connection, row)
        if row is None:  # deleted meanwhile: an event of its own frees everything
            return
        self._store.delete_prefix(Bucket.TEMP, f"{video_id}/")
        kept_bytes = 0
        for info in list(self._store.list(Bucket.ENCODED, f"{video_id}/")):
            if info.key in used:
                kept_bytes += info.size_bytes
            else:
                self._store.delete(Bucket.ENCODED, info.key)
        with self._database.write() as connection:
            if video.find_locked(connection, video_id) is not None:  # else what counted it is gone, or goes with it
                usage.note_encoded(connection, row["owner_id"], video_id, kept_bytes)
                usage.note_temp(connection, row["owner_id"], video_id, 0)

    # --- uploads ---

    def expire(self, now_s: float) -> bool:
        """Every few minutes: end uploads without a sign of life, drop videos that nothing was ever sent for, and free what was in the
        trash for long enough. True when any was.
        """
        if now_s < self._expire_at:
            return False
        before, put_before = now_s - self._expire_s, now_s - self._trash_s()
        with self._database.read() as connection:
            stale = upload.find_stale(connection, before, _BATCH)
            unused = video.find_unused(connection, before, _BATCH)
            trashed = trash.find_due(connection, put_before, _BATCH)
            late = audio_track.find_stale(connection, before, _BATCH)
        for upload_id in stale:
            with self._database.write() as connection:
                _expire(connection, upload_id, before, now_s)
        for video_id in unused:
            with self._database.write() as connection:
                _drop_unused(connection, video_id)
        for video_id in trashed:
            with self._database.write() as connection:
                trash.free_due(connection, video_id, put_before, now_s)
        for track in late:
            with self._database.write() as connection:
                _drop_late(connection, track, now_s)
        full = max(len(stale), len(unused), len(trashed), len(late)) == _BATCH
        self._expire_at = now_s if full else now_s + _EXPIRE_EVERY_S
        return bool(stale or unused or trashed or late)


def _used(connection: Connection, row: Row) -> set[str | None]:
    """Every key that viewers of a video may ask for, and what its newest run has made that can be used again."""
    sheets = () if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"]).keys
    shown = stream.keys(connection, row["id"]) | {row["poster_key"], row["own_poster_key"], *sheets, *row["sidecars"].values()}
    current = run.find_of_video(connection, row["id"])
    if current is None:
        return shown
    removed = audio_track.removed_names(connection, row["id"])
    gone = {*current["made"]["dropped"], *removed, *(f"{name}{SURROUND}" for name in removed)}
    return shown | find_keys(result.known_outputs(connection, current["id"]), row["id"], gone)


def _forget_earlier(connection: Connection, video_id: str) -> None:
    """Forget the editions before the one that is shown; one that is being made stays."""
    row, current = video.find_locked(connection, video_id), run.find_of_video(connection, video_id)
    if row is not None and current is not None:
        stream.drop_others(connection, video_id, {row["edition"], current["edition"]})


def _expire(connection: Connection, upload_id: str, before: float, now_s: float) -> None:
    """End one upload, unless its client has come back; a video of which nothing landed goes with it."""
    sent = upload.lock(connection, upload_id)
    if sent["state"] != "open" or sent["touched_at"] >= before:
        return
    current = run.lock_of_upload(connection, upload_id)
    row = video.find(connection, sent["video_id"])
    if row is not None and current is None and not _has_landed(connection, upload_id):
        upload.drop(connection, upload_id)
        video.remove(connection, row["id"])
        ask(connection, row["id"], "all", now_s)  # what was sent and never reported
        return
    upload.expire(connection, upload_id)
    if row is not None:
        _give_up(connection, sent, current, row, now_s)


def _drop_late(connection: Connection, track: Row, now_s: float) -> None:
    """Forget an audio track that was declared and never came."""
    row = video.find_locked(connection, track["video_id"])
    now = audio_track.find(connection, track["video_id"], track["name"])
    if row is None or now is None or now["landed_at"] is not None:
        return
    audio_track.remove(connection, row["id"], now["name"], now_s)
    usage.add_original(connection, row["owner_id"], row["id"], -now["size_bytes"])
    ask_one(connection, row["id"], now["key"], now_s, Bucket.ORIGINAL)


def _has_landed(connection: Connection, upload_id: str) -> bool:
    return any(upload.landed_indexes(connection, upload_id, kind) for kind in ("piece", "part"))


def _give_up(connection: Connection, sent: Row, current: Row | None, row: Row, now_s: float) -> None:
    """The video fails; its blobs and rows go once nobody can write to them any more."""
    log.info("upload %s of video %s was given up: nothing came of it since %.0f", sent["id"], row["id"], sent["touched_at"])
    if current is not None:
        run.end(connection, current["id"], "cancelled", now_s)
        queue.cancel_run(connection, current["id"], now_s)
    if is_legal(VideoState(row["state"]), VideoState.FAILED):
        error = UploadExpiredError("the upload was not finished in time and was given up; upload the file again").to_dict()
        video.move(connection, row["id"], VideoState.FAILED, now_s, error=error, notice=None)
    event = FreeBlobs(video_id=row["id"], what="all", upload_id=sent["id"])
    outbox.emit(connection, event, now_s, not_before=now_s + _RUNNING_S)


def _forget(connection: Connection, video_id: str, upload_id: str, now_s: float) -> None:
    """Drop the rows of an expired upload; its own row stays, and tells a client that comes back."""
    current = run.lock_of_upload(connection, upload_id)
    if current is not None:
        run.drop(connection, current["id"])
    upload.drop_pieces(connection, upload_id)
    stream.drop_others(connection, video_id, ())
    caption.clear(connection, video_id)
    audio_track.clear(connection, video_id)
    if video.find(connection, video_id) is not None:
        video.change(connection, video_id, {"poster_key": None, "own_poster_key": None, "storyboard": None, "sidecars": {}}, now_s)


def _drop_unused(connection: Connection, video_id: str) -> None:
    """Drop a video that has no upload, unless it got one meanwhile."""
    if video.find_locked(connection, video_id) is not None and upload.find_of_video(connection, video_id) is None:
        video.remove(connection, video_id)
