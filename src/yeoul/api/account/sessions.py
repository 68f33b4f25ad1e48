"""Sessions: log in, see where one is logged in, log out there or here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import COOKIE, Person, address_of
from yeoul.api.page import PageSize, next_cursor, read_cursor
from yeoul.base.clock import rfc3339
from yeoul.base.errors import BadCredentialsError, DisabledError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import account, session
from yeoul.catalog.account import login_throttle as guess
from yeoul.identity import slowdown
from yeoul.identity.password import hash_token, is_password, make_token
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["accounts"])
Row = Mapping[str, Any]
_LONGEST_AGENT = 400


class Credentials(BaseModel):
    """What a login needs. handle: or the e-mail address."""

    handle: str = Field(max_length=255, pattern=NO_NUL)
    password: str = Field(max_length=200)


class SessionView(BaseModel):
    """A bearer token, shown once."""

    token: str


class SessionEntry(BaseModel):
    """Where an account is logged in. current: the session that asks."""

    id: str
    created_at: str
    last_seen_at: str
    user_agent: str
    ip: str
    current: bool


class SessionPage(BaseModel):
    """Sessions, newest first."""

    items: list[SessionEntry]
    next: str | None


@router.post("/sessions", status_code=201)
def post_session(body: Credentials, parts: PartsDep, request: Request, response: Response) -> SessionView:
    """Log in. Browsers get an HttpOnly cookie besides the token. After some wrong passwords each next one has to wait longer."""
    row = check_credentials(parts, request, body)
    ttl_s = read_account_settings(parts).session_ttl_s
    token, now_s = make_token(), parts.clock.now()
    new = {"id": new_id(now_s), "token_hash": hash_token(token), "account_id": row["id"], "expires_at": now_s + ttl_s}
    agent = request.headers.get("user-agent", "").replace("\x00", "")[:_LONGEST_AGENT]
    with parts.database.write() as connection:
        session.add(connection, {**new, "user_agent": agent, "ip": address_of(request, parts)}, now_s)
    secure = "https" in (request.url.scheme, parts.settings.server.public_url.partition(":")[0])
    response.set_cookie(COOKIE, token, max_age=ttl_s, httponly=True, samesite="lax", secure=secure, path="/")
    return SessionView(token=token)


def check_credentials(parts: Parts, request: Request, body: Credentials) -> Row:
    """The account that a login is for. Raises BadCredentialsError, TooManyAttemptsError or DisabledError."""
    name, now_s = body.handle.strip().lower(), parts.clock.now()
    with parts.database.read() as connection:
        row = (account.find_by_email if "@" in name else account.find_by_handle)(connection, name)
    who = f"account:{row['id'] if row is not None else hashlib.sha256(name.encode(errors='replace')).hexdigest()[:32]}"
    origin = slowdown.address_key(address_of(request, parts))
    with parts.database.write() as connection:
        slowdown.attempt(connection, origin, slowdown.ADDRESS, now_s)
        slowdown.attempt(connection, who, slowdown.ACCOUNT, now_s)
    # An unknown handle costs as much time as a wrong password.
    if not is_password(row["password_hash"] if row is not None else None, body.password) or row is None:
        raise BadCredentialsError("handle or password is wrong")
    with parts.database.write() as connection:
        guess.forgive(connection, origin)
        guess.forget(connection, who)
    if row["disabled_at"] is not None:
        raise DisabledError("this account is disabled; ask the admin")
    return row


@router.get("/sessions")
def get_sessions(caller: Person, parts: PartsDep, cursor: str | None = None, limit: PageSize = 24) -> SessionPage:
    """Where the caller is logged in."""
    with parts.database.read() as connection:
        rows = session.page(connection, caller["id"], parts.clock.now(), read_cursor(cursor), limit + 1)
    return SessionPage(items=[_entry(row, caller) for row in rows[:limit]], next=next_cursor(rows, limit))


def _entry(row: Row, caller: Row) -> SessionEntry:
    plain = {name: row[name] for name in ("id", "user_agent", "ip")}
    times = {name: rfc3339(row[name]) or "" for name in ("created_at", "last_seen_at")}
    return SessionEntry(**plain, **times, current=row["id"] == caller["session_id"])


@router.delete("/sessions/{session_id}", status_code=204)
def delete_session(session_id: str, caller: Person, parts: PartsDep, response: Response) -> None:
    """Log out there; "current" is here."""
    wanted = caller["session_id"] if session_id == "current" else session_id
    with parts.database.write() as connection:
        if not session.drop(connection, caller["id"], wanted):
            raise NotFoundError(f"there is no session {session_id}", session=session_id)
    if wanted == caller["session_id"]:
        response.delete_cookie(COOKIE, path="/")


@router.delete("/sessions", status_code=204)
def delete_sessions(caller: Person, parts: PartsDep) -> None:
    """Log out everywhere else."""
    with parts.database.write() as connection:
        session.drop_all(connection, caller["id"], but=caller["session_id"])
