"""Server-sent events of one video: `video` on every change, `task` for each task that moves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection
from typing import Any

import anyio.to_thread
from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection
from starlette.types import Receive, Scope, Send

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import MaybeCaller, address_of, find_caller, may_edit, may_see
from yeoul.api.problem import make_problem
from yeoul.api.video.followers import Followers
from yeoul.api.video.task_view import make_task_view
from yeoul.api.view import show_video
from yeoul.base.errors import NotFoundError, UnauthenticatedError, YeoulError
from yeoul.catalog.queue import run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.row import Row
from yeoul.catalog.video import video
from yeoul.identity.slowdown import address_key

router = APIRouter(tags=["videos"])
_EVERY_S = 0.1
_PAUSE_PER_LOOK = 4  # a look compares all tasks of the run: 10 ms for an hour of video, a quarter of a second for a day
_KEEPALIVE_S = 15.0
_NAMED_AT_MOST = 500  # tasks in one query


class _Follower:
    """Tells one client what is new to it. is_known: whether the client came with a session or token; find: returns its account now."""

    def __init__(self, parts: Parts, video_id: str, *, is_known: bool, find: Callable[[], Row | None]) -> None:
        self._parts = parts
        self._video_id = video_id
        self._find = find
        self._is_known = is_known
        self._row: Row | None = None
        self._stamps: dict[str, tuple[Any, ...]] = {}

    def news(self) -> list[str]:
        """Returns the events since the last call, ready to be sent. Tasks are for those who may edit the video.

        Raises NotFoundError if the video is gone, or if the client may no longer see it; UnauthenticatedError if its session has ended.
        """
        caller = self._find() if self._is_known else None
        if self._is_known and caller is None:
            raise UnauthenticatedError("the session has ended")
        found: list[str] = []
        with self._parts.database.read() as connection:
            version = video.version(connection, self._video_id)
            row, is_new = self._row, False
            if row is None or version != row["version"]:
                row = self._row = video.get(connection, self._video_id)
                is_new = True
            if not may_see(row, caller):
                raise NotFoundError(f"there is no video {self._video_id}", video=self._video_id)
            if may_edit(row, caller):
                found += self._task_news(connection)
            if is_new:
                found.append(_event("video", json.loads(show_video(self._parts, connection, row).model_dump_json())))
        return found

    def _task_news(self, connection: Connection) -> list[str]:
        current = run.find_of_video(connection, self._video_id)
        if current is None:
            return []
        told, self._stamps = self._stamps, queue_view.stamps_of_run(connection, current["id"])
        changed = {task_id for task_id, stamp in self._stamps.items() if told.get(task_id) != stamp}
        return [_task_event(task) for task in _read_tasks(connection, current["id"], changed)]


def _read_tasks(connection: Connection, run_id: str, ids: Collection[str]) -> list[Row]:
    if not ids:
        return []
    tasks = queue_view.of_run(connection, run_id, ids if len(ids) <= _NAMED_AT_MOST else None)
    return [task for task in tasks if task["id"] in ids]


def _task_event(task: Row) -> str:
    return _event("task", {**json.loads(make_task_view(task).model_dump_json()), "task": task["id"]})


def _event(kind: str, data: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


async def _follow(follower: _Follower, followers: Followers) -> AsyncIterator[str]:
    """Look only when something was committed: asking that is so cheap that it is done in the event loop.

    The response ends it when the client goes; asking for that here as well would take the message away from it.
    """
    yield "retry: 1000\n\n"
    quiet_s, seen = 0.0, -1
    try:
        while True:
            began_s = time.monotonic()
            seen, before = followers.version(), seen
            news = await anyio.to_thread.run_sync(follower.news) if seen != before else []
            pause_s = max(_EVERY_S, _PAUSE_PER_LOOK * (time.monotonic() - began_s))
            for one in news:
                yield one
            quiet_s = 0.0 if news else quiet_s + pause_s
            if quiet_s >= _KEEPALIVE_S:
                quiet_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(pause_s)
    except YeoulError as error:
        yield _event("gone", error.to_dict())


class _EventStream(StreamingResponse):
    """An answer that counts as a follower while it is sent. It is a problem with status 429 if there are too many followers."""

    def __init__(self, follower: _Follower, followers: Followers, address: str) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(_follow(follower, followers), media_type="text/event-stream", headers=headers)
        self._followers = followers
        self._address = address

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            self._followers.join(self._address)
        except YeoulError as error:
            await make_problem(error)(scope, receive, send)
            return
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._followers.leave(self._address)


@router.get("/videos/{video_id}/events", response_class=StreamingResponse)
def get_events(video_id: str, request: Request, caller: MaybeCaller, parts: PartsDep) -> StreamingResponse:
    """Follow a video; task events are for those who may edit it."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
    if not may_see(row, caller):
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    follower = _Follower(parts, video_id, is_known=caller is not None, find=lambda: find_caller(request, parts))
    return _EventStream(follower, parts.followers, address_key(address_of(request, parts)))
