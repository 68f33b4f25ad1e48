"""Playlists and their entries. The places of entries leave gaps, so that moving an entry changes one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, tuple_, update

from yeoul.base.errors import ConflictError, NotFoundError
from yeoul.catalog.row import all_rows, first_row, insert_new
from yeoul.catalog.schema.account import account
from yeoul.catalog.schema.row.videos import PlaylistEntryRow, PlaylistRow
from yeoul.catalog.schema.videos import playlist, playlist_entry

PLAYLISTS_MAX = 1000
ENTRIES_MAX = 5000
WATCH_LATER = "later"
_GAP = 2**20
_SHOWN = select(playlist, account.c.handle.label("owner_handle")).join(account, account.c.id == playlist.c.owner_id)


class OwnedPlaylistRow(PlaylistRow):
    """A playlist with the handle of its owner."""

    owner_handle: str


def add(connection: Connection, row: Mapping[str, Any], now_s: float) -> None:
    """Inserts a playlist; skips a second `later` playlist of the same owner. Raises ConflictError beyond PLAYLISTS_MAX.

    row: id, owner_id, kind, title, description, visibility.
    """
    playlist_count = select(func.count()).select_from(playlist).where(playlist.c.owner_id == row["owner_id"])
    if connection.execute(playlist_count).scalar_one() >= PLAYLISTS_MAX and row["kind"] != WATCH_LATER:
        raise ConflictError(f"an account can have at most {PLAYLISTS_MAX} playlists; delete one first", most=PLAYLISTS_MAX)
    insert_new(connection, playlist, [{**row, "entries": 0, "created_at": now_s, "updated_at": now_s}])


def find(connection: Connection, playlist_id: str) -> OwnedPlaylistRow | None:
    """Returns a playlist with its owner's handle; None if there is none."""
    return first_row(connection, _SHOWN.where(playlist.c.id == playlist_id), OwnedPlaylistRow)


def find_watch_later(connection: Connection, owner_id: str) -> OwnedPlaylistRow | None:
    """Returns an account's Watch later playlist; None if the account has not used it yet."""
    return first_row(connection, _SHOWN.where(playlist.c.owner_id == owner_id, playlist.c.kind == WATCH_LATER), OwnedPlaylistRow)


def page(connection: Connection, owner_id: str, before: tuple[float, str] | None, limit: int) -> list[OwnedPlaylistRow]:
    """Returns a page of an account's playlists, newest first. `before` is (created_at, id)."""
    statement = _SHOWN.where(playlist.c.owner_id == owner_id).order_by(playlist.c.created_at.desc(), playlist.c.id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(tuple_(playlist.c.created_at, playlist.c.id) < before)
    return all_rows(connection, statement, OwnedPlaylistRow)


def change(connection: Connection, playlist_id: str, values: Mapping[str, Any], now_s: float) -> None:
    """Sets title, description or visibility."""
    connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(**values, updated_at=now_s))


def delete_playlist(connection: Connection, playlist_id: str) -> None:
    """Deletes a playlist and its entries."""
    connection.execute(delete(playlist_entry).where(playlist_entry.c.playlist_id == playlist_id))
    connection.execute(delete(playlist).where(playlist.c.id == playlist_id))


def entries(connection: Connection, playlist_id: str, after: tuple[float, str] | None, limit: int) -> list[PlaylistEntryRow]:
    """Returns a page of entries in playlist order. `after` is (place, id)."""
    statement = select(playlist_entry).where(playlist_entry.c.playlist_id == playlist_id)
    statement = statement.order_by(playlist_entry.c.place, playlist_entry.c.id).limit(limit)
    if after is not None:
        statement = statement.where(tuple_(playlist_entry.c.place, playlist_entry.c.id) > (int(after[0]), after[1]))
    return all_rows(connection, statement, PlaylistEntryRow)


def append(connection: Connection, playlist_id: str, entry_id: str, video_id: str, now_s: float) -> None:
    """Adds a video at the end. Raises ConflictError if the playlist is full."""
    if _lock(connection, playlist_id) >= ENTRIES_MAX:
        raise ConflictError(f"a playlist can have at most {ENTRIES_MAX} videos", most=ENTRIES_MAX)
    row = {"id": entry_id, "playlist_id": playlist_id, "video_id": video_id, "place": _last_place(connection, playlist_id) + _GAP}
    connection.execute(insert(playlist_entry).values(**row, added_at=now_s))
    _count(connection, playlist_id, 1, now_s)


def move(connection: Connection, playlist_id: str, entry_id: str, after_id: str | None, now_s: float) -> None:
    """Moves an entry behind the entry `after_id`, or to the start if that is None. Raises NotFoundError."""
    _lock(connection, playlist_id)
    get_entry(connection, playlist_id, entry_id)
    if after_id == entry_id:
        return
    place = _place_behind(connection, playlist_id, entry_id, after_id)
    if place is None:
        _renumber(connection, playlist_id)
        place = _place_behind(connection, playlist_id, entry_id, after_id)
    assert place is not None, "renumbered entries have gaps between them"
    connection.execute(update(playlist_entry).where(playlist_entry.c.id == entry_id).values(place=place))
    _count(connection, playlist_id, 0, now_s)


def remove_entry(connection: Connection, playlist_id: str, entry_id: str, now_s: float) -> None:
    """Removes an entry. Raises NotFoundError."""
    _lock(connection, playlist_id)
    get_entry(connection, playlist_id, entry_id)
    connection.execute(delete(playlist_entry).where(playlist_entry.c.id == entry_id))
    _count(connection, playlist_id, -1, now_s)


def remove_video(connection: Connection, video_id: str) -> None:
    """Removes a video from all playlists, before its row is deleted."""
    is_video = playlist_entry.c.video_id == video_id
    entry_counts = select(playlist_entry.c.playlist_id, func.count()).where(is_video).group_by(playlist_entry.c.playlist_id)
    for playlist_id, number in connection.execute(entry_counts).all():
        connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(entries=playlist.c.entries - number))
    connection.execute(delete(playlist_entry).where(is_video))


def get_entry(connection: Connection, playlist_id: str, entry_id: str) -> PlaylistEntryRow:
    """Returns an entry of a playlist. Raises NotFoundError."""
    key = (playlist_entry.c.id == entry_id, playlist_entry.c.playlist_id == playlist_id)
    row = first_row(connection, select(playlist_entry).where(*key), PlaylistEntryRow)
    if row is None:
        raise NotFoundError(f"there is no entry {entry_id} in this playlist", entry=entry_id)
    return row


def _lock(connection: Connection, playlist_id: str) -> int:
    """Locks a playlist until the transaction ends, and returns the number of its entries. Raises NotFoundError."""
    entry_count = connection.execute(select(playlist.c.entries).where(playlist.c.id == playlist_id).with_for_update()).scalar()
    if entry_count is None:
        raise NotFoundError(f"there is no playlist {playlist_id}", playlist=playlist_id)
    return int(entry_count)


def _count(connection: Connection, playlist_id: str, number: int, now_s: float) -> None:
    values = {"entries": playlist.c.entries + number, "updated_at": now_s}
    connection.execute(update(playlist).where(playlist.c.id == playlist_id).values(**values))


def _last_place(connection: Connection, playlist_id: str) -> int:
    statement = select(playlist_entry.c.place).where(playlist_entry.c.playlist_id == playlist_id)
    return int(connection.execute(statement.order_by(playlist_entry.c.place.desc()).limit(1)).scalar() or 0)


def _place_behind(connection: Connection, playlist_id: str, entry_id: str, after_id: str | None) -> int | None:
    """Returns a free place behind an entry, or before all entries; None if there is no gap."""
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


def _renumber(connection: Connection, playlist_id: str) -> None:
    statement = select(playlist_entry.c.id).where(playlist_entry.c.playlist_id == playlist_id)
    ids = connection.execute(statement.order_by(playlist_entry.c.place, playlist_entry.c.id)).scalars().all()
    for number, entry_id in enumerate(ids, 1):
        connection.execute(update(playlist_entry).where(playlist_entry.c.id == entry_id).values(place=number * _GAP))
