"""The front of the site: chooses the application that answers a request."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.file.receiver import Receiver
from yeoul.api.problem import make_problem
from yeoul.api.request_limit import check_head
from yeoul.api.stream_app import StreamApp


class Front:
    """Passes requests for streams, and those that send blobs, to applications of their own; all others to `rest`.

    receiver: None if this server does not receive blobs.
    """

    def __init__(self, streams: ASGIApp, receiver: ASGIApp | None, rest: ASGIApp) -> None:
        self._streams = streams
        self._receiver = receiver
        self._rest = rest

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
        if self._receiver is not None and Receiver.is_for(scope):
            return self._receiver
        return self._rest
