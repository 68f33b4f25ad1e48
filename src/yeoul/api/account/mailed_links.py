"""Endpoints for the links in mails: confirm an address, choose a new password."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from yeoul.api.client_address import client_address
from yeoul.api.deps import Parts, PartsDep
from yeoul.api.identity import SessionCaller
from yeoul.base.errors import LinkError, TooManyAttemptsError
from yeoul.catalog.account import account, login_throttle, session
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.identity import attempt_throttle, mailing
from yeoul.identity.confirmation import send_confirmation
from yeoul.identity.links import address_to_confirm, check_link_token, read_account_id
from yeoul.identity.password import hash_password
from yeoul.model.plain import Email, Password

router = APIRouter(tags=["accounts"])


class Confirmation(BaseModel):
    """A confirmation of an e-mail address. token: from the link in the mail."""

    token: str = Field(max_length=200)


class ResetRequest(BaseModel):
    """A request to reset a password. email: the address of the account."""

    email: Email


class NewPassword(BaseModel):
    """A new password of 8-200 characters. token: from the link in the mail."""

    token: str = Field(max_length=200)
    password: Password


@router.post("/confirmations", status_code=204)
def post_confirmation(body: Confirmation, parts: PartsDep) -> None:
    """Confirms an e-mail address. A pending new address replaces the old one. Confirming twice has no further effect.

    Raises HandleTakenError if another account has confirmed the address.
    """
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        row = account.find(connection, read_account_id(body.token))
        if row is None:
            raise LinkError("the account of this link does not exist")
        check_link_token(parts.secret, "confirm", row, body.token, now_s)
        account.change(connection, row["id"], {"email": address_to_confirm(row), "pending_email": None, "confirmed_at": now_s})


@router.post("/confirmations/resend", status_code=202)
def resend_confirmation(caller: SessionCaller, parts: PartsDep) -> None:
    """Sends the confirmation mail again. Does nothing if no address waits for confirmation."""
    if caller["confirmed_at"] is not None and caller["pending_email"] is None:
        return
    now_s = parts.clock.now()
    with parts.database.write() as connection:
        attempt_throttle.count_attempt(connection, f"confirm:{caller['id']}", attempt_throttle.MAIL, now_s)
        send_confirmation(connection, caller, now_s)


@router.post("/password-resets", status_code=202)
def post_reset(body: ResetRequest, parts: PartsDep, request: Request) -> None:
    """Mails a link to choose a new password if the account exists. The response is the same if it does not.

    An address that is not confirmed gets a confirmation link instead.
    """
    now_s, email = parts.clock.now(), body.email.lower()
    key = f"reset:{hashlib.sha256(email.encode()).hexdigest()[:32]}"
    with parts.database.write() as connection:
        attempt_throttle.count_attempt(
            connection,
            f"reset-{attempt_throttle.make_address_key(client_address(request, parts.settings.server))}",
            attempt_throttle.ADDRESS,
            now_s,
        )
    try:
        with parts.database.write() as connection:
            attempt_throttle.count_attempt(connection, key, attempt_throttle.MAIL, now_s)
            row = account.find_by_email(connection, email)
            if row is not None and row["disabled_at"] is None:
                mailing.queue_mail(connection, "reset" if row["confirmed_at"] is not None else "confirm", row, now_s)
    except TooManyAttemptsError:
        return  # the response must not tell whether the account exists


@router.post("/password-resets/confirm", status_code=204)
def confirm_reset(body: NewPassword, parts: PartsDep) -> None:
    """Sets the new password and ends all login sessions and API tokens of the account."""
    now_s = parts.clock.now()
    account_id = read_account_id(body.token)
    with parts.database.read() as connection:  # the link is checked first, because hashing a password is expensive
        _check_reset(parts, account.find(connection, account_id), body.token, now_s)
    password_hash = hash_password(body.password)
    with parts.database.write() as connection:
        row = _check_reset(parts, account.lock(connection, account_id), body.token, now_s)
        # An intruder may have started to change the address, so a pending change is cancelled.
        account.change(connection, account_id, {"password_hash": password_hash, "pending_email": None})
        session.revoke_all(connection, account_id)
        session.revoke_all_tokens(connection, account_id)
        login_throttle.reset(connection, f"account:{account_id}")
        mailing.queue_mail(connection, "password_changed", row, now_s)


def _check_reset(parts: Parts, row: AccountRow | None, token: str, now_s: float) -> AccountRow:
    if row is None:
        raise LinkError("the account of this link does not exist")
    check_link_token(parts.secret, "reset", row, token, now_s)
    return row
