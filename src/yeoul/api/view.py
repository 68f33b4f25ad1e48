"""What the API says of things: from rows to JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from pydantic import BaseModel
from sqlalchemy import Connection

from yeoul.api.deps import Parts
from yeoul.base.clock import rfc3339
from yeoul.catalog.video import audio_track, caption, stream, video
from yeoul.delivery import presentation as layout
from yeoul.delivery.catalogue_view import chapters_of, make_presentation, poster_uri, text_track
from yeoul.delivery.hls import variant_bandwidth
from yeoul.model.notice import NoticeCode
from yeoul.model.source import AudioRole, Source
from yeoul.model.video import VideoState, Visibility, audience

Row = Mapping[str, Any]


_INNER_FACTS = ("stderr", "traceback", "last")
_LONGEST_FACT = 200


class ErrorView(BaseModel):
    """Why a video failed or waits: a stable code, a sentence, and facts. Output of tools is shown with the tasks, to owners and admins."""

    code: str
    message: str
    facts: dict[str, Any] = {}


class NoticeView(BaseModel):
    """What was lost, changed or left out on the way from the file to the video; count: of what."""

    code: NoticeCode
    count: int | None


class OwnerView(BaseModel):
    """Who a video belongs to."""

    handle: str


class ChannelView(BaseModel):
    """The channel of a video, as it stands beside it."""

    handle: str
    display_name: str
    avatar: str | None
    subscribers: int


class SourceView(BaseModel):
    """The uploaded file: display size in pixels after rotation and SAR, displayed frames, duration in seconds.

    has_video: False where it is all sound, and size and frames are those of the picture that was made for it.
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
    """A stream that players can choose; bandwidth_bps is the peak of it with audio, 0 where unknown. Of sound: language, label, role."""

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
    """A text track and where it lies."""

    language: str | None
    label: str
    url: str


class ChapterView(BaseModel):
    """A part of the video with a name, in seconds; the title is text, not markup."""

    start_s: float
    end_s: float
    title: str


class PlaybackView(BaseModel):
    """Addresses that play as they are; dash is null until the video is ready, chapters where the source has none."""

    hls: str
    dash: str | None
    poster: str | None
    storyboard: str | None
    chapters: str | None
    captions: list[CaptionView]


class VideoView(BaseModel):
    """A video as its viewers see it. hidden: by moderators, so that only they and the owner see it, whatever its visibility."""

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
    """Returns an error without output of tools and tracebacks, which only owners and admins may see, with the tasks."""
    if data is None:
        return None
    told: Mapping[str, Any] = data.get("facts") or {}
    facts = {name: value for name, value in told.items() if name not in _INNER_FACTS and _is_plain(value)}
    return ErrorView(code=data["code"], message=data["message"], facts=facts)


def _notices(row: Row) -> list[NoticeView]:
    if row["source"] is None:
        return []
    return [NoticeView(code=one.code, count=one.count) for one in Source.model_validate(row["source"]).list_notices(row["lost"])]


def _is_plain(value: Any) -> bool:
    if isinstance(value, list):
        return all(_is_plain(one) for one in cast("list[Any]", value))
    return value is None or isinstance(value, int | float) or (isinstance(value, str) and len(value) <= _LONGEST_FACT and "\n" not in value)


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
    """Where an account's picture is, below the server's address; None where it has none."""
    return None if digest is None else f"/api/v1/avatars/{account_id}/{digest}.jpg"


def make_channel_view(row: Row) -> ChannelView:
    """The channel of a video's row."""
    handle = row["owner_handle"]
    name = row["owner_name"] or handle
    picture = make_avatar_path(row["owner_id"], row["owner_avatar"])
    return ChannelView(handle=handle, display_name=name, avatar=picture, subscribers=row["subscribers"] or 0)


def make_video_view(
    parts: Parts, row: Row, tracks: Sequence[stream.StoredTrack], captions: Sequence[Row], sounds: Sequence[Row]
) -> VideoView:
    """The whole of a video, with signed addresses where it is private (the caller has been found allowed)."""
    offered = make_presentation(row, tuple(tracks), captions, sounds, parts.settings.media.piece_s)
    base = make_stream_base(parts, row)
    source = _source(row["source"])
    renditions: list[RenditionView] = []
    if offered is not None:
        for track in (*offered.videos, *offered.audios):
            one = track.rendition
            bandwidth = variant_bandwidth(offered, track) if one.kind == "video" else track.declared_bps
            fields = one.model_dump(include={"name", "kind", "width", "height", "codecs", "frame_rate", "channels", "language"})
            role = track.role if one.kind == "audio" else None
            renditions.append(RenditionView(**fields, bandwidth_bps=bandwidth, label=track.label, role=role))
    picture = poster_uri(row)
    poster = picture and f"{base}/{picture}"
    ready = row["state"] == VideoState.READY.value
    playback = None
    if offered is not None:
        playback = PlaybackView(
            hls=f"{base}/{layout.MASTER_NAME}",
            dash=f"{base}/{layout.MPD_NAME}" if ready else None,
            poster=poster,
            storyboard=f"{base}/{layout.STORYBOARD_NAME}" if row["storyboard"] else None,
            chapters=f"{base}/{layout.CHAPTERS_NAME}" if offered.chapters else None,
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
        chapters=[ChapterView(**chapter.model_dump()) for chapter in chapters_of(row)],
        playback=playback,
        poster=poster,
        sidecars={name: f"{base}/{layout.SIDECAR_FOLDER}/{name}" for name in row["sidecars"]},
        dag=f"/api/v1/videos/{row['id']}/dag",
        watch=f"/watch/{row['id']}",
    )


def make_stream_base(parts: Parts, row: Row) -> str:
    """Below what address a video's stream lies for whoever was found allowed to watch."""
    return f"/stream/{parts.access.make_token(row['id'], audience(row), parts.clock.now())}/{row['id']}"


def make_caption_uri(row: Row) -> str:
    """Where a text track is below its video's address."""
    return f"{layout.folder_uri(text_track(row))}/{layout.CAPTIONS_NAME}"


def read_video_view(parts: Parts, video_id: str) -> tuple[Row, VideoView]:
    """(row, view) of a video as it is now; raises NotFoundError."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        return row, show_video(parts, connection, row)


def show_video(parts: Parts, connection: Connection, row: Row) -> VideoView:
    """The view of a video's row. What a version says is made once, but where it is private: its addresses expire."""
    place = (str(row["id"]), int(row["version"]))
    kept = parts.answers.find_view(place)
    if kept is None:
        tracks = stream.tracks(connection, row["id"], row["edition"]) if row["playable_at"] or row["ready_at"] else ()
        kept = make_video_view(parts, row, tracks, caption.of_video(connection, row["id"]), audio_track.of_video(connection, row["id"]))
        if audience(row) != Visibility.PRIVATE:
            parts.answers.keep_view(place, kept)
    # These change without a version.
    return kept.model_copy(update={"views": row["views"], "channel": make_channel_view(row)})


def show_videos(parts: Parts, connection: Connection, ids: Sequence[str]) -> list[VideoView]:
    """Public videos in the order of their ids; those that are not public, or are gone, are left out."""
    rows = video.by_id(connection, ids)
    return [show_video(parts, connection, rows[one]) for one in ids if one in rows and audience(rows[one]) == Visibility.PUBLIC]
