"""Tokens of mailed links. They are signed, so neither the tables nor the outbox store a secret that gives access to an account.

The signature covers the value that the link changes and the address it was mailed to, so the link works once, and stops working when the
address changes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from yeoul.base.errors import LinkError
from yeoul.base.mac import Mac
from yeoul.catalog.schema.row.account import AccountRow

Purpose = Literal["confirm", "reset"]
TTL_S: Mapping[Purpose, float] = {"confirm": 7 * 86400.0, "reset": 2 * 3600.0}
_CONTEXT = "yeoul-link-1"
_TOKEN = re.compile(r"([0-9a-z]{1,40})\.([0-9]{1,12})\.([0-9a-f]{64})")


def make_link_token(secret: bytes, purpose: Purpose, row: AccountRow, expires_s: int) -> str:
    """Returns a token `account.expiry.signature` (HMAC-SHA256). row: the account."""
    return f"{row['id']}.{expires_s}.{Mac(secret, _CONTEXT).make(*_fields(purpose, row, expires_s))}"


def read_account_id(token: str) -> str:
    """Returns the id of the account that a token names, without checking its signature. Raises LinkError if it is not a token."""
    return _parse(token)[0]


def check_link_token(secret: bytes, purpose: Purpose, row: AccountRow, token: str, now_s: float) -> None:
    """Raises LinkError if the token is not valid for this account and purpose, or has expired. row: the account."""
    _, expires_s, signature = _parse(token)
    if not Mac(secret, _CONTEXT).is_valid(signature, *_fields(purpose, row, expires_s)):
        raise LinkError("this link was already used, or this server did not send it")
    if now_s >= expires_s:
        raise LinkError("this link has expired; request a new one", expired_s=expires_s)


def address_to_confirm(row: AccountRow) -> str:
    """Returns the address to confirm: the new address if the owner is changing it, else the current one."""
    return row["pending_email"] or row["email"]


def _parse(token: str) -> tuple[str, int, str]:
    match = _TOKEN.fullmatch(token)
    if match is None:
        raise LinkError("this link is not valid; copy the complete link from the mail")
    return match[1], int(match[2]), match[3]


def _fields(purpose: Purpose, row: AccountRow, expires_s: int) -> tuple[str, ...]:
    bound_to = address_to_confirm(row) if purpose == "confirm" else f"{row['password_hash']} {row['email']}"
    return (purpose, row["id"], str(expires_s), bound_to)
