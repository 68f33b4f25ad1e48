"""Confirming the address of an account."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from yeoul.base.errors import TooManyAttemptsError
from yeoul.catalog.account import account
from yeoul.identity import mailing, slowdown
from yeoul.identity.links import address_to_confirm

Row = Mapping[str, Any]


def ask_to_confirm(connection: Connection, row: Row, now_s: float) -> None:
    """Mails a link to confirm an address. If another account has confirmed it, that account is told instead, and nobody else."""
    known = account.find_by_email(connection, address_to_confirm(row))
    if known is None or known["id"] == row["id"] or known["confirmed_at"] is None:
        mailing.write(connection, "confirm", row, now_s)
        return
    try:
        with connection.begin_nested():
            slowdown.attempt(connection, f"in-use:{known['id']}", slowdown.MAIL, now_s)
    except TooManyAttemptsError:
        return
    mailing.write(connection, "address_in_use", known, now_s)
