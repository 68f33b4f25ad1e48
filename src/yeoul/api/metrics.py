"""Request metrics by route, method and status."""

from __future__ import annotations

import time

from prometheus_client import Counter, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_PREFIX = "/api/v1"
disable_created_metrics()  # a series more for each of ours, and nobody asks for it
_REQUESTS = Counter("yeoul_http_requests_total", "HTTP requests answered.", ["route", "method", "status"])
_SECONDS = Histogram("yeoul_http_request_seconds", "Time to the last byte of an answer in seconds.", ["route"])


def _route(scope: Scope) -> str:
    """The pattern of the route that answered, with the prefix of its router."""
    pattern = str(getattr(scope.get("route"), "path", "none"))
    return API_PREFIX + pattern if scope["path"].startswith(f"{API_PREFIX}/") and not pattern.startswith(API_PREFIX) else pattern


class RequestMetrics:
    """ASGI middleware that counts requests; the label is the route's pattern, so that ids make no new series."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 500

        async def counted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            route = _route(scope)
            _REQUESTS.labels(route, scope["method"], status).inc()
            _SECONDS.labels(route).observe(time.perf_counter() - began)
