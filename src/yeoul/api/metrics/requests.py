"""Request metrics by route, method and status."""

from __future__ import annotations

import time

from prometheus_client import REGISTRY, Counter, Histogram, disable_created_metrics
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API_PREFIX = "/api/v1"
disable_created_metrics()  # they would add one unused series to each metric
_REQUESTS = Counter("yeoul_http_requests_total", "HTTP requests answered.", ["route", "method", "status"])
_SECONDS = Histogram("yeoul_http_request_seconds", "Time to the last byte of a response in seconds.", ["route"])
_SENT = Counter("yeoul_http_sent_bytes_total", "Bytes of responses whose length was known at their start.", ["kind"])
_MEDIA = ("/stream/", "/blob/")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


def sent_bytes() -> dict[str, int]:
    """Returns the bytes that this process has sent, by kind: media or other."""
    values = {kind: REGISTRY.get_sample_value("yeoul_http_sent_bytes_total", {"kind": kind}) for kind in ("media", "other")}
    return {kind: int(value or 0) for kind, value in values.items()}


def _route(scope: Scope) -> str:
    """Returns the pattern of the route that answered, with the prefix of its router."""
    pattern = str(getattr(scope.get("route"), "path", "none"))
    return API_PREFIX + pattern if scope["path"].startswith(f"{API_PREFIX}/") and not pattern.startswith(API_PREFIX) else pattern


def _count_bytes(scope: Scope, start: Message) -> None:
    if scope["method"] != "HEAD":
        length = next((value for name, value in start["headers"] if name.lower() == b"content-length"), b"0")
        _SENT.labels("media" if scope["path"].startswith(_MEDIA) else "other").inc(int(length))


class RouteMetrics:
    """Notes requests by their route. Looks each series up only once, because looking one up costs more than to count."""

    def __init__(self) -> None:
        self._requests: dict[tuple[str, str, int], Counter] = {}
        self._seconds: dict[str, Histogram] = {}
        self._sent = _SENT.labels("media")

    def note(self, route: str, method: str, status: int, seconds: float, media_bytes: int = 0) -> None:
        """Counts a request, its time in seconds and the bytes of media that it was answered with. Unknown methods count as one."""
        place = (route, method if method in _METHODS else "other", status)
        if place not in self._requests:
            self._requests[place] = _REQUESTS.labels(*place)
            self._seconds.setdefault(route, _SECONDS.labels(route))
        self._requests[place].inc()
        self._seconds[route].observe(seconds)
        self._sent.inc(media_bytes)


class RequestMetrics:
    """ASGI middleware that counts requests by the pattern of their route, so that ids create no new series."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._metrics = RouteMetrics()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started_s = time.perf_counter()
        status = 500

        async def count_and_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                _count_bytes(scope, message)
            await send(message)

        try:
            await self._app(scope, receive, count_and_send)
        finally:
            route = _route(scope)
            self._metrics.note(route, scope["method"], status, time.perf_counter() - started_s)
