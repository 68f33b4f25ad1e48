"""Audio tracks of videos: the main track, which is in the pieces, other tracks of the uploaded file, and tracks that owners add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import all_rows, first_row
from yeoul.catalog.schema.row.videos import AudioTrackRow
from yeoul.catalog.schema.videos import audio_track
from yeoul.catalog.video import version
from yeoul.model.rendition import MAIN_AUDIO
from yeoul.model.sound import MAX_AUDIO_TRACKS, MAX_LABEL
from yeoul.model.source import AudioTrack

FILE = "file"
ADDED = "added"
_MAX_POSITION = 200  # of a video's tracks, including removed ones


def ensure_main(connection: Connection, video_id: str, track: AudioTrack, now_s: float) -> None:
    """Inserts the main track with language, label and role, unless it exists: the owner may have changed them."""
    if find(connection, video_id, MAIN_AUDIO) is None:
        names = {"language": track.language, "label": (track.title or "")[:MAX_LABEL], "role": track.role}
        _insert(connection, video_id, {**names, "name": MAIN_AUDIO, "position": 0, "origin": FILE}, now_s)


def add(connection: Connection, video_id: str, new: Mapping[str, Any], now_s: float) -> AudioTrackRow:
    """Inserts a track and returns its row. The caller has locked the video. Raises ConflictError beyond MAX_AUDIO_TRACKS.

    new: language, label, role, origin, sound, bucket, size_bytes, sha256; optional: key, landed_at.
    """
    last = connection.execute(select(func.max(audio_track.c.position)).where(audio_track.c.video_id == video_id)).scalar_one()
    position = 1 + (last or 0)
    others = [row for row in of_video(connection, video_id) if row["name"] != MAIN_AUDIO]
    if len(others) >= MAX_AUDIO_TRACKS - 1 or position > _MAX_POSITION:
        raise ConflictError(f"a video can have at most {MAX_AUDIO_TRACKS} audio tracks", most=MAX_AUDIO_TRACKS)
    name = f"{MAIN_AUDIO}-{position}"
    key = f"{video_id}/audio/{name}-{new['sha256'][:16]}"
    return _insert(connection, video_id, {"key": key, **new, "name": name, "position": position}, now_s)


def _insert(connection: Connection, video_id: str, row: Mapping[str, Any], now_s: float) -> AudioTrackRow:
    connection.execute(insert(audio_track).values(video_id=video_id, **row, created_at=now_s))
    inserted = find(connection, video_id, str(row["name"]))
    assert inserted is not None, "the row was just inserted"
    return inserted


def set_from_file(connection: Connection, video_id: str, rows: Sequence[Mapping[str, Any]], now_s: float) -> None:
    """Records the tracks that the server extracted from a whole file, in the file's order. Updates only the files of existing tracks."""
    of_file = (audio_track.c.video_id == video_id, audio_track.c.origin == FILE, audio_track.c.name != MAIN_AUDIO)
    existing = all_rows(connection, select(audio_track).where(*of_file).order_by(audio_track.c.position), AudioTrackRow)
    for index, row in enumerate(rows):
        if index >= len(existing):
            add(connection, video_id, {**row, "origin": FILE, "landed_at": now_s}, now_s)
        elif not existing[index]["removed"]:
            file_values = {name: row[name] for name in ("sound", "bucket", "key", "size_bytes", "sha256")}
            _change(connection, video_id, existing[index]["name"], {**file_values, "landed_at": now_s})


def of_video(connection: Connection, video_id: str) -> list[AudioTrackRow]:
    """Returns the tracks of a video in order of position, without removed ones."""
    statement = select(audio_track).where(audio_track.c.video_id == video_id, audio_track.c.removed.is_(False))
    return all_rows(connection, statement.order_by(audio_track.c.position), AudioTrackRow)


def landed(connection: Connection, video_id: str) -> list[AudioTrackRow]:
    """Returns the tracks of a video whose own file is in the store."""
    return [row for row in of_video(connection, video_id) if row["landed_at"] is not None]


def removed_names(connection: Connection, video_id: str) -> list[str]:
    """Returns the names of the removed tracks of a video."""
    statement = select(audio_track.c.name).where(audio_track.c.video_id == video_id, audio_track.c.removed.is_(True))
    return list(connection.execute(statement).scalars())


def find(connection: Connection, video_id: str, name: str) -> AudioTrackRow | None:
    """Returns a track; None if there is none or it was removed."""
    key = (audio_track.c.video_id == video_id, audio_track.c.name == name, audio_track.c.removed.is_(False))
    return first_row(connection, select(audio_track).where(*key), AudioTrackRow)


def get(connection: Connection, video_id: str, name: str) -> AudioTrackRow:
    """Returns a track. Raises NotFoundError, also if it was removed."""
    row = None if "\0" in name else find(connection, video_id, name)
    if row is None:
        raise NotFoundError(f"there is no audio track {name}", track=name)
    return row


def find_stale(connection: Connection, before: float, limit: int) -> list[AudioTrackRow]:
    """Returns tracks that were declared before `before` and have not landed, oldest first."""
    is_missing = (audio_track.c.bucket == "original", audio_track.c.landed_at.is_(None), audio_track.c.removed.is_(False))
    statement = select(audio_track).where(*is_missing, audio_track.c.created_at < before).order_by(audio_track.c.created_at).limit(limit)
    return all_rows(connection, statement, AudioTrackRow)


def declared_bytes(connection: Connection, video_id: str) -> int:
    """Returns the total size of the tracks that clients have uploaded or declared, without removed ones."""
    conditions = (audio_track.c.video_id == video_id, audio_track.c.bucket == "original", audio_track.c.removed.is_(False))
    return int(connection.execute(select(func.coalesce(func.sum(audio_track.c.size_bytes), 0)).where(*conditions)).scalar_one())


def mark_landed(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Records that a track's file is in the store."""
    _change(connection, video_id, name, {"landed_at": now_s})


def edit(connection: Connection, video_id: str, name: str, values: Mapping[str, Any], now_s: float) -> None:
    """Changes the language, label or role of a track."""
    if values:
        _change(connection, video_id, name, values)
        version.increment(connection, video_id, now_s)


def remove(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Removes a track, so that players no longer get it."""
    _change(connection, video_id, name, {"removed": True, "landed_at": None})
    version.increment(connection, video_id, now_s)


def mark_extracted_deleted(connection: Connection, video_id: str) -> None:
    """Records that the files which the server extracted from a whole file were deleted."""
    conditions = (audio_track.c.video_id == video_id, audio_track.c.bucket == "temp")
    connection.execute(update(audio_track).where(*conditions).values(landed_at=None))


def delete_all(connection: Connection, video_id: str) -> None:
    """Deletes all tracks of a video."""
    connection.execute(delete(audio_track).where(audio_track.c.video_id == video_id))


def _change(connection: Connection, video_id: str, name: str, values: Mapping[str, Any]) -> None:
    key = (audio_track.c.video_id == video_id, audio_track.c.name == name)
    connection.execute(update(audio_track).where(*key).values(**values))
