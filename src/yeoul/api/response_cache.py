"""Caches API responses and video views until what they show changes."""

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
from yeoul.catalog.schema.base import metadata

if TYPE_CHECKING:
    from yeoul.api.view import VideoView

# Tables that no cached answer reads, and that change often. A new table drops the answers until it is named here.
_UNREAD = frozenset(
    {
        *("api_token", "attempt", "audience", "audit", "event", "guess", "idempotency", "outbox", "session", "task", "viewing"),
        *("watched", "webhook_delivery", "worker"),
    }
)
_TABLES = frozenset(metadata.tables) - _UNREAD
_MAX_ENTRIES = 2048
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "Not modified: the copy of the caller (`If-None-Match`) is current."}}


CacheKey = tuple[str, bytes]  # path and query


@dataclass(frozen=True)
class CachedResponse:
    """A cached response body, its ETag, and the route that made it."""

    body: bytes
    etag: str
    route: Any


class ResponseCache:
    """A cache of response bodies and video views. Safe to share between threads.

    Bodies are cached by path and query until the next commit; on PostgreSQL, until one that changes what they show. Views are cached by
    (video id, version), and never become stale.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._watch: ChangeWatch | None = None
        self._seen_changes = -1  # number of changes by this process at the last check
        self._generation = 0  # how often the bodies were cleared
        self._bodies: dict[CacheKey, CachedResponse] = {}
        self._views: OrderedDict[tuple[str, int], VideoView] = OrderedDict()

    async def respond(self, request: Request, read: Callable[[], tuple[bytes, bool]]) -> Response:
        """Returns a JSON response, and caches it with its ETag if it is the same for every caller.

        read: runs in a thread and returns (body, whether the body is the same for every caller).
        """
        generation, _ = self.find(_place(request.scope))
        body, is_public = await run_in_threadpool(read)
        if not is_public:
            return Response(body, media_type="application/json", headers={"Cache-Control": "private, no-store"})
        response = CachedResponse(body, f'"{hashlib.sha256(body).hexdigest()[:20]}"', request.scope.get("route"))
        self._keep(generation, _place(request.scope), response)
        return make_response(response, request.headers.get("if-none-match", ""))

    def find(self, place: CacheKey) -> tuple[int, CachedResponse | None]:
        """Returns (generation of the cache, cached response or None). The generation changes when the cache is cleared."""
        with self._lock:
            return self._renew(), self._bodies.get(place)

    def get_generation(self) -> int:
        """Returns a number that changes when a cached answer may have. Raises UnavailableError."""
        with self._lock:
            return self._renew()

    def _renew(self) -> int:
        if self._has_changed():
            self._bodies.clear()
            self._generation += 1
        return self._generation

    def _has_changed(self) -> bool:
        changes = self._database.count_changes(_TABLES)
        if self._watch is None:
            self._watch = self._database.watch(_TABLES)
            self._seen_changes = changes
            return True
        old, self._seen_changes = self._seen_changes, changes
        return self._watch.poll() or old != changes

    def _keep(self, generation: int, place: CacheKey, response: CachedResponse) -> None:
        with self._lock:
            if generation == self._generation:  # else the body may be older than the last change
                if len(self._bodies) >= _MAX_ENTRIES:
                    self._bodies.clear()
                self._bodies[place] = response

    def close(self) -> None:
        """Closes the connection that watches for changes."""
        with self._lock:
            if self._watch is not None:
                self._watch.close()
                self._watch = None

    def has_entry(self, place: CacheKey) -> bool:
        """True if the cache has a response, which may be stale. Takes no lock."""
        return place in self._bodies

    def find_view(self, place: tuple[str, int]) -> VideoView | None:
        """Returns the cached view of a (video id, version), or None."""
        with self._lock:
            return self._views.get(place)

    def cache_view(self, place: tuple[str, int], view: VideoView) -> None:
        """Caches the view of a (video id, version)."""
        with self._lock:
            self._views[place] = view
            if len(self._views) > _MAX_ENTRIES:
                self._views.popitem(last=False)


def make_response(kept: CachedResponse, if_none_match: str) -> Response:
    """Returns the cached response, or 304 if the client's ETag matches."""
    headers = {"ETag": kept.etag, "Cache-Control": "no-cache"}
    if kept.etag in if_none_match:
        return Response(status_code=304, headers=headers)
    return Response(kept.body, media_type="application/json", headers=headers)


def _place(scope: Scope) -> CacheKey:
    return str(scope["path"]), bytes(scope["query_string"])


class ResponseCacheMiddleware:
    """ASGI middleware that answers from the cache, before routing and authentication."""

    def __init__(self, app: ASGIApp, get_cache: Callable[[], ResponseCache]) -> None:
        self._app = app
        self._get_answers = get_cache

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "GET" and self._get_answers().has_entry(_place(scope)):
            kept = self._find(_place(scope))
            if kept is not None:
                scope["route"] = kept.route  # the label of the request metrics
                if_none_match = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"if-none-match"), "")
                await make_response(kept, if_none_match)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _find(self, place: CacheKey) -> CachedResponse | None:
        try:
            return self._get_answers().find(place)[1]
        except UnavailableError:
            return None  # the handler raises the same error
