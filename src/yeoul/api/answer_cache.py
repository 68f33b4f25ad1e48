"""Answers and views that are kept while nothing has changed, so that asking again costs next to nothing."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool

from yeoul.catalog.database import ChangeWatch, Database

if TYPE_CHECKING:
    from yeoul.api.view import VideoView

_KEPT = 2048
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "What the caller has (`If-None-Match`) is what there is."}}


class AnswerCache:
    """Bodies by key, dropped by the first commit after them; and views by (video id, version), which no commit makes wrong.

    Safe to share between threads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._watch: ChangeWatch | None = None
        self._seen = -1  # commits of this process that are known
        self._age = 0  # counts the times that something had changed
        self._bodies: dict[Hashable, tuple[bytes, str]] = {}
        self._views: OrderedDict[tuple[str, int], VideoView] = OrderedDict()

    async def answer(self, request: Request, key: Hashable, read: Callable[[], tuple[bytes, bool]]) -> Response:
        """A JSON answer with its ETag. read: gives (body, whether it is the same for every caller), in another thread."""
        age, kept = self._find(key)
        if kept is not None:
            return _answer(request, *kept)
        body, is_public = await run_in_threadpool(read)
        if not is_public:
            return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})
        made = body, f'"{hashlib.sha256(body).hexdigest()[:20]}"'
        self._keep(age, key, made)
        return _answer(request, *made)

    def _find(self, key: Hashable) -> tuple[int, tuple[bytes, str] | None]:
        with self._lock:
            if self._has_changed():
                self._bodies.clear()
                self._age += 1
            return self._age, self._bodies.get(key)

    def _has_changed(self) -> bool:
        commits = self._database.commits
        if self._watch is None:
            self._watch = self._database.watch()
            self._seen = commits
            return True
        old, self._seen = self._seen, commits
        return self._watch.poll() or old != commits

    def _keep(self, age: int, key: Hashable, made: tuple[bytes, str]) -> None:
        with self._lock:
            if age == self._age:  # or what was read may be from before the change
                if len(self._bodies) >= _KEPT:
                    self._bodies.clear()
                self._bodies[key] = made

    def close(self) -> None:
        """Give the watch's connection back."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def find_view(self, place: tuple[str, int]) -> VideoView | None:
        """The view of a version of a video."""
        with self._lock:
            return self._views.get(place)

    def keep_view(self, place: tuple[str, int], view: VideoView) -> None:
        """Keep the view of a version."""
        with self._lock:
            self._views[place] = view
            if len(self._views) > _KEPT:
                self._views.popitem(last=False)


def _answer(request: Request, body: bytes, etag: str) -> Response:
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)
