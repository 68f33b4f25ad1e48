"""The secret part of mailed links: signed, so that no table and no outbox holds what opens an account.

A link is bound to what it changes and to where it was mailed: it opens once, and not after the address has changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

from yeoul.base.errors import LinkError
from yeoul.base.mac import Mac

Row = Mapping[str, Any]
Purpose = Literal["confirm", "reset"]
TTL_S: Mapping[Purpose, float] = {"confirm": 7 * 86400.0, "reset": 2 * 3600.0}
_CONTEXT = "yeoul-link-1"
_FORM = re.compile(r"([0-9a-z]{1,40})\.([0-9]{1,12})\.([0-9a-f]{64})")


def make_link_token(secret: bytes, purpose: Purpose, row: Row, expires_s: int) -> str:
    """`account.expiry.signature` (HMAC-SHA256); row: the account."""
    return f"{row['id']}.{expires_s}.{Mac(secret, _CONTEXT).make(*_fields(purpose, row, expires_s))}"


def account_of(token: str) -> str:
    """The account that a token says it is for. Raises LinkError for what is no token."""
    return _parse(token)[0]


def check_link_token(secret: bytes, purpose: Purpose, row: Row, token: str, now_s: float) -> None:
    """Raises LinkError unless the token opens this account now."""
    _, expires_s, signature = _parse(token)
    if not Mac(secret, _CONTEXT).fits(signature, *_fields(purpose, row, expires_s)):
        raise LinkError("this link was used already, or is not one of ours")
    if now_s >= expires_s:
        raise LinkError("this link has expired; ask for a fresh one", expired_s=expires_s)


def address_to_confirm(row: Row) -> str:
    """The address that a confirmation is about: the new one where it is being changed."""
    return row["pending_email"] or row["email"]


def _parse(token: str) -> tuple[str, int, str]:
    found = _FORM.fullmatch(token)
    if found is None:
        raise LinkError("this is not one of our links; copy the whole of it")
    return found[1], int(found[2]), found[3]


def _fields(purpose: Purpose, row: Row, expires_s: int) -> tuple[str, ...]:
    bound = address_to_confirm(row) if purpose == "confirm" else f"{row['password_hash']} {row['email']}"
    return (purpose, row["id"], str(expires_s), bound)
