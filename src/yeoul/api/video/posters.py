"""The poster of a video: candidates, and the owner's choice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, ValidationError

from yeoul.api.body import read_body
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Caller, CallerRow, check_edit
from yeoul.api.view import VideoView, make_stream_base, read_video_view
from yeoul.base.errors import InvalidError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.blob.store import Bucket
from yeoul.catalog.video import stream, video
from yeoul.delivery import presentation as layout
from yeoul.delivery.catalogue_view import poster_uri
from yeoul.model.rendition import Segment, Storyboard
from yeoul.pipeline import sweeper

router = APIRouter(tags=["posters"])
_MAX_BYTES = 5 * 2**20
_CANDIDATES = 12
_MAX_HEIGHT = 1080


class FrameChoice(BaseModel):
    """A frame of the video. time_s: its time in seconds."""

    time_s: float = Field(ge=0, le=1e6, allow_inf_nan=False)


class CandidateView(BaseModel):
    """A time in the video and its thumbnail, which is a box of a storyboard sheet, in pixels."""

    time_s: float
    sheet: str
    x: int
    y: int
    width: int
    height: int


class PostersView(BaseModel):
    """The current poster, whether the owner chose it, and candidates on one page. Candidates exist when the storyboard exists."""

    poster: str | None
    chosen: bool
    items: list[CandidateView]
    next: None = None


_BINARY = {"schema": {"type": "string", "format": "binary"}}
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            **dict.fromkeys(("image/jpeg", "image/png", "image/webp", "image/gif"), _BINARY),
            "application/json": {"schema": FrameChoice.model_json_schema()},
        },
    }
}


@router.get("/videos/{video_id}/posters")
def get_posters(video_id: str, caller: Caller, parts: PartsDep) -> PostersView:
    """Returns the poster and candidates for it. Only for callers who may edit the video."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
    check_edit(row, caller)
    base = make_stream_base(parts, row)
    uri = poster_uri(row)
    storyboard = None if row["storyboard"] is None else Storyboard.model_validate(row["storyboard"])
    items = [] if storyboard is None else _candidates(storyboard, base, row["edition"])
    return PostersView(poster=uri and f"{base}/{uri}", chosen=row["own_poster_key"] is not None, items=items)


def _candidates(storyboard: Storyboard, base: str, edition: int) -> list[CandidateView]:
    """Returns candidates at equal distances."""
    count = min(_CANDIDATES, storyboard.tiles)
    return [_candidate(storyboard, base, edition, (2 * number + 1) * storyboard.tiles // (2 * count)) for number in range(count)]


def _candidate(storyboard: Storyboard, base: str, edition: int, tile_index: int) -> CandidateView:
    sheet, position = divmod(tile_index, storyboard.columns * storyboard.rows)
    row, column = divmod(position, storyboard.columns)
    return CandidateView(
        time_s=tile_index * storyboard.interval_s,
        sheet=f"{base}/{layout.picture_uri(layout.sheet_name(sheet), edition)}",
        x=column * storyboard.tile_width,
        y=row * storyboard.tile_height,
        width=storyboard.tile_width,
        height=storyboard.tile_height,
    )


@router.put("/videos/{video_id}/poster", openapi_extra=_BODY)
async def put_poster(video_id: str, request: Request, caller: Caller, parts: PartsDep) -> VideoView:
    """Sets the poster: a picture of at most 5 MiB, which the server re-encodes, or the time of a frame as JSON."""
    data = await read_body(request, _MAX_BYTES)
    is_choice = request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"
    return await asyncio.to_thread(_save_choice, parts, video_id, caller, data, is_choice=is_choice)


def _save_choice(parts: Parts, video_id: str, caller: CallerRow, data: bytes, *, is_choice: bool) -> VideoView:
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        check_edit(row, caller)
        tracks = stream.tracks(connection, video_id, row["edition"]) if is_choice else ()
    jpeg = _cut_frame(parts, tracks, _read_time(data)) if is_choice else parts.drawing.draw_poster(data)
    now_s = parts.clock.now()
    key = f"{video_id}/posters/{new_id(now_s)}.jpg"
    parts.store.put_bytes(Bucket.ENCODED, key, jpeg)
    try:
        _set_key(parts, video_id, caller, key)
    except NotFoundError:
        parts.store.delete(Bucket.ENCODED, key)  # the video was deleted meanwhile
        raise
    return read_video_view(parts, video_id)[1]


@router.delete("/videos/{video_id}/poster", status_code=204)
def delete_poster(video_id: str, caller: Caller, parts: PartsDep) -> None:
    """Removes the owner's choice. The video shows the generated poster again."""
    _set_key(parts, video_id, caller, None)


def _set_key(parts: Parts, video_id: str, caller: CallerRow, key: str | None) -> None:
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        row = video.lock(connection, video_id)
        check_edit(row, caller)
        if row["own_poster_key"] is not None:
            sweeper.schedule_free_one(connection, video_id, row["own_poster_key"], now_s)
        video.change(connection, video_id, {"own_poster_key": key}, now_s)


def _read_time(data: bytes) -> float:
    try:
        return FrameChoice.model_validate_json(data).time_s
    except ValidationError as error:
        raise InvalidError("time_s must be a time in seconds", field="time_s") from error


def _cut_frame(parts: Parts, tracks: Sequence[stream.StoredTrack], time_s: float) -> bytes:
    """Returns the frame at a time as JPEG, from the highest rung, but of at most 1080 lines if possible."""
    videos = [track for track in tracks if track.listed and track.rendition.kind == "video" and track.rendition.codecs.startswith("avc1")]
    best_first = sorted(videos, key=lambda track: (track.rendition.height > _MAX_HEIGHT, -track.rendition.height))
    for track in best_first:
        segment = _segment_at(track, time_s)
        if segment is not None and track.rendition.init_key is not None:
            init = parts.store.get_bytes(Bucket.ENCODED, track.rendition.init_key)
            return parts.drawing.cut_frame(init, parts.store.get_bytes(Bucket.ENCODED, segment.key), time_s)
    raise InvalidError("the video has no frame at this time, or not yet", field="time_s", time_s=time_s)


def _segment_at(track: stream.StoredTrack, time_s: float) -> Segment | None:
    timescale = track.rendition.timescale
    for segment in track.segments:
        if segment.start_ticks <= time_s * timescale < segment.start_ticks + segment.duration_ticks:
            return segment
    return None
