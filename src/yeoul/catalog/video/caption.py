"""Captions of videos: those in the uploaded file, and those that owners add."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from sqlalchemy import Connection, delete, insert, select

from yeoul.catalog.row import all_rows, first_row, insert_new
from yeoul.catalog.schema.row.videos import CaptionRow
from yeoul.catalog.schema.videos import caption
from yeoul.catalog.video import version

FILE = "file"
ADDED = "added"


def set_from_file(connection: Connection, video_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Replaces the captions that came with the upload. A caption that the owner put in place of one of them stays.

    rows: name, language, label, webvtt.
    """
    connection.execute(delete(caption).where(caption.c.video_id == video_id, caption.c.origin == FILE))
    insert_new(connection, caption, [{"video_id": video_id, **row} for row in rows])


def of_video(connection: Connection, video_id: str) -> list[CaptionRow]:
    """Returns the captions of a video in order of name."""
    return all_rows(connection, select(caption).where(caption.c.video_id == video_id).order_by(caption.c.name), CaptionRow)


def find(connection: Connection, video_id: str, name: str) -> CaptionRow | None:
    """Returns a caption; None if there is none."""
    return first_row(connection, select(caption).where(caption.c.video_id == video_id, caption.c.name == name), CaptionRow)


def put(connection: Connection, video_id: str, row: Mapping[str, Any], now_s: float) -> CaptionRow:
    """Inserts a caption of the owner, or replaces the caption of that name, and returns its row. row: name, language, label, webvtt.

    Its edition is the new version of the video, so that no cache has seen its URL.
    """
    remove(connection, video_id, row["name"], now_s)
    values = {"video_id": video_id, **row, "origin": ADDED, "edition": version.find(connection, video_id)}
    connection.execute(insert(caption).values(**values))
    return cast("CaptionRow", values)


def remove(connection: Connection, video_id: str, name: str, now_s: float) -> None:
    """Removes a caption."""
    connection.execute(delete(caption).where(caption.c.video_id == video_id, caption.c.name == name))
    version.increment(connection, video_id, now_s)


def delete_all(connection: Connection, video_id: str) -> None:
    """Deletes all captions of a video."""
    connection.execute(delete(caption).where(caption.c.video_id == video_id))
