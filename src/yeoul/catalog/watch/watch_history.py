"""The watch history: one row per account and video, with the watch position."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, tuple_, update

from yeoul.catalog.row import all_rows, insert_new
from yeoul.catalog.schema.row.videos import WatchedRow
from yeoul.catalog.schema.videos import watched


def set_position(connection: Connection, account_id: str, video_id: str, position_s: float, now_s: float) -> None:
    """Sets the watch position of an account in a video."""
    row = {"account_id": account_id, "video_id": video_id, "position_s": position_s, "watched_at": now_s}
    if not insert_new(connection, watched, [row]):
        key = (watched.c.account_id == account_id, watched.c.video_id == video_id)
        connection.execute(update(watched).where(*key).values(position_s=position_s, watched_at=now_s))


def find_position(connection: Connection, account_id: str, video_id: str) -> float | None:
    """Returns the watch position of an account in a video, in seconds; None if there is none."""
    key = (watched.c.account_id == account_id, watched.c.video_id == video_id)
    return connection.execute(select(watched.c.position_s).where(*key)).scalar()


def page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[WatchedRow]:
    """Returns a page of an account's watch history, latest first. `before` is (watched_at, video id)."""
    statement = select(watched).where(watched.c.account_id == account_id)
    statement = statement.order_by(watched.c.watched_at.desc(), watched.c.video_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(watched.c.watched_at, watched.c.video_id) < before)
    return all_rows(connection, statement, WatchedRow)


def delete_history(connection: Connection, account_id: str, video_id: str | None = None) -> None:
    """Deletes a video from an account's watch history, or the whole history if `video_id` is None."""
    statement = delete(watched).where(watched.c.account_id == account_id)
    connection.execute(statement if video_id is None else statement.where(watched.c.video_id == video_id))
