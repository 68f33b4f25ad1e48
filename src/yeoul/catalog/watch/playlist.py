"""Playlists and their entries. Entries have places with gaps between, so that moving one writes one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import Row, all_rows, first_row, insert_new
from yeoul.catalog.schema.people import account
from yeoul.catalog.schema.videos import playlist, playlist_entry

PLAYLISTS_MAX = 1000
ENTRIES_MAX = 5000
LATER = "later"
_GAP = 2**20
_SHOWN = select(playlist, account.c.handle.label("owner_handle")).join(account, account.c.id == playlist.c.owner_id)


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Add a playlist; row holds id, owner_id, kind, title, description, visibility. A second `later` of an owner is left out.

    Raises ConflictError beyond PLAYLISTS_MAX.
    """
    own = select(func.count()).select_from(playlist).where(playlist.c.owner_id == row["owner_id"])
    if connection.execute(own).scalar_one() >= PLAYLISTS_MAX and row["kind"] != LATER:
        raise ConflictError(f"no account has more than {PLAYLISTS_MAX} playlists; delete one first", most=PLAYLISTS_MAX)
    insert_new(connection, playlist, [{**row, "entries": 0, "created_at": now_s, "updated_at": now_s}])


def find(connection: Connection, playlist_id: str) -> Row | None:
    """A playlist with its owner's handle."""
    return first_row(connection, _SHOWN.where(playlist.c.id == playlist_id))


def find_later(connection: Connection, owner_id: str) -> Row | None:
    """What an account wants to watch later, if it ever asked for it."""
    return first_row(connection, _SHOWN.where(playlist.c.owner_id == owner_id, playlist.c.kind == LATER))


def page(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """An account's playlists, newest first. `before` is (created_at, id)."""
    statement = _SHOWN.where(playlist.c.owner_id == owner_id).order_by(playlist.c.created_at.desc(), playlist.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(playlist.c.created_at, playlist.c.id) < before)
    return all_rows(connection, statement)


def change(connection: Connection, playlist_id: str, values: Mapping[str, Any], now_s: float) -> None:
    """Set title, description or visibility."""
    connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(**values, updated_at=now_s))


def remove(connection: Connection, playlist_id: str) -> None:
    """Forget a playlist and its entries."""
    connection.execute(delete(playlist_entry).where(playlist_entry.c.playlist_id == playlist_id))
    connection.execute(delete(playlist).where(playlist.c.id == playlist_id))


def entries(connection: Connection, playlist_id: str, after: tuple[float, str] | None, limit: int) -> list[Row]:
    """Entries in their order. `after` is (place, id)."""
    statement = select(playlist_entry).where(playlist_entry.c.playlist_id == playlist_id)
    statement = statement.order_by(playlist_entry.c.place, playlist_entry.c.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(playlist_entry.c.place, playlist_entry.c.id) > (int(after[0]), after[1]))
    return all_rows(connection, statement)


def append(connection: Connection, playlist_id: str, entry_id: str, video_id: str, now_s: float) -> None:
    """Add a video at the end. Raises ConflictError where the playlist is full."""
    if _lock(connection, playlist_id) >= ENTRIES_MAX:
        raise ConflictError(f"no playlist holds more than {ENTRIES_MAX} videos", most=ENTRIES_MAX)
    row = {"id": entry_id, "playlist_id": playlist_id, "video_id": video_id, "place": _last_place(connection, playlist_id) + _GAP}
    connection.execute(insert(playlist_entry).values(**row, added_at=now_s))
    _count(connection, playlist_id, 1, now_s)


def move(connection: Connection, playlist_id: str, entry_id: str, after_id: str | None, now_s: float) -> None:
    """Put an entry behind another, or first. Raises NotFoundError."""
    _lock(connection, playlist_id)
    get_entry(connection, playlist_id, entry_id)
    if after_id == entry_id:
        return
    place = _place_behind(connection, playlist_id, entry_id, after_id)
    if place is None:
        _spread(connection, playlist_id)
        place = _place_behind(connection, playlist_id, entry_id, after_id)
    assert place is not None, "there is room between spread entries"
    connection.execute(update(playlist_entry).where(playlist_entry.c.id == entry_id).values(place=place))
    _count(connection, playlist_id, 0, now_s)


def drop_entry(connection: Connection, playlist_id: str, entry_id: str, now_s: float) -> None:
    """Take an entry out. Raises NotFoundError."""
    _lock(connection, playlist_id)
    get_entry(connection, playlist_id, entry_id)
    connection.execute(delete(playlist_entry).where(playlist_entry.c.id == entry_id))
    _count(connection, playlist_id, -1, now_s)


def forget_video(connection: Connection, video_id: str) -> None:
    """Take a video out of all playlists, before its row goes."""
    here = playlist_entry.c.video_id == video_id
    counted = select(playlist_entry.c.playlist_id, func.count()).where(here).group_by(playlist_entry.c.playlist_id)
    for playlist_id, number in connection.execute(counted).all():
        connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(entries=playlist.c.entries - number))
    connection.execute(delete(playlist_entry).where(here))


def get_entry(connection: Connection, playlist_id: str, entry_id: str) -> Row:
    """An entry of this playlist; raises NotFoundError."""
    here = (playlist_entry.c.id == entry_id, playlist_entry.c.playlist_id == playlist_id)
    row = first_row(connection, select(playlist_entry).where(*here))
    if row is None:
        raise NotFoundError(f"there is no entry {entry_id} in this playlist", entry=entry_id)
    return row


def _lock(connection: Connection, playlist_id: str) -> int:
    """How many entries a playlist has; nobody else changes them until the transaction ends."""
    found = connection.execute(select(playlist.c.entries).where(playlist.c.id == playlist_id).with_for_update()).scalar()
    if found is None:
        raise NotFoundError(f"there is no playlist {playlist_id}", playlist=playlist_id)
    return int(found)


def _count(connection: Connection, playlist_id: str, number: int, now_s: float) -> None:
    values = {"entries": playlist.c.entries + number, "updated_at": now_s}
    connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(**values))


def _last_place(connection: Connection, playlist_id: str) -> int:
    statement = select(playlist_entry.c.place).where(playlist_entry.c.playlist_id == playlist_id)
    return int(connection.execute(statement.order_by(playlist_entry.c.place.desc()).limit(1)).scalar() or 0)


def _place_behind(connection: Connection, playlist_id: str, entry_id: str, after_id: str | None) -> int | None:
    """A free place behind an entry, or before all; None where there is no room left."""
    low = None if after_id is None else int(get_entry(connection, playlist_id, after_id)["place"])
    statement = select(playlist_entry.c.place).where(playlist_entry.c.playlist_id == playlist_id, playlist_entry.c.id != entry_id)
    if low is not None:
        statement = statement.where(playlist_entry.c.place > low)
    high = connection.execute(statement.order_by(playlist_entry.c.place).limit(1)).scalar()
    if high is None:
        return (low or 0) + _GAP
    if low is None:
        return int(high) - _GAP
    return None if high - low < 2 else (low + high) // 2


def _spread(connection: Connection, playlist_id: str) -> None:
    statement = select(playlist_entry.c.id).where(playlist_entry.c.playlist_id == playlist_id)
    ids = connection.execute(statement.order_by(playlist_entry.c.place, playlist_entry.c.id)).scalars().all()
    for number, entry_id in enumerate(ids, 1):
        connection.execute(update(playlist_entry).where(playlist_entry.c.id == entry_id).values(place=number * _GAP))
