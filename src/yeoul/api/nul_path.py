"""Refuses paths with a NUL character. PostgreSQL cannot store it, so no id or name contains one."""

from __future__ import annotations

from starlette.types import ASGIApp, Receive, Scope, Send

from yeoul.api.problem import make_problem
from yeoul.base.errors import NotFoundError


class NulPathFilter:
    """ASGI middleware that answers 404 to a path with a NUL."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_refused = scope["type"] == "http" and "\0" in scope["path"]
        app = make_problem(NotFoundError("a path cannot contain a NUL character")) if is_refused else self._app
        await app(scope, receive, send)
