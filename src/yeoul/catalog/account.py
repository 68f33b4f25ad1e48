"""Accounts and sessions. Passwords come hashed; tokens come as SHA-256, the token itself is never stored."""

from __future__ import annotations

from sqlalchemy import Connection, delete, func, insert, select, update

from yeoul.base.errors import HandleTakenError
from yeoul.catalog.row import Row, first_row, insert_new
from yeoul.catalog.schema import account, session


def add_account(connection: Connection, account_id: str, handle: str, email: str, password_hash: str, role: str, now_s: float) -> None:
    """Add an account. Raises HandleTakenError when the handle or the address exists."""
    values = {"id": account_id, "handle": handle, "email": email, "password_hash": password_hash, "role": role, "created_at": now_s}
    if not insert_new(connection, account, [values]):
        raise HandleTakenError("this handle or e-mail address is taken", handle=handle)


def find_by_handle(connection: Connection, handle: str) -> Row | None:
    """The account of a handle, with its password hash."""
    return first_row(connection, select(account).where(account.c.handle == handle))


def count(connection: Connection) -> int:
    """How many accounts there are."""
    return int(connection.execute(select(func.count()).select_from(account)).scalar_one())


def set_pipeline(connection: Connection, account_id: str, name: str | None) -> None:
    """Set the pipeline of an account's uploads that name none; None leaves it to the server."""
    connection.execute(update(account).where(account.c.id == account_id).values(pipeline=name))


def add_session(connection: Connection, token_hash: str, account_id: str, now_s: float, expires_at: float) -> None:
    """Add a session and drop those that have expired."""
    connection.execute(delete(session).where(session.c.expires_at < now_s))
    connection.execute(insert(session).values(token_hash=token_hash, account_id=account_id, created_at=now_s, expires_at=expires_at))


def find_by_token(connection: Connection, token_hash: str, now_s: float) -> Row | None:
    """The account whose session has this token hash and has not expired."""
    statement = select(account).join(session).where(session.c.token_hash == token_hash, session.c.expires_at > now_s)
    return first_row(connection, statement)


def drop_session(connection: Connection, token_hash: str) -> None:
    """End a session."""
    connection.execute(delete(session).where(session.c.token_hash == token_hash))
