"""Turns database rows into the JSON views of the API."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts
from yeoul.base.clock import rfc3339
from yeoul.catalog.schema.row.videos import AudioTrackRow, CaptionRow, VideoRow
from yeoul.catalog.video import audio_track, caption, stream, video
from yeoul.delivery import presentation as layout
from yeoul.delivery.catalogue_view import make_caption_track, make_presentation, poster_uri, read_chapters
from yeoul.delivery.hls import variant_bandwidth
from yeoul.model.source import AudioRole, NoticeCode, Source
from yeoul.model.video import VideoState, Visibility, effective_visibility

_INTERNAL_FACTS = ("stderr", "traceback", "last")
_MAX_FACT_LENGTH = 200


class ErrorView(BaseModel):
    """The reason why a video failed or waits: a code, a message and facts. Only owners and admins get tool output, with the tasks."""

    code: str
    message: str
    facts: dict[str, Any] = {}


class NoticeView(BaseModel):
    """Something that was lost, changed or left out between the source and the video. count: affected pictures, tracks or channels."""

    code: NoticeCode
    count: int | None


class OwnerView(BaseModel):
    """The owner of a video or playlist."""

    handle: str


class ChannelView(BaseModel):
    """The channel of a video, as shown beside the video."""

    handle: str
    display_name: str
    avatar: str | None
    subscribers: int


class SourceView(BaseModel):
    """The uploaded file: display size in pixels after rotation and SAR, displayed frames, duration in seconds.

    has_video: false if the file has only sound; size and frames are then those of the generated picture.
    """

    width: int
    height: int
    frames: int | None
    frame_rate: float
    duration_s: float
    codec: str
    has_audio: bool
    has_video: bool


class RenditionView(BaseModel):
    """A rendition that players can choose. bandwidth_bps: its peak with audio, 0 if unknown; language, label, role: of audio only."""

    name: str
    kind: str
    width: int
    height: int
    codecs: str
    frame_rate: float
    bandwidth_bps: int
    channels: int
    language: str | None
    label: str
    role: AudioRole | None


class CaptionView(BaseModel):
    """A caption and its URL."""

    language: str | None
    label: str
    url: str


class ChapterView(BaseModel):
    """A named part of the video, in seconds. The title is plain text, not markup."""

    start_s: float
    end_s: float
    title: str


class PlaybackView(BaseModel):
    """URLs that players can use. dash is null until the video is ready; chapters is null if the source has none."""

    hls: str
    dash: str | None
    poster: str | None
    storyboard: str | None
    chapters: str | None
    captions: list[CaptionView]


class VideoView(BaseModel):
    """A video as its viewers see it. hidden: moderators hid it, so only they and the owner see it, whatever its visibility."""

    id: str
    title: str
    description: str
    visibility: str
    hidden: bool
    state: str
    error: ErrorView | None
    notice: ErrorView | None
    notices: list[NoticeView]
    owner: OwnerView
    channel: ChannelView
    tags: list[str]
    views: int
    pipeline: str
    created_at: str
    updated_at: str
    playable_at: str | None
    ready_at: str | None
    duration_s: float | None
    source: SourceView | None
    progress: float
    renditions: list[RenditionView]
    dropped: dict[str, ErrorView]
    chapters: list[ChapterView]
    playback: PlaybackView | None
    poster: str | None
    sidecars: dict[str, str]
    dag: str
    watch: str


def _error(data: Mapping[str, Any] | None) -> ErrorView | None:
    """Returns an error without tool output and tracebacks. Only owners and admins may see those, with the tasks."""
    if data is None:
        return None
    all_facts: Mapping[str, Any] = data.get("facts") or {}
    facts = {name: value for name, value in all_facts.items() if name not in _INTERNAL_FACTS and _is_plain(value)}
    return ErrorView(code=data["code"], message=data["message"], facts=facts)


def _notices(row: VideoRow) -> list[NoticeView]:
    if row["source"] is None:
        return []
    return [NoticeView(code=notice.code, count=notice.count) for notice in Source.model_validate(row["source"]).list_notices(row["lost"])]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(item) for item in cast("list[Any]", value))
    if isinstance(value, str):
        return len(value) <= _MAX_FACT_LENGTH and "\n" not in value
    return value is None or isinstance(value, int | float)


def _source(data: Mapping[str, Any] | None) -> SourceView | None:
    if data is None:
        return None

    source = Source.model_validate(data)
    width, height = source.video.display_size
    return SourceView(
        width=width,
        height=height,
        frames=source.video.frames,
        frame_rate=source.video.frame_rate,
        duration_s=source.duration_s,
        codec=source.video.codec,
        has_audio=source.audio is not None,
        has_video=not source.cover,
    )


def make_avatar_path(account_id: str, digest: str | None) -> str | None:
    """Returns the path of an account's avatar, or None if it has none."""
    return None if digest is None else f"/api/v1/avatars/{account_id}/{digest}.jpg"


def make_channel_view(row: video.OwnedVideoRow) -> ChannelView:
    """Returns the channel of a video's row."""
    handle = row["owner_handle"]
    name = row["owner_name"] or handle
    avatar = make_avatar_path(row["owner_id"], row["owner_avatar"])
    return ChannelView(handle=handle, display_name=name, avatar=avatar, subscribers=row["subscribers"] or 0)


def make_video_view(
    parts: Parts,
    row: video.OwnedVideoRow,
    tracks: Sequence[stream.StoredTrack],
    captions: Sequence[CaptionRow],
    audio_rows: Sequence[AudioTrackRow],
) -> VideoView:
    """Returns the full view of a video, with signed URLs if it is private. Check the caller's access first."""
    presentation = make_presentation(row, tuple(tracks), captions, audio_rows, parts.settings.media.piece_s)
    base = make_stream_base(parts, row)
    source = _source(row["source"])
    renditions: list[RenditionView] = []
    if presentation is not None:
        for track in (*presentation.videos, *presentation.audios):
            rendition = track.rendition
            bandwidth = variant_bandwidth(presentation, track) if rendition.kind == "video" else track.declared_bps
            fields = rendition.model_dump(include={"name", "kind", "width", "height", "codecs", "frame_rate", "channels", "language"})
            role = track.role if rendition.kind == "audio" else None
            renditions.append(RenditionView(**fields, bandwidth_bps=bandwidth, label=track.label, role=role))
    poster_name = poster_uri(row)
    poster = poster_name and f"{base}/{poster_name}"
    is_ready = row["state"] == VideoState.READY.value
    playback = None
    if presentation is not None:
        playback = PlaybackView(
            hls=f"{base}/{layout.MASTER_NAME}",
            dash=f"{base}/{layout.MPD_NAME}" if is_ready else None,
            poster=poster,
            storyboard=f"{base}/{layout.STORYBOARD_NAME}" if row["storyboard"] else None,
            chapters=f"{base}/{layout.CHAPTERS_NAME}" if presentation.chapters else None,
            captions=[
                CaptionView(language=item["language"], label=item["label"], url=f"{base}/{make_caption_uri(item)}") for item in captions
            ],
        )
    return VideoView(
        id=row["id"],
        title=row["title"],
        description=row["description"],
        visibility=row["visibility"],
        hidden=row["hidden"],
        state=row["state"],
        error=_error(row["error"]),
        notice=_error(row["notice"]),
        notices=_notices(row),
        owner=OwnerView(handle=row["owner_handle"]),
        channel=make_channel_view(row),
        tags=row["tags"],
        views=row["views"],
        pipeline=row["pipeline"],
        created_at=rfc3339(row["created_at"]) or "",
        updated_at=rfc3339(row["updated_at"]) or "",
        playable_at=rfc3339(row["playable_at"]),
        ready_at=rfc3339(row["ready_at"]),
        duration_s=None if source is None else source.duration_s,
        source=source,
        progress=row["progress"],
        renditions=renditions,
        dropped={name: ErrorView(code=item["code"], message=item["message"]) for name, item in row["dropped"].items()},
        chapters=[ChapterView(**chapter.model_dump()) for chapter in read_chapters(row)],
        playback=playback,
        poster=poster,
        sidecars={name: f"{base}/{layout.SIDECAR_FOLDER}/{name}" for name in row["sidecars"]},
        dag=f"/api/v1/videos/{row['id']}/dag",
        watch=f"/watch/{row['id']}",
    )


def make_stream_base(parts: Parts, row: VideoRow) -> str:
    """Returns the base path of a video's streams, with a token. Check the caller's access first."""
    return f"/stream/{parts.access.make_token(row['id'], effective_visibility(row), parts.clock.now())}/{row['id']}"


def make_caption_uri(row: CaptionRow) -> str:
    """Returns the URI of a caption, relative to the base path of its video's streams."""
    return f"{layout.folder_uri(make_caption_track(row))}/{layout.CAPTIONS_NAME}"


def read_video_view(parts: Parts, video_id: str) -> tuple[video.OwnedVideoRow, VideoView]:
    """Returns (row, view) of a video. Raises NotFoundError."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        return row, show_video(parts, connection, row)


def show_video(parts: Parts, connection: Connection, row: video.OwnedVideoRow) -> VideoView:
    """Returns the view of a video's row. Views are cached by version, except private ones: their URLs expire."""
    key = (str(row["id"]), int(row["version"]))
    view = parts.response_cache.find_view(key)
    if view is None:
        tracks = stream.tracks(connection, row["id"], row["edition"]) if row["playable_at"] or row["ready_at"] else ()
        view = make_video_view(parts, row, tracks, caption.of_video(connection, row["id"]), audio_track.of_video(connection, row["id"]))
        if effective_visibility(row) != Visibility.PRIVATE:
            parts.response_cache.cache_view(key, view)
    # Views and channel change without a new version.
    return view.model_copy(update={"views": row["views"], "channel": make_channel_view(row)})


def show_videos(parts: Parts, connection: Connection, ids: Sequence[str]) -> list[VideoView]:
    """Returns the views of public videos in the order of `ids`. Skips videos that are not public or do not exist."""
    rows = video.by_id(connection, ids)
    ordered = (rows[video_id] for video_id in ids if video_id in rows)
    return [show_video(parts, connection, row) for row in ordered if effective_visibility(row) == Visibility.PUBLIC]
