"""Who asks: a bearer token or the session cookie. Cookie writes must come from our own pages (Origin is checked)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request

from yeoul.api.deps import PartsDep
from yeoul.base.errors import ForbiddenError, NotFoundError, UnauthenticatedError
from yeoul.catalog import account
from yeoul.model.video import Visibility

COOKIE = "yeoul_session"
_SAFE = ("GET", "HEAD", "OPTIONS")
Row = Mapping[str, Any]


def hash_token(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def find_token(request: Request) -> str | None:
    """The token of a request; raises ForbiddenError for a cookie write from another site."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token:
        return token.strip()
    cookie = request.cookies.get(COOKIE)
    if cookie and request.method not in _SAFE:
        origin = request.headers.get("origin", "")
        if _host_of(origin) != request.headers.get("host"):
            raise ForbiddenError("this request does not come from our own pages", origin=origin)
    return cookie


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _caller(request: Request, parts: PartsDep) -> Row | None:
    token = find_token(request)
    if token is None:
        return None
    with parts.database.read() as connection:
        return account.find_by_token(connection, hash_token(token), parts.clock.now())


MaybeCaller = Annotated[Row | None, Depends(_caller)]


def _need_caller(caller: MaybeCaller) -> Row:
    if caller is None:
        raise UnauthenticatedError("log in first: no valid session or token came with the request")
    return caller


Caller = Annotated[Row, Depends(_need_caller)]


def may_see(video: Row, caller: Row | None) -> bool:
    """Whether a video's page may be shown to a caller."""
    return video["visibility"] != Visibility.PRIVATE.value or may_edit(video, caller)


def may_edit(video: Row, caller: Row | None) -> bool:
    """Whether a caller may change a video: the owner and admins."""
    return caller is not None and (video["owner_id"] == caller["id"] or caller["role"] == "admin")


def check_edit(video: Row, caller: Row | None) -> None:
    """Raises NotFoundError for what the caller may not see, ForbiddenError for what it may see but not change."""
    if not may_see(video, caller):
        raise NotFoundError(f"there is no video {video['id']}", video=video["id"])
    if not may_edit(video, caller):
        raise ForbiddenError("only the owner may do this", video=video["id"])
