"""The audio track service: adds, changes and removes audio tracks of videos."""

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
from yeoul.catalog.schema.row.videos import AudioTrackRow
from yeoul.catalog.video import audio_track, stream, upload, video
from yeoul.model.event import TrackLanded, TrackRemoved
from yeoul.model.noun import Noun
from yeoul.model.plain import Count, Language, Line, Sha256
from yeoul.model.rendition import MAIN_AUDIO, SURROUND
from yeoul.model.sound import MAX_LABEL, SoundFile
from yeoul.model.source import AudioRole
from yeoul.model.video import VideoState
from yeoul.upload.store import Store


class TrackName(Noun):
    """The name of an audio track. label: shown in the player's menu; if empty, the menu shows the language."""

    language: Language | None = None
    label: Line = Field(default="", max_length=MAX_LABEL)
    role: AudioRole = "dub"


class NewTrack(TrackName):
    """An audio track that the client will upload. sound: its position in the video's own file; None if it comes from another file."""

    size_bytes: Count
    sha256: Sha256
    sound: SoundFile | None = None


class TrackService:
    """All operations on audio tracks. The API has already checked that the caller may edit the video."""

    def __init__(self, database: Database, store: Store, settings: Callable[[], UploadSettings], clock: Clock) -> None:
        self._database = database
        self._store = store
        self._settings = settings
        self._clock = clock

    def open(self, video_id: str, new: NewTrack, default_quota: int) -> tuple[AudioTrackRow, SignedRequest | None, bool]:
        """Declares a track, or finds the track with the same bytes; returns (row, upload request, True if it is new).

        The upload request is None if the track has landed. Raises ConflictError if the video has no upload, has failed or has 16 tracks,
        and InvalidError, StorageFullError, QuotaExceededError.
        """
        settings = self._settings()
        if new.size_bytes > settings.max_piece_bytes:
            message = f"the audio track is larger than the limit of {settings.max_piece_bytes} bytes"
            raise InvalidError(message, field="size_bytes", max_bytes=settings.max_piece_bytes)
        free_bytes = self._store.free_bytes()
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)
            if upload.find_of_video(connection, video_id) is None or owned["state"] == VideoState.FAILED.value:
                message = f"cannot add audio tracks to video {video_id}, because it has no upload or has failed"
                raise ConflictError(message, state=owned["state"])
            row = next((track for track in audio_track.of_video(connection, video_id) if track["sha256"] == new.sha256), None)
            is_new = row is None
            if row is None:
                if free_bytes is not None and new.size_bytes > free_bytes:
                    message = "the server has no storage space for the track now; try again later"
                    raise StorageFullError(message, needed_bytes=new.size_bytes)
                origin = audio_track.ADDED if new.sound is None else audio_track.FILE
                stored = {"origin": origin, "bucket": Bucket.ORIGINAL.value, "sound": (new.sound or SoundFile()).model_dump(mode="json")}
                fields = new.model_dump(mode="json", include={"language", "label", "role", "size_bytes", "sha256"})
                row = audio_track.add(connection, video_id, {**fields, **stored}, now_s)
                usage.add_original_bytes(connection, owned["owner_id"], video_id, new.size_bytes)
                usage.check_quota(connection, owned["owner_id"], default_quota, new.size_bytes)
        if row["landed_at"] is not None:
            return row, None, is_new
        assert row["key"] is not None, "the track has a file of its own"
        assert row["sha256"] is not None, "the track has a file of its own"
        expires_at_s = now_s + settings.url_ttl_s
        return row, self._store.sign_put(Bucket.ORIGINAL, row["key"], row["size_bytes"], row["sha256"], expires_at_s), is_new

    def land(self, video_id: str, name: str) -> None:
        """Records that a track has landed and starts its processing. Raises PieceMissingError, or ChecksumError if its size is wrong."""
        with self._database.read() as connection:
            row = audio_track.get(connection, video_id, name)
        if row["landed_at"] is not None or row["key"] is None:
            return
        info = self._store.find(Bucket(row["bucket"]), row["key"])
        if info is None:
            raise PieceMissingError(f"the file of audio track {name} is not in the store", track=name)
        if info.size_bytes != row["size_bytes"]:
            raise ChecksumError(f"audio track {name} has {info.size_bytes} bytes, but {row['size_bytes']} were declared", track=name)
        now_s = self._clock.now()
        with self._database.write() as connection:
            video.lock(connection, video_id)
            if audio_track.get(connection, video_id, name)["landed_at"] is None:
                audio_track.mark_landed(connection, video_id, name, now_s)
                outbox.emit(connection, TrackLanded(video_id=video_id, name=name), now_s)

    def update(self, video_id: str, name: str, fields: Mapping[str, Any]) -> None:
        """Changes a track's language, label or role. Raises NotFoundError."""
        with self._database.write() as connection:
            video.lock(connection, video_id)
            audio_track.get(connection, video_id, name)
            audio_track.edit(connection, video_id, name, fields, self._clock.now())

    def remove(self, video_id: str, name: str) -> None:
        """Removes a track. Raises NotFoundError, and ConflictError for the main track in the video's own pieces."""
        now_s = self._clock.now()
        with self._database.write() as connection:
            owned = video.lock(connection, video_id)
            row = audio_track.get(connection, video_id, name)
            if name == MAIN_AUDIO:
                message = "you cannot remove the original audio of a video; add another track and make it the main one instead"
                raise ConflictError(message)
            audio_track.remove(connection, video_id, name, now_s)
            stream.delete_renditions(connection, video_id, owned["edition"], [name, f"{name}{SURROUND}"])
            if row["bucket"] == Bucket.ORIGINAL.value:
                usage.add_original_bytes(connection, owned["owner_id"], video_id, -row["size_bytes"])
            assert row["key"] is not None, "only the main track has no file of its own"
            assert row["bucket"] is not None, "only the main track has no file of its own"
            outbox.emit(connection, TrackRemoved(video_id=video_id, name=name, key=row["key"], bucket=row["bucket"]), now_s)
