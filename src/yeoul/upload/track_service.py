"""Adding audio tracks to videos: the edge between what a client says of a file and the rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import Field

from yeoul.base.clock import Clock
from yeoul.base.errors import ChecksumError, ConflictError, InvalidError, PieceMissingError, StorageFullError
from yeoul.base.settings import UploadSettings
from yeoul.blob.store import Bucket, SignedRequest
from yeoul.catalog.account import usage
from yeoul.catalog.database import Database
from yeoul.catalog.queue import outbox
from yeoul.catalog.video import audio_track, stream, upload, video
from yeoul.model.event import TrackLanded, TrackRemoved
from yeoul.model.noun import Noun
from yeoul.model.plain import Count, Language, Line, Sha256
from yeoul.model.rendition import SURROUND
from yeoul.model.sound import MAX_LABEL, SoundFile
from yeoul.model.source import AudioRole
from yeoul.model.video import VideoState
from yeoul.upload.store import Store

Row = Mapping[str, Any]


class TrackName(Noun):
    """What an audio track is called. label: as viewers read it in menus; without one they read the language."""

    language: Language | None = None
    label: Line = Field(default="", max_length=MAX_LABEL)
    role: AudioRole = "dub"


class NewTrack(TrackName):
    """An audio track about to be sent. sound: where it stands, for a track of the video's own file; None for another file."""

    size_bytes: Count
    sha256: Sha256
    sound: SoundFile | None = None


class TrackService:
    """All operations on audio tracks; callers have checked who asks."""

    def __init__(self, database: Database, store: Store, settings: Callable[[], UploadSettings], clock: Clock) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._clock = clock

    def open(self, video_id: str, new: NewTrack, default_quota: int) -> tuple[Row, SignedRequest | None, bool]:
        """Declare a track, or find the one of the same bytes; (row, where to send it, whether it is new). None: it has landed.

        Raises ConflictError where the video has no upload, has failed or has 16 tracks, InvalidError, StorageFullError, QuotaExceededError.
        """
        settings = self._settings()
        if new.size_bytes > settings.max_piece_bytes:
            message = f"audio tracks of more than {settings.max_piece_bytes} bytes are not taken"
            raise InvalidError(message, field="size_bytes", max_bytes=settings.max_piece_bytes)
        free_bytes = self._store.free_bytes()
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)
            if upload.find_of_video(connection, video_id) is None or owned["state"] == VideoState.FAILED.value:
                raise ConflictError(f"video {video_id} takes no audio tracks: it has no upload, or has failed", state=owned["state"])
            row = next((one for one in audio_track.of_video(connection, video_id) if one["sha256"] == new.sha256), None)
            is_new = row is None
            if row is None:
                if free_bytes is not None and new.size_bytes > free_bytes:
                    message = "the server has no room for more now; it will take the track when there is"
                    raise StorageFullError(message, needed_bytes=new.size_bytes)
                origin = audio_track.ADDED if new.sound is None else audio_track.FILE
                fixed = {"origin": origin, "bucket": Bucket.ORIGINAL.value, "sound": (new.sound or SoundFile()).model_dump(mode="json")}
                said = new.model_dump(mode="json", include={"language", "label", "role", "size_bytes", "sha256"})
                row = audio_track.add(connection, video_id, {**said, **fixed}, now_s)
                usage.add_original(connection, owned["owner_id"], video_id, new.size_bytes)
                usage.check(connection, owned["owner_id"], default_quota, new.size_bytes)
        if row["landed_at"] is not None:
            return row, None, is_new
        until = now_s + settings.url_ttl_s
        return row, self._store.sign_put(Bucket.ORIGINAL, row["key"], row["size_bytes"], row["sha256"], until), is_new

    def land(self, video_id: str, name: str) -> None:
        """Note that a track's file is in the store; it is processed. Raises PieceMissingError or ChecksumError when it is not there."""
        with self._database.read() as connection:
            row = audio_track.get(connection, video_id, name)
        if row["landed_at"] is not None or row["key"] is None:
            return
        info = self._store.find(Bucket(row["bucket"]), row["key"])
        if info is None:
            raise PieceMissingError(f"the file of audio track {name} is not in the store", track=name)
        if info.size_bytes != row["size_bytes"]:
            raise ChecksumError(f"audio track {name} has {info.size_bytes} bytes, {row['size_bytes']} were declared", track=name)
        now_s = self._clock.now()
        with self._database.write() as connection:
            video.lock(connection, video_id)
            if audio_track.get(connection, video_id, name)["landed_at"] is None:
                audio_track.land(connection, video_id, name, now_s)
                outbox.emit(connection, TrackLanded(video_id=video_id, name=name), now_s)

    def call(self, video_id: str, name: str, called: Mapping[str, Any]) -> None:
        """Change a track's language, label or role. Raises NotFoundError."""
        with self._database.write() as connection:
            video.lock(connection, video_id)
            audio_track.get(connection, video_id, name)
            audio_track.call(connection, video_id, name, called, self._clock.now())

    def remove(self, video_id: str, name: str) -> None:
        """Take a track away. Raises NotFoundError, and ConflictError for the one that the video's own pieces hold."""
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)
            row = audio_track.get(connection, video_id, name)
            if name == audio_track.MAIN:
                raise ConflictError("the sound that a video came with cannot be taken away; add a track and let that be the main one")
            audio_track.remove(connection, video_id, name, now_s)
            stream.drop(connection, video_id, owned["edition"], [name, f"{name}{SURROUND}"])
            if row["bucket"] == Bucket.ORIGINAL.value:
                usage.add_original(connection, owned["owner_id"], video_id, -row["size_bytes"])
            outbox.emit(connection, TrackRemoved(video_id=video_id, name=name, key=row["key"], bucket=row["bucket"]), now_s)
