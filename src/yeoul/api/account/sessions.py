"""Login sessions: log in, list login sessions, log out."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from yeoul.api.client_address import client_address
from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import COOKIE, CallerRow, SessionCaller
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import BadCredentialsError, DisabledError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import account, login_throttle, session
from yeoul.catalog.schema.row.account import AccountRow, SessionRow
from yeoul.identity import attempt_throttle
from yeoul.identity.password import hash_token, is_correct_password, make_token
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["accounts"])
_MAX_AGENT_LENGTH = 400


class Credentials(BaseModel):
    """Handle and password. handle: can also be the e-mail address."""

    handle: str = Field(max_length=255, pattern=NO_NUL)
    password: str = Field(max_length=200)


class SessionView(BaseModel):
    """The bearer token of a new login session. It is shown only once."""

    token: str


class SessionEntry(BaseModel):
    """A login session. current: true for the login session of this request."""

    id: str
    created_at: str
    last_seen_at: str
    user_agent: str
    ip: str
    current: bool


class SessionPage(BaseModel):
    """One page of login sessions, newest first."""

    items: list[SessionEntry]
    next: str | None


@router.post("/sessions", status_code=201)
def post_session(body: Credentials, parts: PartsDep, request: Request, response: Response) -> SessionView:
    """Logs in. The response also sets an HttpOnly cookie for browsers. After several wrong passwords, each attempt must wait longer."""
    row = check_credentials(parts, request, body)
    ttl_s = read_account_settings(parts).session_ttl_s
    token, now_s = make_token(), parts.clock.now()
    new = {"id": new_id(now_s), "token_hash": hash_token(token), "account_id": row["id"], "expires_at": now_s + ttl_s}
    agent = request.headers.get("user-agent", "").replace("\x00", "")[:_MAX_AGENT_LENGTH]
    with parts.database.write() as connection:
        session.add(connection, {**new, "user_agent": agent, "ip": client_address(request, parts.settings.server)}, now_s)
    secure = "https" in (request.url.scheme, parts.settings.server.public_url.partition(":")[0])
    response.set_cookie(COOKIE, token, max_age=ttl_s, httponly=True, samesite="lax", secure=secure, path="/")
    return SessionView(token=token)


def check_credentials(parts: Parts, request: Request, body: Credentials) -> AccountRow:
    """Returns the account that logs in. Raises BadCredentialsError, TooManyAttemptsError or DisabledError."""
    name, now_s = body.handle.strip().lower(), parts.clock.now()
    with parts.database.read() as connection:
        row = (account.find_by_email if "@" in name else account.find_by_handle)(connection, name)
    account_key = f"account:{row['id'] if row is not None else hashlib.sha256(name.encode(errors='replace')).hexdigest()[:32]}"
    address_key = attempt_throttle.make_address_key(client_address(request, parts.settings.server))
    with parts.database.write() as connection:
        attempt_throttle.count_attempt(connection, address_key, attempt_throttle.ADDRESS, now_s)
        attempt_throttle.count_attempt(connection, account_key, attempt_throttle.ACCOUNT, now_s)
    # An unknown handle takes as long as a wrong password, so that the time does not tell which handles exist.
    if not is_correct_password(row["password_hash"] if row is not None else None, body.password) or row is None:
        raise BadCredentialsError("handle or password is wrong")
    with parts.database.write() as connection:
        login_throttle.undo_attempt(connection, address_key)
        login_throttle.reset(connection, account_key)
    if row["disabled_at"] is not None:
        raise DisabledError("this account is disabled; ask an admin")
    return row


@router.get("/sessions")
def get_sessions(caller: SessionCaller, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> SessionPage:
    """Lists the caller's login sessions."""
    with parts.database.read() as connection:
        rows = session.page(connection, caller["id"], parts.clock.now(), read_cursor(cursor), limit + 1)
    return SessionPage(items=[_entry(row, caller) for row in rows[:limit]], next=next_cursor(rows, limit))


def _entry(row: SessionRow, caller: CallerRow) -> SessionEntry:
    plain = {name: row[name] for name in ("id", "user_agent", "ip")}
    times = {name: rfc3339(row[name]) or "" for name in ("created_at", "last_seen_at")}
    return SessionEntry(**plain, **times, current=row["id"] == caller["session_id"])


@router.delete("/sessions/{session_id}", status_code=204)
def delete_session(session_id: str, caller: SessionCaller, parts: PartsDep, response: Response) -> None:
    """Ends a login session. The id "current" is the login session of this request."""
    wanted_id = caller["session_id"] if session_id == "current" else session_id
    assert wanted_id is not None, "`Person` has a login session"
    with parts.database.write() as connection:
        if not session.revoke(connection, caller["id"], wanted_id):
            raise NotFoundError(f"there is no session {session_id}", session=session_id)
    if wanted_id == caller["session_id"]:
        response.delete_cookie(COOKIE, path="/")


@router.delete("/sessions", status_code=204)
def delete_sessions(caller: SessionCaller, parts: PartsDep) -> None:
    """Ends all other login sessions of the caller."""
    with parts.database.write() as connection:
        session.revoke_all(connection, caller["id"], except_id=caller["session_id"])
