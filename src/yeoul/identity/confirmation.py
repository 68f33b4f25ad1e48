"""Confirmation of an account's e-mail address."""

from __future__ import annotations

from sqlalchemy import Connection

from yeoul.base.errors import TooManyAttemptsError
from yeoul.catalog.account import account
from yeoul.catalog.schema.row.account import AccountRow
from yeoul.identity import attempt_throttle, mailing
from yeoul.identity.links import address_to_confirm


def send_confirmation(connection: Connection, row: AccountRow, now_s: float) -> None:
    """Mails a link to confirm an account's address. If another account has confirmed the address, notifies only that account instead."""
    other = account.find_by_email(connection, address_to_confirm(row))
    if other is None or other["id"] == row["id"] or other["confirmed_at"] is None:
        mailing.queue_mail(connection, "confirm", row, now_s)
        return
    try:
        with connection.begin_nested():
            attempt_throttle.count_attempt(connection, f"in-use:{other['id']}", attempt_throttle.MAIL, now_s)
    except TooManyAttemptsError:
        return
    mailing.queue_mail(connection, "address_in_use", other, now_s)
