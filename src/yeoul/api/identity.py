"""Identifies the caller of a request and decides what the caller may do. No other module decides rights.

A caller sends a bearer token (of a login session, or an API token: `yeoul_...`) or the session cookie. Writes from browsers must come from
our own pages, with or without a cookie: the Origin header is checked.
"""

from __future__ import annotations

from typing import Annotated, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from sqlalchemy import Connection

from yeoul.api.client_address import client_address
from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.base.errors import ForbiddenError, NotFoundError, StorageFullError, UnauthenticatedError, UnavailableError, UnconfirmedError
from yeoul.catalog.account import session
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.catalog.schema.row.videos import PlaylistRow, VideoRow
from yeoul.catalog.video import video as videos
from yeoul.identity.password import TOKEN_PREFIX, hash_token
from yeoul.model.right import Right, Scope, has_right
from yeoul.model.video import Visibility, effective_visibility, is_visible_to_moderators

COOKIE = "yeoul_session"
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_RECORD_USE_EVERY_S = 300.0


class CallerRow(AccountRow):
    """The account of the caller. session_id: null for an API token. scopes: of the API token; null for a login session."""

    session_id: str | None
    scopes: list[str] | None


def _caller_has_right(caller: CallerRow | None, right: Right) -> bool:
    return caller is not None and has_right(caller["role"], caller["scopes"], right)


# --- origin and address of a request ---


def check_origin(request: Request, parts: PartsDep) -> None:
    """Raises ForbiddenError for a write that a page of another site makes in a browser.

    Browsers send the Origin header with every write. A request without this header and without our cookie does not come from a browser,
    and is allowed.
    """
    if request.method in _SAFE_METHODS or _bearer(request) is not None:
        return
    origin = request.headers.get("origin")
    if origin is None and COOKIE not in request.cookies and request.headers.get("sec-fetch-site", "none") in ("none", "same-origin"):
        return
    own_hosts = {request.headers.get("host", ""), _host_of(parts.settings.server.public_url)} - {""}
    if _host_of(origin or "") not in own_hosts:
        raise ForbiddenError("the Origin header does not name this server", origin=origin or "")


def _host_of(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


# --- the caller ---


def _bearer(request: Request) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def find_caller(request: Request, parts: Parts) -> CallerRow | None:
    """Returns the caller's account and scopes, or None if the request has no valid login session or API token.

    Raises ForbiddenError if an API token lacks the scope that the request needs.
    """
    token = _bearer(request) or request.cookies.get(COOKIE)
    if not token:
        return None
    if token.startswith(TOKEN_PREFIX):
        return _find_by_api_token(request, parts, token)
    now_s = parts.clock.now()
    with parts.database.read() as connection:
        row = session.find_account(connection, hash_token(token), now_s)
    if row is None:
        return None
    if now_s - row["last_seen_at"] >= _RECORD_USE_EVERY_S:
        _record_use(parts, row, client_address(request, parts.settings.server), now_s)
    return cast("CallerRow", {**row, "scopes": None})


def is_authenticated(request: Request, parts: Parts) -> bool:
    """True if the request has a valid login session or API token. Errors are left to the handler."""
    try:
        return find_caller(request, parts) is not None
    except (ForbiddenError, UnavailableError):  # the handler raises the same error
        return False


def _find_by_api_token(request: Request, parts: Parts, token: str) -> CallerRow | None:
    now_s = parts.clock.now()
    with parts.database.read() as connection:
        row = session.find_account_of_token(connection, hash_token(token), now_s)
    if row is None:
        return None
    if now_s - (row["last_used_at"] or 0.0) >= _RECORD_USE_EVERY_S:
        _record_use(parts, row, "", now_s)
    needed = Scope.READ if request.method in _SAFE_METHODS else Scope.WRITE
    if needed not in row["scopes"]:
        raise ForbiddenError(f"this API token does not have the scope {needed}", scopes=row["scopes"])
    return cast("CallerRow", {**row, "session_id": None})


def _record_use(parts: Parts, row: session.SessionAccountRow | session.TokenAccountRow, ip: str, now_s: float) -> None:
    """Records when the login session or API token was last used. Reads must work even if the database cannot be written."""
    try:
        with parts.database.write() as connection:
            if "token_id" in row:
                session.touch_token(connection, row["token_id"], now_s)
            else:
                session.touch(connection, row["session_id"], ip, now_s)
    except (StorageFullError, UnavailableError):
        pass


def _optional_caller(request: Request, parts: PartsDep) -> CallerRow | None:
    return find_caller(request, parts)


MaybeCaller = Annotated[CallerRow | None, Depends(_optional_caller)]


def _require_caller(caller: MaybeCaller) -> CallerRow:
    if caller is None:
        raise UnauthenticatedError("log in first: the request has no valid session or token")
    return caller


Caller = Annotated[CallerRow, Depends(_require_caller)]


def _require_login_session(caller: Caller) -> CallerRow:
    if caller["session_id"] is None:
        raise ForbiddenError("an API token cannot do this; log in with a password")
    return caller


SessionCaller = Annotated[CallerRow, Depends(_require_login_session)]  # for changes of passwords, login sessions and API tokens


def _require_maker(caller: Caller, parts: PartsDep) -> CallerRow:
    if not _caller_has_right(caller, Right.UPLOAD):
        raise ForbiddenError("this account can watch but not upload; ask an admin")
    check_confirmed(caller, parts)
    return caller


Maker = Annotated[CallerRow, Depends(_require_maker)]


def check_confirmed(caller: CallerRow, parts: Parts) -> None:
    """Raises UnconfirmedError if the server requires a confirmed e-mail address and the caller has none."""
    if caller["confirmed_at"] is None and read_account_settings(parts).confirm_email:
        raise UnconfirmedError("confirm your e-mail address first; use the link in the mail that we sent you")


def _require_admin(caller: Caller) -> CallerRow:
    if not _caller_has_right(caller, Right.ADMINISTER):
        raise ForbiddenError("only admins may do this")
    return caller


Admin = Annotated[CallerRow, Depends(_require_admin)]


# --- videos ---


def can_see(video: VideoRow | PlaylistRow, caller: CallerRow | None) -> bool:
    """True if the caller may see a video or playlist. Hidden ones are visible to moderators and the owner."""
    open_to_all = effective_visibility(video) != Visibility.PRIVATE
    return open_to_all or can_edit(video, caller) or (is_visible_to_moderators(video) and _caller_has_right(caller, Right.MODERATE))


def can_edit(video: VideoRow | PlaylistRow, caller: CallerRow | None) -> bool:
    """True if the caller may change a video: the owner and admins may."""
    return caller is not None and (video["owner_id"] == caller["id"] or _caller_has_right(caller, Right.ADMINISTER))


def check_edit(video: VideoRow, caller: CallerRow | None) -> None:
    """Raises NotFoundError if the caller may not see the video, ForbiddenError if the caller may see but not change it."""
    if not can_see(video, caller):
        raise NotFoundError(f"there is no video {video['id']}", video=video["id"])
    if not can_edit(video, caller):
        raise ForbiddenError("only the owner may do this", video=video["id"])


def check_change_visibility(video: VideoRow, caller: CallerRow | None) -> None:
    """Raises like `check_edit` if the caller may not change a video's visibility. Moderators may, for videos that they can see."""
    if not (can_see(video, caller) and _caller_has_right(caller, Right.MODERATE)):
        check_edit(video, caller)


def check_hide(video: VideoRow, caller: CallerRow | None) -> None:
    """Raises NotFoundError or ForbiddenError if the caller may not hide or unhide a video. Only moderators may, not the owner."""
    if not can_see(video, caller):
        raise NotFoundError(f"there is no video {video['id']}", video=video["id"])
    if not _caller_has_right(caller, Right.MODERATE):
        raise ForbiddenError("only moderators may do this", video=video["id"])


def find_trashed(connection: Connection, video_id: str, caller: CallerRow) -> videos.OwnedVideoRow | None:
    """Returns a video from the trash, locked, if the caller may restore it, else None."""
    row = videos.find_locked(connection, video_id)
    return row if row is not None and row["trashed_at"] is not None and can_edit(row, caller) else None
