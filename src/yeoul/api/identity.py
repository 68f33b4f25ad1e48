"""Who asks, and what that allows: the one place where rights are decided.

A caller comes by a bearer token (of a session, or of a program: `yeoul_...`) or by the session cookie. Writes of browsers must come from
our own pages, whether they carry a cookie or ask for one (Origin is checked).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import Connection

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.base.errors import ForbiddenError, NotFoundError, StorageFullError, UnauthenticatedError, UnavailableError, UnconfirmedError
from yeoul.catalog.account import session
from yeoul.catalog.video import video as videos
from yeoul.identity.password import TOKEN_PREFIX, hash_token
from yeoul.model.right import Right, Scope, has_right
from yeoul.model.video import Visibility, audience, is_moderated

COOKIE = "yeoul_session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_SEEN_EVERY_S = 300.0
Row = Mapping[str, Any]


def _may(caller: Row | None, right: Right) -> bool:
    return caller is not None and has_right(caller["role"], caller["scopes"], right)


# --- where a request comes from ---


def check_origin(request: Request, parts: PartsDep) -> None:
    """Raises ForbiddenError for a write that another site's page has a browser make.

    Browsers name the origin of every write; who names none is no browser, and may write with anything but a cookie.
    """
    if request.method in _SAFE or _bearer(request) is not None:
        return
    origin = request.headers.get("origin")
    if origin is None and COOKIE not in request.cookies and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return
    own = {request.headers.get("host", ""), _host_of(parts.settings.server.public_url)} - {""}
    if _host_of(origin or "") not in own:
        raise ForbiddenError("this request does not come from our own pages", origin=origin or "")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def address_of(request: Request, parts: Parts) -> str:
    """The client's IP address; behind proxies the one that the first of ours has seen."""
    hops = parts.settings.server.proxies
    if hops > 0:
        passed = [part.strip() for line in request.headers.getlist("x-forwarded-for") for part in line.split(",")]
        if hops <= len(passed):
            return passed[-hops][:64]
    return request.client.host if request.client is not None else ""


# --- who asks ---


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def find_caller(request: Request, parts: Parts) -> Row | None:
    """Who asks; None without a session or token that holds."""
    token = _bearer(request) or request.cookies.get(COOKIE)
    if not token:
        return None
    if token.startswith(TOKEN_PREFIX):
        return _by_program(request, parts, token)
    now_s = parts.clock.now()
    with parts.database.read() as connection:
        row = session.find_account(connection, hash_token(token), now_s)
    if row is None:
        return None
    if now_s - row["last_seen_at"] >= _SEEN_EVERY_S:
        _see(parts, row, address_of(request, parts), now_s)
    return {**row, "scopes": None}


def is_known(request: Request, parts: Parts) -> bool:
    """Returns whether a session or token that holds came with a request; what it may not do, is told later."""
    try:
        return find_caller(request, parts) is not None
    except (ForbiddenError, UnavailableError):  # the answer to the request tells it
        return False


def _by_program(request: Request, parts: Parts, token: str) -> Row | None:
    now_s = parts.clock.now()
    with parts.database.read() as connection:
        row = session.find_account_of_token(connection, hash_token(token), now_s)
    if row is None:
        return None
    if now_s - (row["last_used_at"] or 0.0) >= _SEEN_EVERY_S:
        _see(parts, row, "", now_s)
    needed = Scope.READ if request.method in _SAFE else Scope.WRITE
    if needed not in row["scopes"]:
        raise ForbiddenError(f"this token does not allow to {needed}", scopes=row["scopes"])
    return {**row, "session_id": None}


def _see(parts: Parts, row: Row, ip: str, now_s: float) -> None:
    """Note the sign of life; who reads may do so also while nothing can be written."""
    try:
        with parts.database.write() as connection:
            if "token_id" in row:
                session.see_token(connection, row["token_id"], now_s)
            else:
                session.see(connection, row["session_id"], ip, now_s)
    except (StorageFullError, UnavailableError):
        pass


def _caller(request: Request, parts: PartsDep) -> Row | None:
    return find_caller(request, parts)


MaybeCaller = Annotated[Row | None, Depends(_caller)]


def _need_caller(caller: MaybeCaller) -> Row:
    if caller is None:
        raise UnauthenticatedError("log in first: no valid session or token came with the request")
    return caller


Caller = Annotated[Row, Depends(_need_caller)]


def _need_person(caller: Caller) -> Row:
    if caller["session_id"] is None:
        raise ForbiddenError("a program's token may not do this; log in")
    return caller


Person = Annotated[Row, Depends(_need_person)]  # for what opens or closes an account's doors


def _need_maker(caller: Caller, parts: PartsDep) -> Row:
    if not _may(caller, Right.UPLOAD):
        raise ForbiddenError("this account may watch, and not upload; ask the admin")
    check_confirmed(caller, parts)
    return caller


Maker = Annotated[Row, Depends(_need_maker)]


def check_confirmed(caller: Row, parts: Parts) -> None:
    """Raises UnconfirmedError where the server wants to know addresses, and does not know this one."""
    if caller["confirmed_at"] is None and read_account_settings(parts).confirm_email:
        raise UnconfirmedError("confirm your e-mail address first; the link is in the mail that was sent to you")


def _need_admin(caller: Caller) -> Row:
    if not _may(caller, Right.ADMINISTER):
        raise ForbiddenError("only an admin may do this")
    return caller


Admin = Annotated[Row, Depends(_need_admin)]


# --- videos ---


def may_see(video: Row, caller: Row | None) -> bool:
    """Whether a video's or playlist's page may be shown to a caller; what moderators hide they see themselves, and the owner."""
    open_to_all = audience(video) != Visibility.PRIVATE
    return open_to_all or may_edit(video, caller) or (is_moderated(video) and _may(caller, Right.MODERATE))


def may_edit(video: Row, caller: Row | None) -> bool:
    """Whether a caller may change a video: the owner and admins."""
    return caller is not None and (video["owner_id"] == caller["id"] or _may(caller, Right.ADMINISTER))


def check_edit(video: Row, caller: Row | None) -> None:
    """Raises NotFoundError for what the caller may not see, ForbiddenError for what it may see but not change."""
    if not may_see(video, caller):
        raise NotFoundError(f"there is no video {video['id']}", video=video["id"])
    if not may_edit(video, caller):
        raise ForbiddenError("only the owner may do this", video=video["id"])


def check_show(video: Row, caller: Row | None) -> None:
    """The same for who sees a video: moderators may change that, too, of what they see."""
    if not (may_see(video, caller) and _may(caller, Right.MODERATE)):
        check_edit(video, caller)


def check_hide(video: Row, caller: Row | None) -> None:
    """The same for who hides a video, or shows it again: moderators alone, not its owner."""
    if not may_see(video, caller):
        raise NotFoundError(f"there is no video {video['id']}", video=video["id"])
    if not _may(caller, Right.MODERATE):
        raise ForbiddenError("only moderators may do this", video=video["id"])


def find_trashed(connection: Connection, video_id: str, caller: Row) -> Row | None:
    """A video in the trash that the caller may restore, locked."""
    row = videos.find_locked(connection, video_id)
    return row if row is not None and row["trashed_at"] is not None and may_edit(row, caller) else None
