"""Accounts and sessions: `POST accounts`, `POST sessions`, `DELETE sessions/current`, `GET accounts/me`."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Annotated, Any

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import COOKIE, Caller, find_token, hash_token
from yeoul.api.pipelines import choose_pipeline
from yeoul.base.errors import BadCredentialsError, ForbiddenError
from yeoul.base.ids import new_id
from yeoul.catalog import account

router = APIRouter(tags=["accounts"])
Row = Mapping[str, Any]
_hasher = PasswordHasher()  # argon2id with the library's current parameters (RFC 9106, low memory)

Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{1,39}$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s\x00]{1,64}@[^@\s\x00]{1,190}$")]


class NewAccount(BaseModel):
    """handle: 2-40 characters of a-z 0-9 . _ -; password: 8-200 characters."""

    handle: Handle
    email: Email
    password: str = Field(min_length=8, max_length=200)


class Credentials(BaseModel):
    """What a login needs."""

    handle: str = Field(max_length=40)
    password: str = Field(max_length=200)


class AccountView(BaseModel):
    """An account as it sees itself."""

    id: str
    handle: str
    role: str
    pipeline: str | None


class AccountChange(BaseModel):
    """pipeline: of uploads that name none; null leaves it to the server."""

    pipeline: str | None = Field(max_length=40)


class SessionView(BaseModel):
    """A bearer token, shown once."""

    token: str


@router.post("/accounts", status_code=201)
def post_account(body: NewAccount, parts: PartsDep) -> AccountView:
    """Sign up."""
    if not parts.settings.account.signup:
        raise ForbiddenError("this server takes no new accounts")
    now_s = parts.clock.now()
    account_id = new_id(now_s)
    hashed = _hasher.hash(body.password)
    with parts.database.write() as connection:
        account.add_account(connection, account_id, body.handle, body.email.lower(), hashed, "maker", now_s)
    return AccountView(id=account_id, handle=body.handle, role="maker", pipeline=None)


@router.get("/accounts/me")
def get_me(caller: Caller) -> AccountView:
    """The account that asks."""
    return _view(caller, caller["pipeline"])


@router.patch("/accounts/me")
def patch_me(body: AccountChange, caller: Caller, parts: PartsDep) -> AccountView:
    """Change what is changed; an unknown pipeline is refused."""
    if body.pipeline is not None:
        choose_pipeline(parts, body.pipeline, caller)
    with parts.database.write() as connection:
        account.set_pipeline(connection, caller["id"], body.pipeline)
    return _view(caller, body.pipeline)


def _view(row: Row, pipeline: str | None) -> AccountView:
    return AccountView(id=row["id"], handle=row["handle"], role=row["role"], pipeline=pipeline)


def open_session(parts: Parts, account_id: str) -> str:
    """A new token for an account."""
    token = secrets.token_urlsafe(32)
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        account.add_session(connection, hash_token(token), account_id, now_s, now_s + parts.settings.account.session_ttl_s)
    return token


@router.post("/sessions", status_code=201)
def post_session(body: Credentials, parts: PartsDep, request: Request, response: Response) -> SessionView:
    """Log in. Browsers get an HttpOnly cookie besides the token."""
    with parts.database.read() as connection:
        row = account.find_by_handle(connection, body.handle)
    try:
        # An unknown handle costs as much time as a wrong password.
        _hasher.verify(row["password_hash"] if row is not None else _hasher.hash("nobody"), body.password)
    except VerificationError as error:
        raise BadCredentialsError("handle or password is wrong") from error
    if row is None:
        raise BadCredentialsError("handle or password is wrong")
    token = open_session(parts, row["id"])
    max_age_s = parts.settings.account.session_ttl_s
    secure = request.url.scheme == "https"
    response.set_cookie(COOKIE, token, max_age=max_age_s, httponly=True, samesite="lax", secure=secure, path="/")
    return SessionView(token=token)


@router.delete("/sessions/current", status_code=204)
def delete_session(request: Request, response: Response, parts: PartsDep, _caller: Caller) -> None:
    """Log out."""
    token = find_token(request)
    if token is not None:
        with parts.database.write() as connection:
            account.drop_session(connection, hash_token(token))
    response.delete_cookie(COOKIE, path="/")
