"""Playlists. The id `later` stands for the caller's watch-later list, which every account has."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.idempotency import IdempotencyKey, find_response, store_response
from yeoul.api.identity import Caller, CallerRow, MaybeCaller, can_edit, can_see
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.api.view import OwnerView, VideoView, show_video
from yeoul.base.clock import rfc3339
from yeoul.base.errors import ForbiddenError, InvalidError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.schema.row.videos import PlaylistEntryRow, PlaylistRow, VideoRow
from yeoul.catalog.video import video
from yeoul.catalog.watch import playlist
from yeoul.model.video import Visibility, effective_visibility
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["playlists"])


class NewPlaylist(BaseModel):
    """A new playlist."""

    title: str = Field(min_length=1, max_length=200, pattern=NO_NUL)
    description: str = Field(default="", max_length=5000, pattern=NO_NUL)
    visibility: Visibility = Visibility.PRIVATE


class PlaylistChange(BaseModel):
    """Fields to change. Omitted fields stay as they are."""

    title: str | None = Field(default=None, min_length=1, max_length=200, pattern=NO_NUL)
    description: str | None = Field(default=None, max_length=5000, pattern=NO_NUL)
    visibility: Visibility | None = None


class PlaylistView(BaseModel):
    """A playlist. kind: `list` or `later`; entries: number of entries, including those that the caller may not see."""

    id: str
    kind: Literal["list", "later"]
    title: str
    description: str
    visibility: Visibility
    owner: OwnerView
    entries: int
    created_at: str
    updated_at: str


class PlaylistPage(BaseModel):
    """One page of playlists, newest first."""

    items: list[PlaylistView]
    next: str | None


class NewEntry(BaseModel):
    """The video to add."""

    video_id: str = Field(max_length=40, pattern=NO_NUL)


class EntryMove(BaseModel):
    """The new place of an entry. after: the entry before it; null means the start of the playlist."""

    after: str | None = Field(max_length=40, pattern=NO_NUL)


class EntryView(BaseModel):
    """An entry of a playlist. video: null if it was deleted or the caller may not see it; the owner can still remove the entry."""

    id: str
    added_at: str
    video: VideoView | None


class EntryPage(BaseModel):
    """One page of entries in the order of the playlist."""

    items: list[EntryView]
    next: str | None


def _view(row: playlist.OwnedPlaylistRow) -> PlaylistView:
    names = ("id", "kind", "title", "description", "visibility", "entries")
    plain: dict[str, Any] = {name: row[name] for name in names}
    owner = OwnerView(handle=row["owner_handle"])
    return PlaylistView(**plain, owner=owner, created_at=rfc3339(row["created_at"]) or "", updated_at=rfc3339(row["updated_at"]) or "")


def _find(connection: Connection, playlist_id: str, caller: CallerRow | None) -> playlist.OwnedPlaylistRow:
    """Returns a playlist that the caller may see. Raises NotFoundError."""
    if playlist_id == playlist.WATCH_LATER and caller is not None:
        row = playlist.find_watch_later(connection, caller["id"])
    else:
        row = playlist.find(connection, playlist_id)
    if row is None or not can_see(row, caller):
        raise NotFoundError(f"there is no playlist {playlist_id}", playlist=playlist_id)
    return row


def _find_own(connection: Connection, playlist_id: str, caller: CallerRow) -> playlist.OwnedPlaylistRow:
    row = _find(connection, playlist_id, caller)
    if not can_edit(row, caller):
        raise ForbiddenError("only the owner may do this", playlist=playlist_id)
    return row


def _ensure_later(parts: Parts, caller: CallerRow) -> None:
    """Creates the caller's watch-later list if it does not exist yet."""
    with parts.database.read() as connection:
        if playlist.find_watch_later(connection, caller["id"]) is not None:
            return
    now_s = parts.clock.now()
    fixed = {"kind": playlist.WATCH_LATER, "title": "Watch later", "description": "", "visibility": Visibility.PRIVATE.value}
    with parts.database.write() as connection:
        playlist.add(connection, {"id": new_id(now_s), "owner_id": caller["id"], **fixed}, now_s)


@router.post("/playlists", status_code=201)
def post_playlist(body: NewPlaylist, caller: Caller, parts: PartsDep, key: IdempotencyKey = None) -> PlaylistView:
    """Creates a playlist."""
    now_s = parts.clock.now()
    request = "POST playlists " + body.model_dump_json()
    with parts.database.write() as connection:
        stored = None if key is None else find_response(connection, caller["id"], key, request, now_s)
        if stored is not None:
            return PlaylistView.model_validate_json(stored)
        row = {"id": new_id(now_s), "owner_id": caller["id"], "kind": "list", **body.model_dump(mode="json")}
        playlist.add(connection, row, now_s)
        view = _view(_find(connection, row["id"], caller))
        if key is not None:
            store_response(connection, caller["id"], key, request, view.model_dump_json(), now_s)
    return view


@router.get("/playlists")
def get_playlists(caller: Caller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> PlaylistPage:
    """Lists the caller's playlists, including the watch-later list."""
    _ensure_later(parts, caller)
    with parts.database.read() as connection:
        rows = playlist.page(connection, caller["id"], read_cursor(cursor), limit + 1)
    return PlaylistPage(items=[_view(row) for row in rows[:limit]], next=next_cursor(rows, limit))


@router.get("/playlists/{playlist_id}")
def get_playlist(playlist_id: str, caller: MaybeCaller, parts: PartsDep) -> PlaylistView:
    """Returns a playlist."""
    if playlist_id == playlist.WATCH_LATER and caller is not None:
        _ensure_later(parts, caller)
    with parts.database.read() as connection:
        return _view(_find(connection, playlist_id, caller))


@router.patch("/playlists/{playlist_id}")
def patch_playlist(playlist_id: str, body: PlaylistChange, caller: Caller, parts: PartsDep) -> PlaylistView:
    """Changes title, description or visibility. The watch-later list cannot be changed."""
    values = body.model_dump(mode="json", exclude_none=True)
    with parts.database.write() as connection:
        row = _find_own(connection, playlist_id, caller)
        _check_not_later(row)
        if values:
            playlist.change(connection, row["id"], values, parts.clock.now())
        return _view(_find(connection, row["id"], caller))


@router.delete("/playlists/{playlist_id}", status_code=204)
def delete_playlist(playlist_id: str, caller: Caller, parts: PartsDep) -> None:
    """Deletes a playlist. Its videos are not deleted."""
    with parts.database.write() as connection:
        row = _find_own(connection, playlist_id, caller)
        _check_not_later(row)
        playlist.delete_playlist(connection, row["id"])


def _check_not_later(row: PlaylistRow) -> None:
    if row["kind"] == playlist.WATCH_LATER:
        raise InvalidError("the watch-later list cannot be edited or deleted", field="playlist")


@router.get("/playlists/{playlist_id}/entries")
def get_entries(playlist_id: str, caller: MaybeCaller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> EntryPage:
    """Lists the entries of a playlist in their order."""
    if playlist_id == playlist.WATCH_LATER and caller is not None:
        _ensure_later(parts, caller)
    with parts.database.read() as connection:
        playlist_row = _find(connection, playlist_id, caller)
        rows = playlist.entries(connection, playlist_row["id"], read_cursor(cursor), limit + 1)
        videos = video.by_id(connection, [row["video_id"] for row in rows[:limit]])
        entries = [_entry(parts, connection, row, videos.get(row["video_id"]), playlist_row, caller) for row in rows[:limit]]
    return EntryPage(items=entries, next=next_cursor(rows, limit, "place"))


def _entry(
    parts: Parts,
    connection: Connection,
    row: PlaylistEntryRow,
    video_row: video.OwnedVideoRow | None,
    playlist_row: PlaylistRow,
    caller: CallerRow | None,
) -> EntryView:
    is_visible = video_row is not None and _is_visible(video_row, playlist_row, caller)
    view = show_video(parts, connection, video_row) if video_row is not None and is_visible else None
    return EntryView(id=row["id"], added_at=rfc3339(row["added_at"]) or "", video=view)


def _is_visible(video_row: VideoRow, playlist_row: PlaylistRow, caller: CallerRow | None) -> bool:
    """True if the playlist shows a video to the caller. It shows unlisted videos only to its owner, because the owner has their links."""
    if effective_visibility(video_row) == Visibility.PUBLIC or can_edit(video_row, caller):
        return True
    is_own = caller is not None and playlist_row["owner_id"] == caller["id"]
    return is_own and effective_visibility(video_row) == Visibility.UNLISTED


@router.post("/playlists/{playlist_id}/entries", status_code=201)
def post_entry(playlist_id: str, body: NewEntry, caller: Caller, parts: PartsDep, key: IdempotencyKey = None) -> EntryView:
    """Adds a video at the end of a playlist."""
    if playlist_id == playlist.WATCH_LATER:
        _ensure_later(parts, caller)
    now_s = parts.clock.now()
    request = f"POST playlists/{playlist_id}/entries {body.model_dump_json()}"
    with parts.database.write() as connection:
        stored = None if key is None else find_response(connection, caller["id"], key, request, now_s)
        if stored is not None:
            return EntryView.model_validate_json(stored)
        playlist_row = _find_own(connection, playlist_id, caller)
        video_row = video.get(connection, body.video_id)
        if not can_see(video_row, caller):
            raise NotFoundError(f"there is no video {body.video_id}", video=body.video_id)
        entry_id = new_id(now_s)
        playlist.append(connection, playlist_row["id"], entry_id, body.video_id, now_s)
        view = _entry(parts, connection, playlist.get_entry(connection, playlist_row["id"], entry_id), video_row, playlist_row, caller)
        if key is not None:
            store_response(connection, caller["id"], key, request, view.model_dump_json(), now_s)
    return view


@router.patch("/playlists/{playlist_id}/entries/{entry_id}", status_code=204)
def patch_entry(playlist_id: str, entry_id: str, body: EntryMove, caller: Caller, parts: PartsDep) -> None:
    """Moves an entry behind another one, or to the start."""
    with parts.database.write() as connection:
        playlist_row = _find_own(connection, playlist_id, caller)
        playlist.move(connection, playlist_row["id"], entry_id, body.after, parts.clock.now())


@router.delete("/playlists/{playlist_id}/entries/{entry_id}", status_code=204)
def delete_entry(playlist_id: str, entry_id: str, caller: Caller, parts: PartsDep) -> None:
    """Removes an entry from a playlist."""
    with parts.database.write() as connection:
        playlist.remove_entry(connection, _find_own(connection, playlist_id, caller)["id"], entry_id, parts.clock.now())
