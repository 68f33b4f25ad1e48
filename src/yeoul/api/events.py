"""Server-sent events of one video: `video` on every change, `task` for each task that moves."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Collection
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import MaybeCaller, may_edit, may_see
from yeoul.api.videos import make_task_view
from yeoul.api.view import read_video_view
from yeoul.base.errors import NotFoundError, YeoulError
from yeoul.catalog import queue_view, run, video
from yeoul.catalog.database import Database
from yeoul.catalog.row import Row

router = APIRouter(tags=["videos"])
_EVERY_S = 0.1
_PAUSE_PER_LOOK = 4  # a look compares all tasks of the run: 10 ms for an hour of video, a quarter of a second for a day
_KEEPALIVE_S = 15.0
_NAMED_AT_MOST = 500  # tasks in one query


class _Follower:
    """What one client has been told already."""

    def __init__(self, parts: Parts, video_id: str, caller: Row | None, *, with_tasks: bool) -> None:
        self._parts = parts
        self._video_id = video_id
        self._caller = caller
        self._with_tasks = with_tasks
        self._version = -1
        self._stamps: dict[str, tuple[Any, ...]] = {}

    def news(self) -> list[str]:
        """Returns the events since the last call, ready to be sent.

        Raises NotFoundError if the video is gone, or if the client may no longer see it.
        """
        found: list[str] = []
        with self._parts.database.read() as connection:
            version = video.version(connection, self._video_id)
            if self._with_tasks:
                found += self._task_news(connection)
        if version != self._version:
            row, view = read_video_view(self._parts, self._video_id)
            if not may_see(row, self._caller):
                raise NotFoundError(f"there is no video {self._video_id}", video=self._video_id)
            self._version = version if version is not None else -1
            found.append(_event("video", json.loads(view.model_dump_json())))
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


async def _follow(follower: _Follower, database: Database) -> AsyncIterator[str]:
    """Look only when something was committed: asking that is so cheap that it is done in the event loop.

    The response ends it when the client goes; asking for that here as well would take the message away from it.
    """
    yield "retry: 1000\n\n"
    quiet_s, changed = 0.0, True
    watch = database.watch()
    try:
        while True:
            began_s = time.monotonic()
            news = await anyio.to_thread.run_sync(follower.news) if changed else []
            pause_s = max(_EVERY_S, _PAUSE_PER_LOOK * (time.monotonic() - began_s))
            for one in news:
                yield one
            quiet_s = 0.0 if news else quiet_s + pause_s
            if quiet_s >= _KEEPALIVE_S:
                quiet_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(pause_s)
            changed = watch.poll()
    except YeoulError as error:
        yield _event("gone", error.to_dict())
    finally:
        watch.close()


@router.get("/videos/{video_id}/events", response_class=StreamingResponse)
def get_events(video_id: str, caller: MaybeCaller, parts: PartsDep) -> StreamingResponse:
    """Follow a video; task events are for those who may edit it."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
    if not may_see(row, caller):
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    follower = _Follower(parts, video_id, caller, with_tasks=may_edit(row, caller))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_follow(follower, parts.database), media_type="text/event-stream", headers=headers)
