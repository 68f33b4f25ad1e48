"""Bytes that accounts use: counted per video when they are declared or measured, and summed up in the account's row.

Each transaction locks the row in `usage` before the account's row, so that two transactions cannot wait for each other.
"""

from __future__ import annotations

from typing import Literal, TypedDict, cast

from sqlalchemy import Connection, delete, func, select, update

from yeoul.base.errors import QuotaExceededError
from yeoul.catalog.row import first_row, insert_new
from yeoul.catalog.schema.account import account, usage
from yeoul.catalog.schema.row.account import UsageRow

_Kind = Literal["original_bytes", "encoded_bytes", "temp_bytes"]
_KINDS: tuple[_Kind, ...] = ("original_bytes", "encoded_bytes", "temp_bytes")


class QuotaRow(TypedDict):
    """The columns of an account that say how much it stores and may store."""

    used_bytes: int
    quota_bytes: int | None


class UsedBytesRow(TypedDict):
    """Sums of bytes over all videos."""

    original_bytes: int
    encoded_bytes: int
    temp_bytes: int


def reserve(connection: Connection, account_id: str, video_id: str, size_bytes: int, default_quota: int) -> None:
    """Counts an upload before its bytes arrive. Raises QuotaExceededError like `check_quota`."""
    raise_original_bytes(connection, account_id, video_id, size_bytes)
    check_quota(connection, account_id, default_quota, size_bytes)


def check_quota(connection: Connection, account_id: str, default_quota: int, new_bytes: int = 0) -> None:
    """Raises QuotaExceededError if an account uses more bytes than its quota.

    default_quota: quota in bytes of accounts without their own; 0: unlimited. new_bytes: size of the new upload, already counted.
    """
    row = first_row(connection, select(account.c.used_bytes, account.c.quota_bytes).where(account.c.id == account_id), QuotaRow)
    assert row is not None
    quota = quota_of(row, default_quota)
    if quota is not None and row["used_bytes"] > quota:
        used = row["used_bytes"] - new_bytes
        message = f"this upload exceeds the quota of the account: {used} of {quota} bytes are used"
        raise QuotaExceededError(message, used_bytes=used, quota_bytes=quota, needed_bytes=new_bytes)


def quota_of(row: QuotaRow, default_quota: int) -> int | None:
    """Returns an account's quota in bytes; None if it is unlimited."""
    own = row["quota_bytes"]
    return own if own is not None else default_quota or None


def raise_original_bytes(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Raises the counted upload size of a video to `size_bytes`, if it is smaller."""
    row = _lock(connection, account_id, video_id)
    if size_bytes > row["original_bytes"]:
        _set(connection, row, account_id, {"original_bytes": size_bytes})


def add_original_bytes(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Adds bytes to the counted upload size of a video; subtracts if `size_bytes` is negative."""
    row = _lock(connection, account_id, video_id)
    _set(connection, row, account_id, {"original_bytes": max(0, row["original_bytes"] + size_bytes)})


def set_encoded_bytes(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Sets the counted size of a video's encoded files."""
    _set(connection, _lock(connection, account_id, video_id), account_id, {"encoded_bytes": size_bytes})


def set_temp_bytes(connection: Connection, account_id: str, video_id: str, size_bytes: int) -> None:
    """Sets the counted size of files that are stored only while a video is processed."""
    _set(connection, _lock(connection, account_id, video_id), account_id, {"temp_bytes": size_bytes})


def clear(connection: Connection, video_id: str) -> None:
    """Removes a video from the counts, after all its files were deleted."""
    row = first_row(connection, select(usage).where(usage.c.video_id == video_id).with_for_update(), UsageRow)
    if row is not None:
        _set(connection, row, row["account_id"], dict.fromkeys(_KINDS, 0))
        connection.execute(delete(usage).where(usage.c.video_id == video_id))


def totals(connection: Connection) -> UsedBytesRow:
    """Returns {"original_bytes", "encoded_bytes", "temp_bytes"}, summed over all videos."""
    sums = (func.coalesce(func.sum(usage.c[name]), 0).label(name) for name in _KINDS)
    row = first_row(connection, select(*sums), UsedBytesRow)
    assert row is not None
    return cast("UsedBytesRow", {name: int(row[name]) for name in _KINDS})


def _lock(connection: Connection, account_id: str, video_id: str) -> UsageRow:
    insert_new(connection, usage, [{"video_id": video_id, "account_id": account_id, **dict.fromkeys(_KINDS, 0)}])
    row = first_row(connection, select(usage).where(usage.c.video_id == video_id).with_for_update(), UsageRow)
    assert row is not None
    return row


def _set(connection: Connection, row: UsageRow, account_id: str, values: dict[_Kind, int]) -> None:
    added_bytes = sum(value - row[name] for name, value in values.items())
    connection.execute(update(usage).where(usage.c.video_id == row["video_id"]).values(**values))
    connection.execute(update(account).where(account.c.id == account_id).values(used_bytes=account.c.used_bytes + added_bytes))
