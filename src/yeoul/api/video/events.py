"""Server-sent events of one video: `video` for each change of the video, `task` for each change of a task."""

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

from yeoul.api.client_address import client_address
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import CallerRow, MaybeCaller, can_edit, can_see, find_caller
from yeoul.api.problem import make_problem
from yeoul.api.video.followers import Followers
from yeoul.api.video.task_view import make_task_view
from yeoul.api.view import show_video
from yeoul.base.errors import NotFoundError, UnauthenticatedError, YeoulError
from yeoul.catalog.queue import run
from yeoul.catalog.queue import view as queue_view
from yeoul.catalog.schema.row.pipeline import TaskStateRow
from yeoul.catalog.video import version, video
from yeoul.identity.attempt_throttle import make_address_key

router = APIRouter(tags=["videos"])
_POLL_EVERY_S = 0.1
_PAUSE_PER_POLL = 4  # a poll compares all tasks of the run: 10 ms for an hour of video, 250 ms for a day
_KEEPALIVE_S = 15.0
_MAX_TASK_IDS = 500  # task ids in one query


class _Follower:
    """Finds the new events for one client. is_known: true if the client sent a session or token; find: returns its current account."""

    def __init__(self, parts: Parts, video_id: str, *, is_known: bool, find: Callable[[], CallerRow | None]) -> None:
        self._parts = parts
        self._video_id = video_id
        self._find = find
        self._is_known = is_known
        self._row: video.OwnedVideoRow | None = None
        self._stamps: dict[str, tuple[Any, ...]] = {}

    def new_events(self) -> list[str]:
        """Returns the events since the last call, ready to send. Includes task events if the caller may edit the video.

        Raises NotFoundError if the video was deleted or the caller may not see it any more, UnauthenticatedError if the session has ended.
        """
        caller = self._find() if self._is_known else None
        if self._is_known and caller is None:
            raise UnauthenticatedError("the login session has ended")
        events: list[str] = []
        with self._parts.database.read() as connection:
            current = version.find(connection, self._video_id)
            row, is_new = self._row, False
            if row is None or current != row["version"]:
                row = self._row = video.get(connection, self._video_id)
                is_new = True
            if not can_see(row, caller):
                raise NotFoundError(f"there is no video {self._video_id}", video=self._video_id)
            if can_edit(row, caller):
                events += self._task_events(connection)
            if is_new:
                events.append(_event("video", json.loads(show_video(self._parts, connection, row).model_dump_json())))
        return events

    def _task_events(self, connection: Connection) -> list[str]:
        current_run = run.find_of_video(connection, self._video_id)
        if current_run is None:
            return []
        old_stamps, self._stamps = self._stamps, queue_view.stamps_of_run(connection, current_run["id"])
        changed_ids = {task_id for task_id, stamp in self._stamps.items() if old_stamps.get(task_id) != stamp}
        return [_task_event(task) for task in _read_tasks(connection, current_run["id"], changed_ids)]


def _read_tasks(connection: Connection, run_id: str, task_ids: Collection[str]) -> list[TaskStateRow]:
    if not task_ids:
        return []
    tasks = queue_view.of_run(connection, run_id, task_ids if len(task_ids) <= _MAX_TASK_IDS else None)
    return [task for task in tasks if task["id"] in task_ids]


def _task_event(task: TaskStateRow) -> str:
    return _event("task", {**json.loads(make_task_view(task).model_dump_json()), "task": task["id"]})


def _event(kind: str, data: dict[str, Any]) -> str:
    return f"event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n"


async def _follow(follower: _Follower, followers: Followers) -> AsyncIterator[str]:
    """Yields the events for one client. It reads the database only after a commit, and that check is cheap enough for the event loop.

    The response ends this generator when the client disconnects. Receiving that message here, too, would take it away from the response.
    """
    yield "retry: 1000\n\n"
    quiet_s, seen = 0.0, -1
    try:
        while True:
            started_s = time.monotonic()
            seen, last_seen = followers.version(), seen
            events = await anyio.to_thread.run_sync(follower.new_events) if seen != last_seen else []
            pause_s = max(_POLL_EVERY_S, _PAUSE_PER_POLL * (time.monotonic() - started_s))
            for event in events:
                yield event
            quiet_s = 0.0 if events else quiet_s + pause_s
            if quiet_s >= _KEEPALIVE_S:
                quiet_s = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(pause_s)
    except YeoulError as error:
        yield _event("gone", error.to_dict())


class _EventStream(StreamingResponse):
    """A response that counts as a follower while it is sent. Answers with 429 if there are too many followers."""

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
    """Streams the events of a video. Only callers who may edit the video get task events."""
    with parts.database.read() as connection:
        row = video.get(connection, video_id)
    if not can_see(row, caller):
        raise NotFoundError(f"there is no video {video_id}", video=video_id)
    follower = _Follower(parts, video_id, is_known=caller is not None, find=lambda: find_caller(request, parts))
    return _EventStream(follower, parts.followers, make_address_key(client_address(request, parts.settings.server)))
