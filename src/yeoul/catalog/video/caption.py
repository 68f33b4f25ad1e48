"""Text tracks of videos: those that came with the upload, and those that their owners add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import Row, all_rows, first_row, insert_new
from yeoul.catalog.schema.videos import caption
from yeoul.catalog.video import video

FILE = "file"
ADDED = "added"


def set_of_file(connection: Connection, video_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replace what came with the upload: rows of name, language, label, webvtt. What its owner put in the place of one stays."""
    connection.execute(delete(caption).where(caption.c.video_id == video_id, caption.c.origin == FILE))
    insert_new(connection, caption, [{"video_id": video_id, **row} for row in rows])


def of_video(connection: Connection, video_id: str) -> list[Row]:
    """The text tracks in order of name."""
    return all_rows(connection, select(caption).where(caption.c.video_id == video_id).order_by(caption.c.name))


def find(connection: Connection, video_id: str, name: str) -> Row | None:
    """One text track."""
    return first_row(connection, select(caption).where(caption.c.video_id == video_id, caption.c.name == name))


def put(connection: Connection, video_id: str, row: Mapping[str, Any], now_s: float) -> Row:
    """Add a text track, or put it in the place of the one of that name: a row of name, language, label, webvtt.

    Its edition is the video's version then, so that its address is one that no cache has seen.
    """
    drop(connection, video_id, row["name"], now_s)
    new = {"video_id": video_id, **row, "origin": ADDED, "edition": video.version(connection, video_id)}
    connection.execute(insert(caption).values(**new))
    return new


def drop(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Take a text track away."""
    connection.execute(delete(caption).where(caption.c.video_id == video_id, caption.c.name == name))
    video.change(connection, video_id, {}, now_s)


def clear(connection: Connection, video_id: str) -> None:
    """Take all text tracks away."""
    connection.execute(delete(caption).where(caption.c.video_id == video_id))
