"""Finding public videos: feed, trending, search, suggestions and related videos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import MaybeCaller, can_see
from yeoul.api.page import PageSize, read_cursor
from yeoul.api.response_cache import NOT_MODIFIED
from yeoul.api.video_page import VideoPage, make_video_page
from yeoul.api.view import show_videos
from yeoul.base.errors import NotFoundError
from yeoul.catalog.schema.row.videos import ListingRow
from yeoul.catalog.video import listing, video
from yeoul.discovery import index
from yeoul.discovery.ranking import Duration, Filter, Since, Sort

router = APIRouter(tags=["discovery"])
_MAX_SUGGESTIONS = 8
Text = Annotated[str, StringConstraints(max_length=200)]
_ListQuery = Callable[[Connection, tuple[float, str] | None, int], list[ListingRow]]


class TitleView(BaseModel):
    """The id and title of a video."""

    id: str
    title: str


class Suggestions(BaseModel):
    """Titles of videos (most viewed first) and handles of channels that match the text. At most 8 in all."""

    videos: list[TitleView]
    channels: list[str]


@router.get("/feed", response_model=VideoPage, responses=NOT_MODIFIED)
async def get_feed(request: Request, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> Response:
    """Lists public videos that can be played, newest first."""
    return await _cached_page(request, parts, listing.newest, "created_at", cursor, limit)


@router.get("/trending", response_model=VideoPage, responses=NOT_MODIFIED)
async def get_trending(request: Request, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> Response:
    """Lists public videos by recent views. A view from two days ago counts half."""
    return await _cached_page(request, parts, listing.trending, "trend", cursor, limit)


async def _cached_page(request: Request, parts: Parts, query: _ListQuery, key: str, cursor: str | None, limit: int) -> Response:
    def read() -> tuple[bytes, bool]:
        with parts.database.read() as connection:
            rows = query(connection, read_cursor(cursor), limit + 1)
            page = make_video_page(parts, connection, rows, limit, key)
        return page.model_dump_json().encode(), True

    return await parts.response_cache.respond(request, read)


@router.get("/search")
def get_search(
    parts: PartsDep,
    q: Text,
    sort: Sort = Sort.RELEVANCE,
    duration: Duration | None = None,
    since: Since | None = None,
    height: Annotated[int | None, Query(ge=1, le=100_000)] = None,
    cursor: str | None = None,
    limit: PageSize = 24,
) -> VideoPage:
    """Searches public videos by title, description, tags and channel. Incomplete words and words with one wrong letter match, too.

    duration: short is under 4 minutes, medium is up to 20. height: the minimum number of pixels of the short side.
    """
    filters = Filter(parts.clock.now(), sort, duration, since, height)
    with parts.database.read() as connection:
        rows = index.search(connection, q, filters, read_cursor(cursor), limit + 1)
        return make_video_page(parts, connection, rows, limit, "rank")


@router.get("/search/suggest")
def get_suggestions(parts: PartsDep, q: Text) -> Suggestions:
    """Suggests videos and channels while the user types."""
    with parts.database.read() as connection:
        ids, handles = index.suggest(connection, q, _MAX_SUGGESTIONS)
        videos = video.by_id(connection, ids)
    handles = handles[: _MAX_SUGGESTIONS // 2]
    titles = [TitleView(id=suggested_id, title=videos[suggested_id]["title"]) for suggested_id in ids if suggested_id in videos]
    return Suggestions(videos=titles[: _MAX_SUGGESTIONS - len(handles)], channels=handles)


@router.get("/videos/{video_id}/related")
def get_related(video_id: str, caller: MaybeCaller, parts: PartsDep, limit: PageSize = 24) -> VideoPage:
    """Lists public videos that are similar to this one, most similar first, on one page."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
        if not can_see(row, caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        return VideoPage(items=show_videos(parts, connection, index.related(connection, row, limit)), next=None)
