"""The stream path: an ASGI application of its own for everything below `/stream/{token}/{video_id}/`.

It is reached before the middleware and the router of the API. Requests for files of ready videos that are in memory cost no thread and no
query; all others wait in the queue of their address.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.metrics.requests import RouteMetrics
from yeoul.api.problem import make_problem
from yeoul.api.stream_sender import BodyBudget, StreamSender, send_all
from yeoul.base.clock import Clock
from yeoul.base.errors import MethodError, NotFoundError, SignatureError, YeoulError
from yeoul.blob.store import BlobStore
from yeoul.delivery import presentation as layout
from yeoul.delivery.access import StreamAccess
from yeoul.delivery.stream_cache import StreamCache
from yeoul.delivery.stream_index import Blob, StreamIndex, Text

log = logging.getLogger("yeoul.api")
_PREFIX = "/stream/"
_BASE = "/stream/{token}/{video_id}"
# Patterns of all paths, with what they answer with. Metrics count by pattern, so that names and numbers create no new series.
STREAM_PATHS = {
    f"{_BASE}/{layout.MASTER_NAME}": "The HLS multivariant playlist.",
    f"{_BASE}/{layout.MPD_NAME}": "The DASH manifest, which exists when the video is ready.",
    f"{_BASE}/{layout.STORYBOARD_NAME}": "The storyboard as WebVTT.",
    f"{_BASE}/{layout.CHAPTERS_NAME}": "The chapters as WebVTT.",
    f"{_BASE}/{layout.POSTER_NAME}": "The poster. It exists before the video can be played.",
    f"{_BASE}/storyboard-{{sheet}}.jpg": "One sheet of the storyboard.",
    f"{_BASE}/{layout.SIDECAR_FOLDER}/{{name}}": "A file that an op published beside the streams.",
    f"{_BASE}/{{name}}/{layout.MEDIA_NAME}": "The media playlist of a rendition.",
    f"{_BASE}/{{name}}/{layout.IFRAMES_NAME}": "The I-frame playlist of a rendition.",
    f"{_BASE}/{{name}}/{layout.CAPTIONS_NAME}": "A caption as WebVTT. The URL of a newer edition never answers with an older text.",
    f"{_BASE}/{{name}}/{layout.INIT_NAME}": "The init segment of a rendition.",
    f"{_BASE}/{{name}}/{{index}}.m4s": "One media segment.",
}
_METHODS = "GET, HEAD, OPTIONS"
_PREFLIGHT = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", _METHODS.encode()),
    (b"access-control-allow-headers", b"range, if-none-match, if-range"),
    (b"access-control-max-age", b"86400"),
]


class StreamApp:
    """Answers requests below `/stream/`.

    limit: wraps the application that answers requests for which the server has to work, as a middleware does.
    """

    def __init__(
        self, streams: StreamCache, access: StreamAccess, store: BlobStore, clock: Clock, limit: Callable[[ASGIApp], ASGIApp]
    ) -> None:
        self._streams = streams
        self._access = access
        self._clock = clock
        self._budget = BodyBudget()
        self._sender = StreamSender(store, self._budget)
        self._work = limit(self._answer_with_work)
        self._checking: asyncio.Task[None] | None = None
        self._metrics = RouteMetrics()

    @staticmethod
    def is_for(scope: Scope) -> bool:
        """True if a request is for a stream."""
        return bool(scope["path"].startswith(_PREFIX))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = time.perf_counter()
        status, sent_bytes = 500, 0

        async def note_and_send(message: Any) -> None:
            nonlocal status, sent_bytes
            if message["type"] == "http.response.start":
                status = message["status"]
                sent_bytes = next((int(value) for name, value in message["headers"] if name.lower() == b"content-length"), 0)
            await send(message)

        try:
            await self._answer(scope, receive, note_and_send)
        finally:
            seconds = time.perf_counter() - began_s
            self._metrics.note(_route_of(scope["path"]), scope["method"], status, seconds, 0 if scope["method"] == "HEAD" else sent_bytes)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"]
        if method == "OPTIONS":
            await send_all(send, 204, _PREFLIGHT, b"")
            return
        if method not in ("GET", "HEAD"):
            response = make_problem(MethodError(f"streams are read with GET, not with {method[:20]}"))
            response.headers["Allow"] = _METHODS
            await response(scope, receive, send)
            return
        if self._streams.needs_check:
            self._start_check()
        known = self._find_in_memory(scope)
        if known is None:
            await self._work(scope, receive, send)
        else:
            await self._send(*known, scope, receive, send)

    def _start_check(self) -> None:
        """Starts a check of the cache in a thread, unless one is running."""
        if self._checking is None or self._checking.done():
            self._budget.renew()
            self._checking = asyncio.create_task(asyncio.to_thread(self._streams.check))

    def _find_in_memory(self, scope: Scope) -> tuple[StreamIndex, Text | Blob] | None:
        """Returns the index and the answer of a request for a ready video. Returns None if the index in memory cannot tell."""
        with suppress(NotFoundError, SignatureError):
            token, video_id, path = _read_path(scope["path"])
            index = self._streams.peek(video_id)
            answer = None if index is None or not index.is_ready else self._find(index, token, path, scope)
            return None if index is None or answer is None else (index, answer)
        return None

    def _find(self, index: StreamIndex, token: str, path: str, scope: Scope, *, is_fresh: bool = False) -> Text | Blob | None:
        """Returns the answer of a path; None if the index does not have it. is_fresh: the index is as new as the database.

        Raises SignatureError if the token does not give access, NotFoundError if the path is malformed.
        """
        self._access.check(token, index.video_id, index.audience, self._clock.now())
        query = scope["query_string"].decode("latin-1")
        if path == layout.POSTER_NAME and not is_fresh and not index.is_current_poster(query):
            return None
        return index.find(path, query)

    # --- requests that need work ---

    async def _answer_with_work(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            index, answer = await asyncio.to_thread(self._look_up, scope)
        except YeoulError as error:
            await _refuse(error, scope, receive, send)
        except Exception:
            log.exception("a request for a stream failed")
            await _refuse(YeoulError("the server could not answer; its log says why"), scope, receive, send)
        else:
            await self._send(index, answer, scope, receive, send)

    def _look_up(self, scope: Scope) -> tuple[StreamIndex, Text | Blob]:
        """Returns the index and the answer of a request. Raises NotFoundError and SignatureError for an index as new as the database.

        Clients learn from the API or from another server that something exists before the cached index expires.
        """
        token, video_id, path = _read_path(scope["path"])
        if self._streams.needs_check:
            self._streams.check()
        index = self._streams.get(video_id)
        with suppress(SignatureError, NotFoundError):
            answer = self._find(index, token, path, scope)
            if answer is not None:
                return index, answer
        index = self._streams.get(video_id, fresh=True)
        answer = self._find(index, token, path, scope, is_fresh=True)
        return index, self._find_in_edition(index, path) if answer is None else answer

    def _find_in_edition(self, index: StreamIndex, path: str) -> Text | Blob:
        """Returns the answer of a path of an earlier edition, so that viewers who started with one can continue. Raises NotFoundError."""
        folder, slash, _ = path.partition("/")
        if slash and layout.read_folder(folder)[1] < index.edition:
            answer = self._streams.get(index.video_id, layout.read_folder(folder)[1]).find(path)
            if answer is not None:
                return answer
        if not index.is_playable:
            message = f"video {index.video_id} cannot be played yet"
        elif path == layout.MPD_NAME:
            message = "the DASH manifest exists only when the video is ready; play the HLS playlist"
        else:
            message = f"the stream has no {path[:100]}"
        raise NotFoundError(message, video=index.video_id, state=index.state)

    async def _send(self, index: StreamIndex, answer: Text | Blob, scope: Scope, receive: Receive, send: Send) -> None:
        if isinstance(answer, Text):
            await self._sender.send_text(index, answer, scope, send)
            return
        try:
            await self._sender.send_blob(index, answer, scope, send)
        except YeoulError as error:
            await _refuse(error, scope, receive, send)


def _read_path(path: str) -> tuple[str, str, str]:
    """Returns (token, video id, path below the base URL). Raises NotFoundError."""
    parts = path.split("/", 4)
    if len(parts) < 5 or "\0" in path:
        raise NotFoundError("there is nothing at this path")
    return parts[2], parts[3], parts[4]


def _route_of(path: str) -> str:
    """Returns the pattern of a path, or "none"."""
    folder, slash, name = path.split("/", 4)[-1].rpartition("/")
    if not slash:
        route = f"{_BASE}/storyboard-{{sheet}}.jpg" if name.startswith("storyboard-") else f"{_BASE}/{name}"
    elif folder == layout.SIDECAR_FOLDER:
        route = f"{_BASE}/{layout.SIDECAR_FOLDER}/{{name}}"
    else:
        route = f"{_BASE}/{{name}}/{'{index}.m4s' if name.endswith('.m4s') else name}"
    return route if route in STREAM_PATHS else "none"


async def _refuse(error: YeoulError, scope: Scope, receive: Receive, send: Send) -> None:
    response = make_problem(error)
    response.headers["Access-Control-Allow-Origin"] = "*"
    await response(scope, receive, send)
