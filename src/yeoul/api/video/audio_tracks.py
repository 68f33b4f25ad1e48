"""Audio tracks of a video: those of the source, and added dubs, descriptions and commentaries."""

from __future__ import annotations

from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import Caller, CallerRow, Maker, MaybeCaller, can_edit, can_see, check_edit
from yeoul.api.public_url import make_signed_url
from yeoul.api.view import ErrorView
from yeoul.base.errors import NotFoundError
from yeoul.catalog.queue import run
from yeoul.catalog.schema.row.videos import VideoRow
from yeoul.catalog.video import audio_track, stream, video
from yeoul.model.plain import Language, Line
from yeoul.model.rendition import MAIN_AUDIO, SURROUND
from yeoul.model.sound import MAX_LABEL
from yeoul.model.source import AudioRole
from yeoul.upload.track_service import NewTrack

router = APIRouter(tags=["audio"])
TrackState = Literal["uploading", "processing", "ready", "failed", "left_out"]


class AudioTrackView(BaseModel):
    """An audio track. origin: from the source file, or added later; channels: 6 if a 5.1 rendition exists, else 2.

    state: left_out if the video's pipeline makes no audio tracks.
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
    """All audio tracks of a video on one page, in the order of player menus."""

    items: list[AudioTrackView]
    next: None = None


class AudioUploadView(BaseModel):
    """An audio track and the presigned URL for its bytes. url: null if they have landed."""

    track: AudioTrackView
    method: str = "PUT"
    url: str | None
    path: str | None
    headers: dict[str, str]


class TrackChange(BaseModel):
    """Fields to change. Omitted fields stay as they are."""

    language: Language | None = None
    label: Line = Field(default="", max_length=MAX_LABEL)
    role: AudioRole = "dub"


_EXISTING_TRACK: dict[int | str, dict[str, Any]] = {200: {"model": AudioUploadView, "description": "The track with the same bytes."}}


@router.get("/videos/{video_id}/audio")
def get_audio_tracks(video_id: str, caller: MaybeCaller, parts: PartsDep) -> AudioTrackList:
    """Lists the audio tracks of a video. Tracks that are not ready are listed only if the caller may edit the video."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        if not can_see(row, caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        views = _views(connection, row)
    return AudioTrackList(items=[view for view in views if view.state == "ready" or can_edit(row, caller)])


@router.post("/videos/{video_id}/audio", status_code=201, responses=_EXISTING_TRACK)
def post_audio_track(
    video_id: str, body: NewTrack, request: Request, caller: Maker, parts: PartsDep, response: Response
) -> AudioUploadView:
    """Declares an audio track and returns a presigned URL for its bytes. The same bytes again return the existing track (200).

    ffmpeg must be able to decode the file. Its first frame, or its first sound if it has no frames, plays at the start of the video.
    """
    _check_edit(parts, video_id, caller)
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
    """Reports that the bytes of a track are in the store. Processing starts."""
    _check_edit(parts, video_id, caller)
    parts.tracks.land(video_id, name)
    return _view(parts, video_id, name)


@router.patch("/videos/{video_id}/audio/{name}")
def patch_audio_track(video_id: str, name: str, body: TrackChange, caller: Caller, parts: PartsDep) -> AudioTrackView:
    """Changes language, label or role of a track. Players see the change when they load the video again."""
    _check_edit(parts, video_id, caller)
    parts.tracks.update(video_id, name, body.model_dump(mode="json", exclude_unset=True))
    parts.streams.invalidate(video_id)
    return _view(parts, video_id, name)


@router.delete("/videos/{video_id}/audio/{name}", status_code=204)
def delete_audio_track(video_id: str, name: str, caller: Caller, parts: PartsDep) -> None:
    """Removes an added audio track. The main track of the video cannot be removed."""
    _check_edit(parts, video_id, caller)
    parts.tracks.remove(video_id, name)
    parts.streams.invalidate(video_id)


def _check_edit(parts: Parts, video_id: str, caller: CallerRow) -> None:
    with parts.database.read() as connection:
        check_edit(video.get(connection, video_id), caller)


def _view(parts: Parts, video_id: str, name: str) -> AudioTrackView:
    with parts.database.read() as connection:
        view = next((item for item in _views(connection, video.get(connection, video_id)) if item.name == name), None)
    if view is None:
        raise NotFoundError(f"there is no audio track {name}", track=name)
    return view


def _views(connection: Connection, row: VideoRow) -> list[AudioTrackView]:
    renditions = stream.playlist_states(connection, row["id"], row["edition"])
    current_run = run.find_of_video(connection, row["id"])
    is_left_out = (
        current_run is not None
        and current_run["state"] == "done"
        and all(stage["scope"] != "track" for stage in current_run["definition"]["stages"])
    )
    views: list[AudioTrackView] = []
    for track in audio_track.of_video(connection, row["id"]):
        error = row["dropped"].get(track["name"])
        if track["name"] in renditions and renditions[track["name"]][1]:
            state: TrackState = "ready"
        elif error is not None:
            state = "failed"
        elif track["name"] != MAIN_AUDIO and track["landed_at"] is None:
            state = "uploading"
        else:
            state = "left_out" if is_left_out else "processing"
        fields: dict[str, Any] = {name: track[name] for name in ("name", "language", "label", "role", "origin")}
        error_view = None if error is None else ErrorView(code=error["code"], message=error["message"])
        has_surround = f"{track['name']}{SURROUND}" in renditions
        views.append(AudioTrackView(**fields, state=state, error=error_view, channels=6 if has_surround else 2))
    return views
