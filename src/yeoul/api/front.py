"""The front of the site: chooses the application that answers a request."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.file.pages import Pages
from yeoul.api.file.receiver import Receiver
from yeoul.api.metrics.requests import RouteMetrics
from yeoul.api.problem import make_problem
from yeoul.api.request_limit import check_head
from yeoul.api.stream_app import StreamApp
from yeoul.api.stream_sender import send_all

_HEALTH = "/healthz"
_HEALTHY = b'{"status":"ok"}'


class Front:
    """Passes requests for streams and pages, and those that send blobs, to applications of their own; all others to `rest`.

    It answers `/healthz` itself: the server is alive if its event loop turns. receiver, pages: None if this server has none.
    """

    def __init__(self, streams: ASGIApp, rest: ASGIApp, *, receiver: ASGIApp | None = None, pages: ASGIApp | None = None) -> None:
        self._streams = streams
        self._receiver = receiver
        self._pages = pages
        self._rest = rest
        self._metrics = RouteMetrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._choose(scope)
        if app is not self._rest and (error := check_head(scope)) is not None:
            app = make_problem(error)
        await app(scope, receive, send)

    def _choose(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._rest
        if StreamApp.is_for(scope):
            return self._streams
        if scope["path"] == _HEALTH:
            return self._answer_health
        if self._receiver is not None and Receiver.is_for(scope):
            return self._receiver
        if self._pages is not None and Pages.is_for(scope):
            return self._pages
        return self._rest

    async def _answer_health(self, scope: Scope, _receive: Receive, send: Send) -> None:
        started_s = time.perf_counter()
        body = b"" if scope["method"] == "HEAD" else _HEALTHY
        await send_all(send, 200, [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(_HEALTHY))], body)
        self._metrics.note(_HEALTH, scope["method"], 200, time.perf_counter() - started_s)
