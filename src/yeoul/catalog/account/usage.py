"""Bytes that accounts use: counted for each video when they are promised or found, and summed up in the account's row.

Whoever changes both rows takes the video's first, so that nobody waits for each other.
"""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, select, update

from yeoul.base.errors import QuotaExceededError
from yeoul.catalog.row import Row, first_row, insert_new
from yeoul.catalog.schema.people import account, usage

_KINDS = ("original_bytes", "encoded_bytes", "temp_bytes")


def reserve(connection: Connection, account_id: str, video_id: str, size_bytes: int, default_quota: int) -> None:
    """Count an upload before its bytes come. Raises QuotaExceededError as `check` does."""
    note_original(connection, account_id, video_id, size_bytes)
    check(connection, account_id, default_quota, size_bytes)


def check(connection: Connection, account_id: str, default_quota: int, new_bytes: int = 0) -> None:
    """Raises QuotaExceededError when an account uses more than it may.

    default_quota: of accounts without one of their own, in bytes; 0: none. new_bytes: of these, for whom they are too many.
    """
    row = first_row(connection, select(account.c.used_bytes, account.c.quota_bytes).where(account.c.id == account_id))
    assert row is not None
    quota = quota_of(row, default_quota)
    if quota is not None and row["used_bytes"] > quota:
        used = row["used_bytes"] - new_bytes
        message = f"this upload does not fit into what the account may keep: {used} of {quota} bytes are used"
        raise QuotaExceededError(message, used_bytes=used, quota_bytes=quota, needed_bytes=new_bytes)


def quota_of(row: Row, default_quota: int) -> int | None:
    """An account's quota in bytes, None where it has none."""
    own = row["quota_bytes"]
    return own if own is not None else default_quota or None


def note_original(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Count at least so many bytes for a video's upload."""
    row = _lock(connection, account_id, video_id)
    if size_bytes > row["original_bytes"]:
        _set(connection, row, account_id, {"original_bytes": size_bytes})


def add_original(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Count bytes that come to what was uploaded for a video, or, below 0, that go."""
    row = _lock(connection, account_id, video_id)
    _set(connection, row, account_id, {"original_bytes": max(0, row["original_bytes"] + size_bytes)})


def note_encoded(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Count so many bytes for what was made of a video."""
    _set(connection, _lock(connection, account_id, video_id), account_id, {"encoded_bytes": size_bytes})


def note_temp(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Count so many bytes for what lies in the store only while a video is made."""
    _set(connection, _lock(connection, account_id, video_id), account_id, {"temp_bytes": size_bytes})


def clear(connection: Connection, video_id: str) -> None:
    """Nothing of a video is in the store any more."""
    row = first_row(connection, select(usage).where(usage.c.video_id == video_id).with_for_update())
    if row is not None:
        _set(connection, row, row["account_id"], dict.fromkeys(_KINDS, 0))
        connection.execute(delete(usage).where(usage.c.video_id == video_id))


def totals(connection: Connection) -> Row:
    """{"original_bytes", "encoded_bytes", "temp_bytes"} of all videos."""
    sums = (func.coalesce(func.sum(usage.c[name]), 0).label(name) for name in _KINDS)
    row = first_row(connection, select(*sums))
    assert row is not None
    return {name: int(value) for name, value in row.items()}


def _lock(connection: Connection, account_id: str, video_id: str) -> Row:
    insert_new(connection, usage, [{"video_id": video_id, "account_id": account_id, **dict.fromkeys(_KINDS, 0)}])
    row = first_row(connection, select(usage).where(usage.c.video_id == video_id).with_for_update())
    assert row is not None
    return row


def _set(connection: Connection, row: Row, account_id: str, values: dict[str, int]) -> None:
    more = sum(value - row[name] for name, value in values.items())
    connection.execute(update(usage).where(usage.c.video_id == row["video_id"]).values(**values))
    connection.execute(update(account).where(account.c.id == account_id).values(used_bytes=account.c.used_bytes + more))
