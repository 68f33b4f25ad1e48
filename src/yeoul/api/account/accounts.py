"""The caller's account: sign up, profile, password and avatar."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any, Literal

import anyio.to_thread
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, StringConstraints
from sqlalchemy import Connection

from yeoul.api.body import read_body
from yeoul.api.client_address import client_address
from yeoul.api.deps import Parts, PartsDep, read_account_settings
from yeoul.api.identity import Caller, SessionCaller
from yeoul.api.pipeline_choice import choose_pipeline
from yeoul.api.view import make_avatar_path
from yeoul.base.clock import rfc3339
from yeoul.base.errors import BadCredentialsError, ForbiddenError, NotFoundError
from yeoul.base.ids import new_id
from yeoul.catalog.account import account, login_throttle, session, usage
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.identity import attempt_throttle, mailing
from yeoul.identity.confirmation import send_confirmation
from yeoul.identity.password import hash_password, is_correct_password
from yeoul.model.plain import Email, Line, Password
from yeoul.model.right import Role
from yeoul.upload.service import NO_NUL

router = APIRouter(tags=["accounts"])
_MAX_AVATAR_BYTES = 5 * 2**20
_AVATAR_FORMATS = ("image/jpeg", "image/png", "image/webp", "image/gif")

Handle = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{1,39}$")]
DisplayName = Annotated[Line, StringConstraints(max_length=80, strip_whitespace=True)]
Language = Literal["en", "ko"]


class NewAccount(BaseModel):
    """A new account. handle: 2-40 characters of a-z 0-9 . _ -; password: 8-200 characters; display_name: defaults to the handle."""

    handle: Handle
    email: Email
    password: Password
    display_name: DisplayName = ""
    language: Language | None = None


class AccountView(BaseModel):
    """An account as its owner sees it. avatar: a path; quota_bytes: null if unlimited; pending_email: a new address, not confirmed yet."""

    id: str
    handle: str
    display_name: str
    bio: str
    avatar: str | None
    email: str
    pending_email: str | None
    confirmed: bool
    role: str
    pipeline: str | None
    language: str | None
    used_bytes: int
    quota_bytes: int | None
    keep_history: bool
    created_at: str


class AccountChange(BaseModel):
    """Fields to change. Omitted fields stay as they are.

    pipeline: the default for new videos; null means the server's default. email: replaces the old address when it is confirmed.
    """

    display_name: DisplayName = ""
    bio: str = Field(default="", max_length=2000, pattern=NO_NUL)
    email: Email | None = None
    pipeline: str | None = Field(default=None, max_length=40)
    language: Language | None = None
    keep_history: bool = True


class PasswordChange(BaseModel):
    """The current and the new password."""

    current: str = Field(max_length=200)
    password: Password


@router.post("/accounts", status_code=201)
def post_account(body: NewAccount, parts: PartsDep, request: Request) -> AccountView:
    """Creates an account and mails a link to confirm the address. The response does not tell whether another account has the address."""
    if not read_account_settings(parts).signup:
        raise ForbiddenError("this server does not accept new accounts")
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        attempt_throttle.count_attempt(
            connection,
            f"signup-{attempt_throttle.make_address_key(client_address(request, parts.settings.server))}",
            attempt_throttle.SIGN_UP,
            now_s,
        )
    account_id = new_id(now_s)
    password_hash = hash_password(body.password)
    profile = body.model_dump(include={"display_name", "language"})
    with parts.database.write() as connection:
        account.add_account(connection, account_id, body.handle, body.email.lower(), password_hash, Role.MAKER, now_s, **profile)
        row = account.get(connection, account_id)
        send_confirmation(connection, row, now_s)
    return make_account_view(parts, row)


@router.get("/accounts/me")
def get_me(caller: Caller, parts: PartsDep) -> AccountView:
    """Returns the caller's account."""
    return make_account_view(parts, caller)


@router.patch("/accounts/me")
def patch_me(body: AccountChange, caller: Caller, parts: PartsDep) -> AccountView:
    """Changes the caller's account. An unknown pipeline is answered with 422."""
    values = body.model_dump(exclude_unset=True)
    if values.get("pipeline") is not None:
        choose_pipeline(parts, body.pipeline, caller)
    email = values.pop("email", None)
    with parts.database.write() as connection:
        if values:
            account.change(connection, caller["id"], values)
        row = account.get(connection, caller["id"])
        if email is not None:
            if caller["session_id"] is None:
                raise ForbiddenError("an API token cannot change the e-mail address; log in with a password")
            row = _change_email(parts, connection, row, email.lower())
    return make_account_view(parts, row)


def _change_email(parts: Parts, connection: Connection, row: AccountRow, email: str) -> AccountRow:
    """Sends mails to both addresses. The account keeps the old one until the new one is confirmed."""
    now_s = parts.clock.now()
    pending = None if email == row["email"] else email
    if pending == row["pending_email"]:
        return row
    account.change(connection, row["id"], {"pending_email": pending})
    changed = account.get(connection, row["id"])
    if pending is not None:
        attempt_throttle.count_attempt(connection, f"confirm:{row['id']}", attempt_throttle.MAIL, now_s)
        send_confirmation(connection, changed, now_s)
        mailing.queue_mail(connection, "email_changing", changed, now_s)
    return changed


@router.post("/accounts/me/password", status_code=204)
def post_password(body: PasswordChange, caller: SessionCaller, parts: PartsDep) -> None:
    """Changes the password, ends all other login sessions and all API tokens, and cancels a pending change of the e-mail address."""
    now_s, key = parts.clock.now(), f"password:{caller['id']}"
    with parts.database.write() as connection:
        attempt_throttle.count_attempt(connection, key, attempt_throttle.ACCOUNT, now_s)
    if not is_correct_password(caller["password_hash"], body.current):
        raise BadCredentialsError("the current password is wrong")
    password_hash = hash_password(body.password)
    with parts.database.write() as connection:
        account.change(connection, caller["id"], {"password_hash": password_hash, "pending_email": None})
        session.revoke_all(connection, caller["id"], except_id=caller["session_id"])
        session.revoke_all_tokens(connection, caller["id"])
        login_throttle.reset(connection, key)
        mailing.queue_mail(connection, "password_changed", caller, now_s)


# --- avatar ---

_BYTES = {"schema": {"type": "string", "format": "binary"}}
_AVATAR_BODY = {"requestBody": {"required": True, "content": dict.fromkeys(_AVATAR_FORMATS, _BYTES)}}
_JPEG_ANSWER: dict[int | str, dict[str, Any]] = {200: {"content": {"image/jpeg": _BYTES}}}


@router.put("/accounts/me/avatar", openapi_extra=_AVATAR_BODY)
async def put_avatar(request: Request, caller: Caller, parts: PartsDep) -> AccountView:
    """Sets the avatar: a JPEG, PNG, WebP or GIF of at most 5 MiB. The server re-encodes it as a square JPEG."""
    data = await read_body(request, _MAX_AVATAR_BYTES)
    return await anyio.to_thread.run_sync(_set_avatar, parts, caller["id"], data)


def _set_avatar(parts: Parts, account_id: str, data: bytes) -> AccountView:
    jpeg = parts.drawing.make_avatar(data)
    with parts.database.write() as connection:
        account.set_avatar(connection, account_id, hashlib.sha256(jpeg).hexdigest()[:32], jpeg)
        row = account.get(connection, account_id)
    return make_account_view(parts, row)


@router.delete("/accounts/me/avatar", status_code=204)
def delete_avatar(caller: Caller, parts: PartsDep) -> None:
    """Removes the avatar."""
    with parts.database.write() as connection:
        account.set_avatar(connection, caller["id"], None, None)


@router.get("/avatars/{account_id}/{digest}.jpg", response_class=Response, responses=_JPEG_ANSWER)
def get_avatar(account_id: str, digest: str, parts: PartsDep) -> Response:
    """Returns an avatar as JPEG. Its URL changes with its content."""
    with parts.database.read() as connection:
        jpeg = account.find_avatar(connection, account_id, digest)
    if jpeg is None:
        raise NotFoundError("there is no such avatar")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(jpeg, media_type="image/jpeg", headers=headers)


# --- views ---


def make_account_view(parts: Parts, row: AccountRow) -> AccountView:
    """Returns an account as its owner sees it."""
    names = ("id", "handle", "bio", "email", "pending_email", "role", "pipeline", "language", "used_bytes", "keep_history")
    fields: dict[str, Any] = {name: row[name] for name in names}
    return AccountView(
        **fields,
        display_name=row["display_name"] or row["handle"],
        avatar=make_avatar_path(row["id"], row["avatar"]),
        confirmed=row["confirmed_at"] is not None,
        quota_bytes=usage.quota_of(row, read_account_settings(parts).quota_bytes),
        created_at=rfc3339(row["created_at"]) or "",
    )
