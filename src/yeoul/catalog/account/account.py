"""Accounts. Callers pass passwords already hashed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, union, update
from sqlalchemy.exc import IntegrityError

from yeoul.base.errors import HandleTakenError, NotFoundError
from yeoul.catalog.row import all_rows, first_row, insert_new, older_than
from yeoul.catalog.schema.account import account, avatar
from yeoul.catalog.schema.row.account import AccountRow

_TAKEN = "this handle or e-mail address is taken"


def add_account(
    connection: Connection, account_id: str, handle: str, email: str, password_hash: str, role: str, now_s: float, **values: Any
) -> None:
    """Inserts an account. values: other columns. Raises HandleTakenError if another account has the handle or confirmed the address."""
    columns = {"id": account_id, "handle": handle, "email": email, "password_hash": password_hash, "role": role, "created_at": now_s}
    if not insert_new(connection, account, [{**columns, **values}]):
        raise HandleTakenError(_TAKEN, handle=handle)


def find(connection: Connection, account_id: str) -> AccountRow | None:
    """Returns an account by id, with its password hash; None if there is none."""
    return first_row(connection, select(account).where(account.c.id == account_id), AccountRow)


def get(connection: Connection, account_id: str) -> AccountRow:
    """Returns an account by id, with its password hash. Raises NotFoundError."""
    row = find(connection, account_id)
    if row is None:
        raise NotFoundError(f"there is no account {account_id}", account=account_id)
    return row


def lock(connection: Connection, account_id: str) -> AccountRow:
    """Returns an account by id, locked until the transaction ends. Raises NotFoundError."""
    connection.execute(select(account.c.id).where(account.c.id == account_id).with_for_update(key_share=True))
    return get(connection, account_id)


def find_by_handle(connection: Connection, handle: str) -> AccountRow | None:
    """Returns the account with a handle; None if there is none."""
    return first_row(connection, select(account).where(account.c.handle == handle), AccountRow)


def find_by_email(connection: Connection, email: str) -> AccountRow | None:
    """Returns the account that confirmed an e-mail address (in lower case), else the oldest account with it; None if there is none."""
    with_address = select(account).where(account.c.email == email)
    return first_row(
        connection, with_address.order_by(account.c.confirmed_at.is_(None), account.c.created_at, account.c.id).limit(1), AccountRow
    )


def count(connection: Connection) -> int:
    """Returns the number of accounts."""
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def change(connection: Connection, account_id: str, values: Mapping[str, Any]) -> None:
    """Sets columns of an account. Raises HandleTakenError if another account has confirmed the e-mail address."""
    try:
        with connection.begin_nested():
            connection.execute(update(account).where(account.c.id == account_id).values(**values))
    except IntegrityError as error:
        raise HandleTakenError(_TAKEN) from error


def page(connection: Connection, *, prefix: str, before: tuple[float, str] | None, limit: int) -> list[AccountRow]:
    """Returns a page of accounts, newest first. prefix: prefix of the handle or of the e-mail address; empty for all."""
    statement = older_than(select(account), account, before, limit)
    if prefix:
        first, last = prefix.lower(), prefix.lower() + "\U0010ffff"
        matching_ids = (select(account.c.id).where(column >= first, column < last) for column in (account.c.handle, account.c.email))
        statement = statement.where(account.c.id.in_(union(*matching_ids)))
    return all_rows(connection, statement, AccountRow)


def largest(connection: Connection, limit: int) -> list[AccountRow]:
    """Returns the accounts that use the most bytes, largest first."""
    return all_rows(connection, select(account).order_by(account.c.used_bytes.desc()).limit(limit), AccountRow)


def set_avatar(connection: Connection, account_id: str, digest: str | None, jpeg: bytes | None) -> None:
    """Replaces an account's avatar; None removes it."""
    connection.execute(delete(avatar).where(avatar.c.account_id == account_id))
    if jpeg is not None:
        connection.execute(insert(avatar).values(account_id=account_id, jpeg=jpeg))
    change(connection, account_id, {"avatar": digest})


def find_avatar(connection: Connection, account_id: str, digest: str) -> bytes | None:
    """Returns the JPEG of an account's avatar; None if its avatar does not have this digest."""
    statement = select(avatar.c.jpeg).join(account).where(account.c.id == account_id, account.c.avatar == digest)
    return connection.execute(statement).scalar()
