"""What links in mails do: confirm an address, choose a new password."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import Person, address_of
from yeoul.base.errors import LinkError, TooManyAttemptsError
from yeoul.catalog.account import account, session
from yeoul.catalog.account import login_throttle as guess
from yeoul.identity import mailing, slowdown
from yeoul.identity.confirmation import ask_to_confirm
from yeoul.identity.links import account_of, address_to_confirm, check_link_token
from yeoul.identity.password import hash_password
from yeoul.model.plain import Email, Password

router = APIRouter(tags=["accounts"])
Row = Mapping[str, Any]


class Confirmation(BaseModel):
    """token: of the link in the mail."""

    token: str = Field(max_length=200)


class ResetRequest(BaseModel):
    """email: of the account whose password is forgotten."""

    email: Email


class NewPassword(BaseModel):
    """token: of the link in the mail; password: 8-200 characters."""

    token: str = Field(max_length=200)
    password: Password


@router.post("/confirmations", status_code=204)
def post_confirmation(body: Confirmation, parts: PartsDep) -> None:
    """Confirm an address; one that was being changed is the account's from now on. Twice is fine.

    Raises HandleTakenError where another account has confirmed it.
    """
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        row = account.find(connection, account_of(body.token))
        if row is None:
            raise LinkError("the account of this link is gone")
        check_link_token(parts.secret, "confirm", row, body.token, now_s)
        account.change(connection, row["id"], {"email": address_to_confirm(row), "pending_email": None, "confirmed_at": now_s})


@router.post("/confirmations/resend", status_code=202)
def resend_confirmation(caller: Person, parts: PartsDep) -> None:
    """Send the mail again; nothing is sent where nothing is to be confirmed."""
    if caller["confirmed_at"] is not None and caller["pending_email"] is None:
        return
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        slowdown.attempt(connection, f"confirm:{caller['id']}", slowdown.MAIL, now_s)
        ask_to_confirm(connection, caller, now_s)


@router.post("/password-resets", status_code=202)
def post_reset(body: ResetRequest, parts: PartsDep, request: Request) -> None:
    """Send a link to choose a new password, if there is such an account; the answer is the same either way.

    An address that is not confirmed opens no account: it gets the link to confirm it again.
    """
    now_s, email = parts.clock.now(), body.email.lower()
    key = f"reset:{hashlib.sha256(email.encode()).hexdigest()[:32]}"
    with parts.database.write() as connection:
        slowdown.attempt(connection, f"reset-{slowdown.address_key(address_of(request, parts))}", slowdown.ADDRESS, now_s)
    try:
        with parts.database.write() as connection:
            slowdown.attempt(connection, key, slowdown.MAIL, now_s)
            row = account.find_by_email(connection, email)
            if row is not None and row["disabled_at"] is None:
                mailing.write(connection, "reset" if row["confirmed_at"] is not None else "confirm", row, now_s)
    except TooManyAttemptsError:
        return  # nobody learns who was written to


@router.post("/password-resets/confirm", status_code=204)
def confirm_reset(body: NewPassword, parts: PartsDep) -> None:
    """Set the new password, log out everywhere and end all tokens of programs."""
    now_s = parts.clock.now()
    account_id = account_of(body.token)
    with parts.database.read() as connection:  # a password is hashed, which is dear, for a good link alone
        _check_reset(parts, account.find(connection, account_id), body.token, now_s)
    hashed = hash_password(body.password)
    with parts.database.write() as connection:
        row = _check_reset(parts, account.lock(connection, account_id), body.token, now_s)
        # Who was logged in without the password may have begun to change the address; that ends, too.
        account.change(connection, account_id, {"password_hash": hashed, "pending_email": None})
        session.drop_all(connection, account_id)
        session.drop_tokens(connection, account_id)
        guess.forget(connection, f"account:{account_id}")
        mailing.write(connection, "password_changed", row, now_s)


def _check_reset(parts: Parts, row: Row | None, token: str, now_s: float) -> Row:
    if row is None:
        raise LinkError("the account of this link is gone")
    check_link_token(parts.secret, "reset", row, token, now_s)
    return row
