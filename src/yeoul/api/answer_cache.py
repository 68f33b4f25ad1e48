"""Answers and views that are kept while nothing has changed, so that asking again costs next to nothing."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.base.errors import UnavailableError
from yeoul.catalog.database import ChangeWatch, Database

if TYPE_CHECKING:
    from yeoul.api.view import VideoView

_KEPT = 2048
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "What the caller has (`If-None-Match`) is what there is."}}


Place = tuple[str, bytes]  # path and query


@dataclass(frozen=True)
class Kept:
    """An answer, its ETag, and the route that made it."""

    body: bytes
    etag: str
    route: Any


class AnswerCache:
    """Bodies by address, dropped by the first commit after them; and views by (video id, version), which no commit makes wrong.

    Safe to share between threads.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._watch: ChangeWatch | None = None
        self._seen = -1  # commits of this process that are known
        self._age = 0  # counts the times that something had changed
        self._bodies: dict[Place, Kept] = {}
        self._views: OrderedDict[tuple[str, int], VideoView] = OrderedDict()

    async def answer(self, request: Request, read: Callable[[], tuple[bytes, bool]]) -> Response:
        """A JSON answer with its ETag, kept for this address. read: gives (body, whether it is the same for every caller), in a thread."""
        age, _ = self.find(_place(request.scope))
        body, is_public = await run_in_threadpool(read)
        if not is_public:
            return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})
        made = Kept(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', request.scope.get("route"))
        self._keep(age, _place(request.scope), made)
        return make_response(made, request.headers.get("if-none-match", ""))

    def find(self, place: Place) -> tuple[int, Kept | None]:
        """(what to keep an answer with, the answer that is kept)."""
        with self._lock:
            if self._has_changed():
                self._bodies.clear()
                self._age += 1
            return self._age, self._bodies.get(place)

    def _has_changed(self) -> bool:
        commits = self._database.commits
        if self._watch is None:
            self._watch = self._database.watch()
            self._seen = commits
            return True
        old, self._seen = self._seen, commits
        return self._watch.poll() or old != commits

    def _keep(self, age: int, place: Place, made: Kept) -> None:
        with self._lock:
            if age == self._age:  # or what was read may be from before the change
                if len(self._bodies) >= _KEPT:
                    self._bodies.clear()
                self._bodies[place] = made

    def close(self) -> None:
        """Give the watch's connection back."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def may_have(self, place: Place) -> bool:
        """Whether it is worth while to look."""
        return place in self._bodies

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


def make_response(kept: Kept, has: str) -> Response:
    """The answer, or that the caller has it."""
    headers = {"ETag": kept.etag, "Cache-Control": "no-cache"}
    if kept.etag in has:
        return Response(status_code=304, headers=headers)
    return Response(kept.body, media_type="application/json", headers=headers)


def _place(scope: Scope) -> Place:
    return str(scope["path"]), bytes(scope["query_string"])


class KeptAnswers:
    """ASGI middleware that gives answers that are kept, before anything is asked who, what or how many."""

    def __init__(self, app: ASGIApp, get_answers: Callable[[], AnswerCache]) -> None:
        self._app = app
        self._get_answers = get_answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and self._get_answers().may_have(_place(scope)):
            kept = self._find(_place(scope))
            if kept is not None:
                scope["route"] = kept.route  # what the request is counted under
                has = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), "")
                await make_response(kept, has)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _find(self, place: Place) -> Kept | None:
        try:
            return self._get_answers().find(place)[1]
        except UnavailableError:
            return None  # the route says so, as it says all errors
