"""Paths name things by plain text: PostgreSQL holds none with a NUL, so nothing can have such a name."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.problem import make_problem
from yeoul.base.errors import NotFoundError


class PlainPath:
    """ASGI middleware that answers 404 to a path with a NUL."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = make_problem(NotFoundError("nothing has such a name")) if scope["type"] == "http" and "\0" in scope["path"] else self._app
        await app(scope, receive, send)
