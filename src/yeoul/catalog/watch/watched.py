"""What an account has watched, and how far: one row for each video."""

from __future__ import annotations

from sqlalchemy import Connection, delete, select, tuple_, update

from yeoul.catalog.row import Row, all_rows, insert_new
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.videos import watched


def put(connection: Connection, account_id: str, video_id: str, position_s: float, now_s: float) -> None:
    """Remember how far an account has come in a video."""
    row = {"account_id": account_id, "video_id": video_id, "position_s": position_s, "watched_at": now_s}
    if not insert_new(connection, watched, [row]):
        here = (watched.c.account_id == account_id, watched.c.video_id == video_id)
        connection.execute(update(watched).where(*here).values(position_s=position_s, watched_at=now_s))


def find_position(connection: Connection, account_id: str, video_id: str) -> float | None:
    """How far an account has come in a video, in seconds."""
    here = (watched.c.account_id == account_id, watched.c.video_id == video_id)
    return connection.execute(select(watched.c.position_s).where(*here)).scalar()


def page(connection: Connection, account_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """What an account has watched, the last first. `before` is (watched_at, video id)."""
    statement = select(watched).where(watched.c.account_id == account_id)
    statement = statement.order_by(watched.c.watched_at.desc(), watched.c.video_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(watched.c.watched_at, watched.c.video_id) < before)
    return all_rows(connection, statement)


def forget(connection: Connection, account_id: str, video_id: str | None = None) -> None:
    """Forget one video, or all that an account has watched."""
    statement = delete(watched).where(watched.c.account_id == account_id)
    connection.execute(statement if video_id is None else statement.where(watched.c.video_id == video_id))


def set_kept(connection: Connection, account_id: str, *, kept: bool) -> None:
    """Whether what an account watches is to be remembered; what was stays until it is forgotten."""
    connection.execute(update(account).where(account.c.id == account_id).values(keep_history=kept))
