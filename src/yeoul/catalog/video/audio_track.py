"""Audio tracks of videos: the one that pieces hold, those that came with the upload beside it, and those that their owners add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import Row, all_rows, first_row
from yeoul.catalog.schema.videos import audio_track
from yeoul.catalog.video import video
from yeoul.model.sound import MAX_AUDIO_TRACKS, MAX_LABEL
from yeoul.model.source import AudioTrack

MAIN = "audio"
FILE = "file"
ADDED = "added"
_MAX_POSITION = 200  # of a video's tracks, with those that were removed


def name_main(connection: Connection, video_id: str, track: AudioTrack, now_s: float) -> None:
    """Write down what the track that pieces hold is called, unless that is known: its owner may have changed it."""
    if find(connection, video_id, MAIN) is None:
        called = {"language": track.language, "label": (track.title or "")[:MAX_LABEL], "role": track.role}
        _insert(connection, video_id, {**called, "name": MAIN, "position": 0, "origin": FILE}, now_s)


def add(connection: Connection, video_id: str, new: Mapping[str, Any], now_s: float) -> Row:
    """Add a track: language, label, role, origin, sound, bucket, size_bytes and sha256, maybe key and landed_at. The video is locked.

    Raises ConflictError where the video has 16.
    """
    last = connection.execute(select(func.max(audio_track.c.position)).where(audio_track.c.video_id == video_id)).scalar_one()
    position = 1 + (last or 0)
    others = [row for row in of_video(connection, video_id) if row["name"] != MAIN]
    if len(others) >= MAX_AUDIO_TRACKS - 1 or position > _MAX_POSITION:
        raise ConflictError(f"a video has at most {MAX_AUDIO_TRACKS} audio tracks", most=MAX_AUDIO_TRACKS)
    name = f"{MAIN}-{position}"
    key = f"{video_id}/audio/{name}-{new['sha256'][:16]}"
    return _insert(connection, video_id, {"key": key, **new, "name": name, "position": position}, now_s)


def _insert(connection: Connection, video_id: str, row: Mapping[str, Any], now_s: float) -> Row:
    connection.execute(insert(audio_track).values(video_id=video_id, **row, created_at=now_s))
    found = find(connection, video_id, str(row["name"]))
    assert found is not None, "it was just inserted"
    return found


def set_of_file(connection: Connection, video_id: str, rows: Sequence[Mapping[str, Any]], now_s: float) -> None:
    """Write what the server took out of a whole file, in the file's order; what is known of a track from an earlier run stays."""
    place = (audio_track.c.video_id == video_id, audio_track.c.origin == FILE, audio_track.c.name != MAIN)
    known = all_rows(connection, select(audio_track).where(*place).order_by(audio_track.c.position))
    for at, row in enumerate(rows):
        if at >= len(known):
            add(connection, video_id, {**row, "origin": FILE, "landed_at": now_s}, now_s)
        elif not known[at]["removed"]:
            made = {name: row[name] for name in ("sound", "bucket", "key", "size_bytes", "sha256")}
            _change(connection, video_id, known[at]["name"], {**made, "landed_at": now_s})


def of_video(connection: Connection, video_id: str) -> list[Row]:
    """The tracks in order of position, less those that were removed."""
    here = select(audio_track).where(audio_track.c.video_id == video_id, audio_track.c.removed.is_(False))
    return all_rows(connection, here.order_by(audio_track.c.position))


def landed(connection: Connection, video_id: str) -> list[Row]:
    """Those with a file of their own that is in the store."""
    return [row for row in of_video(connection, video_id) if row["landed_at"] is not None]


def removed_names(connection: Connection, video_id: str) -> list[str]:
    """The names of tracks that were removed."""
    here = select(audio_track.c.name).where(audio_track.c.video_id == video_id, audio_track.c.removed.is_(True))
    return list(connection.execute(here).scalars())


def find(connection: Connection, video_id: str, name: str) -> Row | None:
    """A track that was not removed."""
    here = (audio_track.c.video_id == video_id, audio_track.c.name == name, audio_track.c.removed.is_(False))
    return first_row(connection, select(audio_track).where(*here))


def get(connection: Connection, video_id: str, name: str) -> Row:
    """The same; raises NotFoundError."""
    row = None if "\0" in name else find(connection, video_id, name)
    if row is None:
        raise NotFoundError(f"there is no audio track {name}", track=name)
    return row


def find_stale(connection: Connection, before: float, limit: int) -> list[Row]:
    """Tracks that were declared before `before` and never came, oldest first."""
    late = (audio_track.c.bucket == "original", audio_track.c.landed_at.is_(None), audio_track.c.removed.is_(False))
    statement = select(audio_track).where(*late, audio_track.c.created_at < before).order_by(audio_track.c.created_at).limit(limit)
    return all_rows(connection, statement)


def sent_bytes(connection: Connection, video_id: str) -> int:
    """How many bytes clients have sent, or will send, for tracks that were not removed."""
    here = (audio_track.c.video_id == video_id, audio_track.c.bucket == "original", audio_track.c.removed.is_(False))
    return int(connection.execute(select(func.coalesce(func.sum(audio_track.c.size_bytes), 0)).where(*here)).scalar_one())


def land(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Note that a track's file is in the store."""
    _change(connection, video_id, name, {"landed_at": now_s})


def call(connection: Connection, video_id: str, name: str, values: Mapping[str, Any], now_s: float) -> None:
    """Change the language, label or role of a track."""
    if values:
        _change(connection, video_id, name, values)
        video.change(connection, video_id, {}, now_s)


def remove(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Take a track away; players are not offered it any more."""
    _change(connection, video_id, name, {"removed": True, "landed_at": None})
    video.change(connection, video_id, {}, now_s)


def drop_taken(connection: Connection, video_id: str) -> None:
    """Note that the files which the server took out of a whole file are not there any more."""
    here = (audio_track.c.video_id == video_id, audio_track.c.bucket == "temp")
    connection.execute(update(audio_track).where(*here).values(landed_at=None))


def clear(connection: Connection, video_id: str) -> None:
    """Forget all tracks."""
    connection.execute(delete(audio_track).where(audio_track.c.video_id == video_id))


def _change(connection: Connection, video_id: str, name: str, values: Mapping[str, Any]) -> None:
    here = (audio_track.c.video_id == video_id, audio_track.c.name == name)
    connection.execute(update(audio_track).where(*here).values(**values))
