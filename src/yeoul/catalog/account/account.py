"""Accounts. Passwords come hashed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, union, update
from sqlalchemy.exc import IntegrityError

from yeoul.base.errors import HandleTakenError, NotFoundError
from yeoul.catalog.row import Row, all_rows, first_row, insert_new, older_than
from yeoul.catalog.schema.people import account, avatar

_TAKEN = "this handle or e-mail address is taken"


def add_account(
    connection: Connection, account_id: str, handle: str, email: str, password_hash: str, role: str, now_s: float, **values: Any
) -> None:
    """Add an account. values: other columns. Raises HandleTakenError when the handle exists, or the address is another's and confirmed."""
    plain = {"id": account_id, "handle": handle, "email": email, "password_hash": password_hash, "role": role, "created_at": now_s}
    if not insert_new(connection, account, [{**plain, **values}]):
        raise HandleTakenError(_TAKEN, handle=handle)


def find(connection: Connection, account_id: str) -> Row | None:
    """An account by id, with its password hash."""
    return first_row(connection, select(account).where(account.c.id == account_id))


def get(connection: Connection, account_id: str) -> Row:
    """The same; raises NotFoundError."""
    row = find(connection, account_id)
    if row is None:
        raise NotFoundError(f"there is no account {account_id}", account=account_id)
    return row


def lock(connection: Connection, account_id: str) -> Row:
    """The same, locked until the transaction ends."""
    connection.execute(select(account.c.id).where(account.c.id == account_id).with_for_update(key_share=True))
    return get(connection, account_id)


def find_by_handle(connection: Connection, handle: str) -> Row | None:
    """The account of a handle."""
    return first_row(connection, select(account).where(account.c.handle == handle))


def find_by_email(connection: Connection, email: str) -> Row | None:
    """The account that has confirmed an e-mail address, in lower case; else the oldest that has it."""
    mine = select(account).where(account.c.email == email)
    return first_row(connection, mine.order_by(account.c.confirmed_at.is_(None), account.c.created_at, account.c.id).limit(1))


def count(connection: Connection) -> int:
    """How many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def change(connection: Connection, account_id: str, values: Mapping[str, Any]) -> None:
    """Set columns. Raises HandleTakenError when another account has confirmed the address."""
    try:
        with connection.begin_nested():
            connection.execute(update(account).where(account.c.id == account_id).values(**values))
    except IntegrityError as error:
        raise HandleTakenError(_TAKEN) from error


def page(connection: Connection, *, like: str, before: tuple[float, str] | None, limit: int) -> list[Row]:
    """Accounts, newest first. like: how the handle or the address begins; empty for all."""
    statement = older_than(select(account), account, before, limit)
    if like:
        first, last = like.lower(), like.lower() + "\U0010ffff"
        found = (select(account.c.id).where(column >= first, column < last) for column in (account.c.handle, account.c.email))
        statement = statement.where(account.c.id.in_(union(*found)))
    return all_rows(connection, statement)


def largest(connection: Connection, limit: int) -> list[Row]:
    """The accounts that use most, the first of them first."""
    return all_rows(connection, select(account).order_by(account.c.used_bytes.desc()).limit(limit))


def set_avatar(connection: Connection, account_id: str, digest: str | None, jpeg: bytes | None) -> None:
    """Replace an account's picture; None takes it away."""
    connection.execute(delete(avatar).where(avatar.c.account_id == account_id))
    if jpeg is not None:
        connection.execute(insert(avatar).values(account_id=account_id, jpeg=jpeg))
    change(connection, account_id, {"avatar": digest})


def find_avatar(connection: Connection, account_id: str, digest: str) -> bytes | None:
    """The picture of an account, while it is the one that is meant."""
    statement = select(avatar.c.jpeg).join(account).where(account.c.id == account_id, account.c.avatar == digest)
    return connection.execute(statement).scalar()
