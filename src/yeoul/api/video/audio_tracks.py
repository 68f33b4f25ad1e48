"""Audio tracks of a video: the one that it came with, and dubs, descriptions and commentaries beside it."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import Caller, Maker, MaybeCaller, Row, check_edit, may_edit, may_see
from yeoul.api.public_url import make_signed_url
from yeoul.api.view import ErrorView
from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import run
from yeoul.catalog.video import audio_track, stream, video
from yeoul.model.plain import Language, Line
from yeoul.model.rendition import SURROUND
from yeoul.model.sound import MAX_LABEL
from yeoul.model.source import AudioRole
from yeoul.upload.track_service import NewTrack

router = APIRouter(tags=["audio"])
TrackState = Literal["uploading", "processing", "ready", "failed", "left_out"]


class AudioTrackView(BaseModel):
    """An audio track. origin: whether it came with the video's file or was added; channels: 6 where it is there in 5.1 as well.

    state: left_out where the video's pipeline makes no audio tracks.
    """

    name: str
    language: str | None
    label: str
    role: AudioRole
    origin: Literal["file", "added"]
    state: TrackState
    error: ErrorView | None
    channels: int


class AudioTrackList(BaseModel):
    """All audio tracks of a video on one page, in the order of menus."""

    items: list[AudioTrackView]
    next: None = None


class AudioUploadView(BaseModel):
    """A track, and where to send its bytes, as of a piece: url is null when they have landed."""

    track: AudioTrackView
    method: str = "PUT"
    url: str | None
    path: str | None
    headers: dict[str, str]


class TrackChange(BaseModel):
    """What to change of a track; what is not named stays."""

    language: Language | None = None
    label: Line = Field(default="", max_length=MAX_LABEL)
    role: AudioRole = "dub"


_FOUND: dict[int | str, dict[str, Any]] = {200: {"model": AudioUploadView, "description": "The track of the same bytes."}}


@router.get("/videos/{video_id}/audio")
def get_audio_tracks(video_id: str, caller: MaybeCaller, parts: PartsDep) -> AudioTrackList:
    """The audio tracks of a video; to others than its owner, those that can be heard."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        if not may_see(row, caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        views = _views(connection, row)
    return AudioTrackList(items=[view for view in views if view.state == "ready" or may_edit(row, caller)])


@router.post("/videos/{video_id}/audio", status_code=201, responses=_FOUND)
def post_audio_track(
    video_id: str, body: NewTrack, request: Request, caller: Maker, parts: PartsDep, response: Response
) -> AudioUploadView:
    """Declare an audio track, and get a presigned URL for its bytes; the same bytes again find the track that exists (200).

    The file may be any that ffmpeg decodes; its first picture, or else its first sound, stands at the beginning of the video.
    """
    _check(parts, video_id, caller)
    row, signed, is_new = parts.tracks.open(video_id, body, read_account_settings(parts).quota_bytes)
    if not is_new:
        response.status_code = 200
    view = _view(parts, video_id, row["name"])
    if signed is None:
        return AudioUploadView(track=view, url=None, path=None, headers={})
    url, path = make_signed_url(request, parts, signed)
    return AudioUploadView(track=view, url=url, path=path, headers=signed.headers)


@router.post("/videos/{video_id}/audio/{name}/landed", status_code=202)
def post_audio_track_landed(video_id: str, name: str, caller: Caller, parts: PartsDep) -> AudioTrackView:
    """Tell that a track's bytes are in the store; they are processed."""
    _check(parts, video_id, caller)
    parts.tracks.land(video_id, name)
    return _view(parts, video_id, name)


@router.patch("/videos/{video_id}/audio/{name}")
def patch_audio_track(video_id: str, name: str, body: TrackChange, caller: Caller, parts: PartsDep) -> AudioTrackView:
    """Change what a track is called; players are told when they load the video again."""
    _check(parts, video_id, caller)
    parts.tracks.call(video_id, name, body.model_dump(mode="json", exclude_unset=True))
    parts.presentations.forget(video_id)
    return _view(parts, video_id, name)


@router.delete("/videos/{video_id}/audio/{name}", status_code=204)
def delete_audio_track(video_id: str, name: str, caller: Caller, parts: PartsDep) -> None:
    """Take a track away; the one that the video came with stays."""
    _check(parts, video_id, caller)
    parts.tracks.remove(video_id, name)
    parts.presentations.forget(video_id)


def _check(parts: Parts, video_id: str, caller: Row) -> None:
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)


def _view(parts: Parts, video_id: str, name: str) -> AudioTrackView:
    with parts.database.read() as connection:
        found = next((one for one in _views(connection, video.get(connection, video_id)) if one.name == name), None)
    if found is None:
        raise NotFoundError(f"there is no audio track {name}", track=name)
    return found


def _views(connection: Connection, row: Row) -> list[AudioTrackView]:
    standing = stream.standing(connection, row["id"], row["edition"])
    current = run.find_of_video(connection, row["id"])
    is_left_out = (
        current is not None and current["state"] == "done" and all(stage["scope"] != "track" for stage in current["definition"]["stages"])
    )
    found: list[AudioTrackView] = []
    for track in audio_track.of_video(connection, row["id"]):
        error = row["dropped"].get(track["name"])
        if track["name"] in standing and standing[track["name"]][1]:
            state: TrackState = "ready"
        elif error is not None:
            state = "failed"
        elif track["name"] != audio_track.MAIN and track["landed_at"] is None:
            state = "uploading"
        else:
            state = "left_out" if is_left_out else "processing"
        plain: dict[str, Any] = {name: track[name] for name in ("name", "language", "label", "role", "origin")}
        shown = None if error is None else ErrorView(code=error["code"], message=error["message"])
        surround = f"{track['name']}{SURROUND}" in standing
        found.append(AudioTrackView(**plain, state=state, error=shown, channels=6 if surround else 2))
    return found
