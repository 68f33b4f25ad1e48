"""Server-sent events of one video: `video` on every change, `task` for each task that moves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread
from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import MaybeCaller, may_edit, may_see
from yeoul.api.videos import make_task_view
from yeoul.api.view import read_video_view
from yeoul.base.errors import NotFoundError, YeoulError
from yeoul.catalog import queue, run, video
from yeoul.catalog.database import Database

router = APIRouter(tags=["videos"])
_EVERY_S = 0.1
_KEEPALIVE_S = 15.0


class _Follower:
    """What one client has been told already."""

    def __init__(self, parts: Parts, video_id: str, *, with_tasks: bool) -> None:
        self._parts = parts
        self._video_id = video_id
        self._with_tasks = with_tasks
        self._version = -1
        self._tasks_since_s = 0.0

    def news(self) -> list[str]:
        """Events since the last call, ready to be sent; raises NotFoundError when the video is gone."""
        found: list[str] = []
        with self._parts.database.read() as connection:
            version = video.version(connection, self._video_id)
            if self._with_tasks:
                found += self._task_news(connection)
        if version != self._version:
            _, view = read_video_view(self._parts, self._video_id)
            self._version = version if version is not None else -1
            found.append(_event("video", json.loads(view.model_dump_json())))
        return found

    def _task_news(self, connection: Any) -> list[str]:
        current = run.find_of_video(connection, self._video_id)
        if current is None:
            return []
        changed = queue.of_run(connection, current["id"], self._tasks_since_s)
        if changed:
            self._tasks_since_s = max(task["updated_at"] for task in changed)
        return [_event("task", {**json.loads(make_task_view(task).model_dump_json()), "task": task["id"]}) for task in changed]


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
            news = await anyio.to_thread.run_sync(follower.news) if changed else []
            for one in news:
                yield one
            quiet_s = 0.0 if news else quiet_s + _EVERY_S
            if quiet_s >= _KEEPALIVE_S:
                quiet_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(_EVERY_S)
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
    follower = _Follower(parts, video_id, with_tasks=may_edit(row, caller))
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(_follow(follower, parts.database), media_type="text/event-stream", headers=headers)
