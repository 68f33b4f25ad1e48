"""What everybody may find: the feed, trending, search with suggestions, and what is like a video."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, StringConstraints
from sqlalchemy import Connection

from yeoul.api.answer_cache import NOT_MODIFIED
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import MaybeCaller, may_see
from yeoul.api.page import PageSize, read_cursor
from yeoul.api.video_page import VideoPage, listed_page
from yeoul.api.view import show_videos
from yeoul.base.errors import NotFoundError
from yeoul.catalog.video import listing, video
from yeoul.discovery import index
from yeoul.discovery.ranking import Duration, Filter, Since, Sort

router = APIRouter(tags=["discovery"])
_SUGGESTED = 8
Text = Annotated[str, StringConstraints(max_length=200)]
_Walk = Callable[[Connection, tuple[float, str] | None, int], list[listing.Row]]


class TitleView(BaseModel):
    """A video by its title."""

    id: str
    title: str


class Suggestions(BaseModel):
    """What begins like the text: titles, the most seen first, and handles of channels; 8 in all at most."""

    videos: list[TitleView]
    channels: list[str]


@router.get("/feed", response_model=VideoPage, responses=NOT_MODIFIED)
async def get_feed(request: Request, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> Response:
    """Public videos that can be watched, newest first."""
    return await _kept_page(request, parts, listing.newest, "created_at", cursor, limit)


@router.get("/trending", response_model=VideoPage, responses=NOT_MODIFIED)
async def get_trending(request: Request, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> Response:
    """Public videos that are watched of late; a view of two days ago counts half."""
    return await _kept_page(request, parts, listing.trending, "trend", cursor, limit)


async def _kept_page(request: Request, parts: Parts, walk: _Walk, key: str, cursor: str | None, limit: int) -> Response:
    def read() -> tuple[bytes, bool]:
        with parts.database.read() as connection:
            rows = walk(connection, read_cursor(cursor), limit + 1)
            made = listed_page(parts, connection, rows, limit, key)
        return made.model_dump_json().encode(), True

    return await parts.answers.answer(request, read)


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
    """Public videos by words of title, description, tags and channel, also as they are typed and with a wrong letter.

    duration: short is under 4 minutes, medium up to 20. height: lines of the short side, at least.
    """
    wanted = Filter(parts.clock.now(), sort, duration, since, height)
    with parts.database.read() as connection:
        rows = index.search(connection, q, wanted, read_cursor(cursor), limit + 1)
        return listed_page(parts, connection, rows, limit, "rank")


@router.get("/search/suggest")
def get_suggestions(parts: PartsDep, q: Text) -> Suggestions:
    """What somebody who types may mean."""
    with parts.database.read() as connection:
        ids, handles = index.suggest(connection, q, _SUGGESTED)
        rows = video.by_id(connection, ids)
    handles = handles[: _SUGGESTED // 2]
    titles = [TitleView(id=one, title=rows[one]["title"]) for one in ids if one in rows]
    return Suggestions(videos=titles[: _SUGGESTED - len(handles)], channels=handles)


@router.get("/videos/{video_id}/related")
def get_related(video_id: str, caller: MaybeCaller, parts: PartsDep, limit: PageSize = 24) -> VideoPage:
    """Public videos like this one, the likest first; one page."""
    with parts.database.read() as connection:
        row: dict[str, Any] = dict(video.get(connection, video_id))
        if not may_see(row, caller):
            raise NotFoundError(f"there is no video {video_id}", video=video_id)
        return VideoPage(items=show_videos(parts, connection, index.related(connection, row, limit)), next=None)
